import { describe, expect, it } from "vitest";
import { de } from "../src/i18n/de";
import { en } from "../src/i18n/en";
import { formatted } from "../src/fields/format";
import { parsed, typedNumber } from "../src/inputs/AttributeInput";
import { fromLocalMoment, toLocalMoment } from "../src/inputs/moments";
import { finding } from "../src/inputs/Lookup";
import { columns, nameOf, readModel, titleOf, type Attribute, type Type } from "../src/meta/model";
import type { Meta, WireAttribute, WireRelationship, WireResource } from "../src/meta/wire";
import { layOut, ranks } from "../src/pages/schema/layout";
import { brief, layOut as layOutSql } from "../src/policy/Sql";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

function attribute(name: string, more: Partial<WireAttribute> = {}): WireAttribute {
  return {
    name, label: name, type: "text", format: null, nullable: true, required: false, max_length: null, precision: null, scale: null,
    minimum: null, maximum: null, enum: null, default: null, has_default: false, key: false, generated: false, derived: null,
    readonly: false, why_readonly: null, hidden: false, hide_list: false, hide_edit: false, search: false, sort: false,
    sortable: true, filterable: true, info: null, placeholder: null, group: null, show_when: null, reference: null, ...more,
  };
}

function resource(name: string, attributes: WireAttribute[], relationships: WireRelationship[] = [], more: Partial<WireResource> = {}): WireResource {
  return {
    name, label: name, label_plural: `${name}s`, description: null, user_key: attributes[0]?.name ?? "Id", key: ["Id"], id_given: true,
    can: { read: true, insert: true, update: true, delete: true }, hidden: false, sort: null, per_page: 25, max_list_columns: 8,
    info_list: null, info_show: null, attributes, relationships, links: {}, ...more,
  };
}

function relationship(name: string, direction: "tomany" | "toone", target: string): WireRelationship {
  return { name, label: name, direction, resource: target, fks: [], inverse: null, required: false, writable: true, attributes: null, hidden: false };
}

function meta(...resources: WireResource[]): Meta {
  return {
    title: "T", about: null, info: null, info_toggle_checked: false, version: "0", principal: { id: "u", roles: [], claims: {} }, view_as: null,
    may: { why: false, inspect: false, view_as: false, relationships: false },
    settings: { max_list_columns: 8, page_size: 250, page_size_max: 1000, locking: true, body_limit: 1 },
    resources: Object.fromEntries(resources.map((each) => [each.name, each])),
  };
}

const REFERENCE = { relationship: "Customer", resource: "Customer" };
const CUSTOMER = resource("Customer", [attribute("CompanyName"), attribute("Id", { key: true })], [relationship("OrderList", "tomany", "Order")]);
const ORDER = resource(
  "Order",
  [
    attribute("CustomerId", { reference: REFERENCE }),
    attribute("Id", { key: true }),
    attribute("Note", { type: "textarea" }),
    attribute("Secret", { hidden: true }),
    attribute("Wide", { hide_list: true }),
    attribute("Total", { type: "decimal", scale: 2, show_when: 'record["Id"] == 1' }),
  ],
  [relationship("Customer", "toone", "Customer"), relationship("Ghost", "toone", "Ghost")],
  { user_key: "CustomerId", sort: "-Total" },
);

describe("the model", () => {
  const model = readModel(meta(CUSTOMER, ORDER));
  const order = model.byName.get("Order");
  if (!order) throw new Error("no Order");

  it("leads nowhere that this person has no business", () => {
    expect(order.parents.map((each) => each.name)).toEqual(["Customer"]);
  });

  it("reads sort, conditions and kinds it does not know", () => {
    expect(order.sort).toEqual({ field: "Total", order: "DESC" });
    expect(order.byName.get("Total")?.showWhen?.({ Id: 1 }, "show")).toBe(true);
    expect(readModel(meta(resource("X", [attribute("A", { type: "geometry" })]))).types[0]?.attributes[0]?.kind).toBe("text");
  });

  it("refuses a show_when that is not in the grammar", () => {
    expect(() => readModel(meta(resource("X", [attribute("A", { show_when: "alert(1)" })])))).toThrow(/show_when, column 1/);
  });

  it("lists short attributes, the name first; or those of a tab, by attribute or by relationship", () => {
    expect(columns(order).map((each) => each.name)).toEqual(["CustomerId", "Id", "Total"]);
    expect(columns(order, ["Note", "Customer", "Secret", "Nothing"]).map((each) => each.name)).toEqual(["Note", "CustomerId"]);
  });

  it("names a row by its parent's name where its user key is a reference, and by its id where there is none", () => {
    expect(nameOf(model, "Order", { id: "1", CustomerId: "ALFKI", Customer: { id: "ALFKI", CompanyName: "Alfreds" } })).toBe("Alfreds");
    expect(nameOf(model, "Customer", { id: "X", CompanyName: null })).toBe("X");
    expect(nameOf(model, "Unknown", { id: "7" })).toBe("7");
    expect(titleOf(model, order, { id: "1", CustomerId: null })).toBe("Order 1");
  });
});

describe("values", () => {
  const of = (more: Partial<WireAttribute>): Attribute => readModel(meta(resource("X", [attribute("A", more)]))).types[0]?.attributes[0] as Attribute;
  const money = of({ type: "decimal", scale: 2 });

  it.each([
    [money, 2102, "2,102.00"],
    [money, "12345678901234567890.5", "12,345,678,901,234,567,890.50"],
    [of({ type: "decimal", format: "EUR" }), 5, "€5.00"],
    [of({ type: "float", format: "percent" }), 0.15, "15%"],
    [of({ type: "integer", key: true }), 10643, "10643"],
    [of({ type: "integer" }), 10643, "10,643"],
    [of({ type: "date" }), "2024-05-31", "May 31, 2024"],
    [of({ type: "text" }), "", ""],
    [of({ type: "integer" }), null, ""],
    [of({ type: "integer" }), 0, "0"],
  ])("formats %#", (of, value, expected) => {
    expect(formatted(of, value, "en")).toBe(expected);
  });

  it("speaks the reader's language", () => {
    expect(formatted(money, 2102.5, "de")).toBe("2.102,50");
    expect(formatted(of({ type: "date" }), "2024-05-31", "de")).toBe("31.05.2024");
  });

  it("reads what was typed, and says what is no value", () => {
    expect(typedNumber("1 234,5")).toBe("1234.5");
    expect(parsed(money, "0.10")).toBe("0.10");
    expect(parsed(money, "12345678901234567890.12")).toBe("12345678901234567890.12");
    expect(parsed(money, "abc")).toBeUndefined();
    expect(parsed(of({ type: "integer" }), "12")).toBe(12);
    expect(parsed(of({ type: "integer" }), "1.5")).toBeUndefined();
    expect(parsed(of({ type: "json" }), "{")).toBeUndefined();
    expect(parsed(of({ type: "text" }), "")).toBeNull();
  });

  it("takes a moment to the local clock and back", () => {
    expect(fromLocalMoment(toLocalMoment("2024-05-31T16:00:00"))).toBe("2024-05-31T16:00:00");
    expect(fromLocalMoment("nonsense")).toBeNull();
  });
});

describe("a lookup", () => {
  const of = (kind: string, more: Partial<WireAttribute> = {}) => readModel(meta(resource("X", [attribute("A", { type: kind, ...more })]))).types[0] as Type;

  it("finds by number where rows are called by one, and by the search besides", () => {
    expect(finding(of("integer"), "10643")).toEqual({ A: { op: "eq", val: 10643 } });
    expect(finding(of("integer"), "alf")).toEqual({ q: "alf" });
    expect(finding(of("text", { search: true }), "alf")).toEqual({ q: "alf" });
    expect(finding(of("text"), "alf")).toEqual({ A: { op: "contains", val: "alf" } });
    expect(finding(of("integer", { reference: REFERENCE }), "7")).toEqual({ q: "7" });
  });
});

describe("the schema's picture", () => {
  const edges = [
    { child: "Order", parent: "Customer", label: "Customer" },
    { child: "Detail", parent: "Order", label: "Order" },
    { child: "Detail", parent: "Product", label: "Product" },
    { child: "Employee", parent: "Employee", label: "Manager" },
    { child: "A", parent: "B", label: "B" },
    { child: "B", parent: "A", label: "A" },
  ];
  const names = ["Detail", "Order", "Customer", "Product", "Employee", "A", "B"];

  it("puts parents before children, and survives circles", () => {
    const rank = ranks(names, edges);
    expect([rank.get("Customer"), rank.get("Order"), rank.get("Detail"), rank.get("Product"), rank.get("Employee")]).toEqual([0, 1, 2, 0, 0]);
  });

  it("lets no two boxes lie on each other", () => {
    const placed = [...layOut(names.map((name, index) => ({ name, height: 40 + 10 * index })), edges).boxes.values()];
    for (const a of placed) {
      for (const b of placed) {
        if (a === b || a.column !== b.column) continue;
        expect(a.y + a.height <= b.y || b.y + b.height <= a.y).toBe(true);
      }
    }
  });
});

describe("statements", () => {
  const sql = `SELECT ${Array.from({ length: 20 }, (_each, n) => `"T"."Column${n}"`).join(", ")} FROM (SELECT * FROM "T" WHERE ("T"."A" > 300 OR "T"."B" = 'x AND y') AND "T"."C" = 2) AS "T"`;

  it("leaves out a long list of columns, and nothing else", () => {
    expect(brief(sql)).toMatch(/^SELECT … FROM \(SELECT \* FROM "T" WHERE/);
    expect(brief("SELECT a FROM b")).toBe("SELECT a FROM b");
  });

  it("breaks lines without changing a sign, also inside quoted values", () => {
    expect(layOutSql(sql).replace(/\s+/g, " ")).toBe(sql);
    expect(layOutSql(sql)).toContain("'x AND y'");
  });
});

describe("languages", () => {
  function keys(of: object, prefix = ""): string[] {
    return Object.entries(of).flatMap(([name, value]) => (typeof value === "string" ? [prefix + name] : keys(value as object, `${prefix}${name}.`)));
  }
  const text = (of: object, key: string) => key.split(".").reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], of) as string;
  const english = keys(en);

  it("have the same words, with the same gaps and as many forms", () => {
    expect(keys(de)).toEqual(english);
    const gaps = (words: string) => [...new Set(words.match(/%\{\w+\}/g))].sort();
    for (const key of english) {
      const [first, second] = [text(en, key), text(de, key)];
      expect(gaps(second), key).toEqual(gaps(first));
      expect(second.split("||||").length, key).toBe(first.split("||||").length);
    }
  });

  it("have every word that the pages ask for, and no other", () => {
    const source = readdirSync(join(import.meta.dirname, "../src"), { recursive: true, encoding: "utf8" })
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => readFileSync(join(import.meta.dirname, "../src", name), "utf8"))
      .join("\n");
    const asked = [...new Set([...source.matchAll(/"(rg\.[\w.]+)"/g)].map((each) => each[1] as string))];
    expect(asked.filter((key) => !english.includes(key))).toEqual([]);
    // Templates such as `rg.policy.verb.${access}` ask for a whole family.
    const families = [...source.matchAll(/`(rg\.[\w.]*\.)\$\{/g)].map((each) => each[1] as string).concat("rg.policy.kind.", "rg.policy.effect.", "rg.policy.why.");
    expect(english.filter((key) => !asked.includes(key) && !families.some((family) => key.startsWith(family) && !key.slice(family.length).includes(".")))).toEqual([]);
  });
});
