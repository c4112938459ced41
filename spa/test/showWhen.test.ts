import { describe, expect, it } from "vitest";
import { ConditionError, parseCondition, type Mode, type Values } from "../src/meta/showWhen";

const holds = (source: string, record: Values = {}, mode: Mode = "show") => parseCondition(source)(record, mode);

describe("show_when", () => {
  it.each([
    ['record["A"] == "B"', { A: "B" }, true],
    ["record['A'] == 'B'", { A: "C" }, false],
    ['record.A != "B"', { A: "C" }, true],
    ['record["A"] === "B"', { A: "B" }, true],
    ['record["A"] !== "B"', { A: "B" }, false],
    ['record["n"] > 5', { n: 6 }, true],
    ['record["n"] <= 5', { n: "10" }, false],
    ['record["n"] >= 1.5', { n: 1.5 }, true],
    ['record["n"] == "5"', { n: 5 }, true],
    ['record["flag"]', { flag: false }, false],
    ['!record["flag"]', { flag: false }, true],
    ['record["none"] == null', {}, true],
    ['record["n"] > 5', { n: null }, false],
    ['record["it\\"s"] == "x"', { 'it"s': "x" }, true],
  ])("%s with %j is %s", (source, record, expected) => {
    expect(holds(source, record)).toBe(expected);
  });

  it("knows what the page is doing", () => {
    expect(holds("isInserting == true", {}, "insert")).toBe(true);
    expect(holds("isInserting == true", {}, "edit")).toBe(false);
    expect(holds("isEditing", {}, "edit")).toBe(true);
    expect(holds("isShowing && !isInserting", {}, "show")).toBe(true);
  });

  it("binds && tighter than ||, and brackets tightest", () => {
    expect(holds("true || false && false")).toBe(true);
    expect(holds("(true || false) && false")).toBe(false);
    expect(holds("!(false || true)")).toBe(false);
  });

  it("reads no member that the record does not have itself", () => {
    expect(holds('record["constructor"]')).toBe(false);
    expect(holds('record["__proto__"] == null')).toBe(true);
  });

  it.each([
    ["", 1],
    ["record", 7],
    ['record["A"] ==', 15],
    ["alert(1)", 1],
    ["isInserting == true; fetch('/')", 20],
    ["record[A]", 8],
    ["(true", 6],
    ["true true", 6],
    ["`x`", 1],
    ["a = 1", 3],
  ])("refuses %j at column %i", (source, column) => {
    let error: unknown;
    try {
      parseCondition(source);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(ConditionError);
    expect((error as ConditionError).position + 1).toBe(column);
  });
});
