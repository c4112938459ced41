import { afterEach, describe, expect, it, vi } from "vitest";
import { changed, differences, merged, same } from "../src/data/changes";
import { rowOf, rowsOf, type Document, type Row } from "../src/data/document";
import { ApiError, fieldErrors, useCsrf, useToken } from "../src/data/http";
import { readJson } from "../src/data/json";
import { eachRow, makeProvider, type TypeFacts } from "../src/data/provider";
import { containing, parameters } from "../src/data/query";

const FACTS: Record<string, TypeFacts> = {
  Order: { writable: ["Freight"], key: ["Id"], parents: ["Customer"] },
  Room: { writable: [], key: ["House", "Number"], parents: [] },
};
const provider = makeProvider((name) => FACTS[name] ?? { writable: [], key: ["Id"], parents: [] });

/** Answers each request in turn, and keeps what was asked. */
function server(...answers: [status: number, body: unknown][]) {
  const asked: { method: string; url: URL; body: unknown; headers: Record<string, string> }[] = [];
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    asked.push({
      method: init.method ?? "GET",
      url: new URL(path, "http://here/"),
      body: init.body ? JSON.parse(String(init.body)) : undefined,
      headers: init.headers as Record<string, string>,
    });
    const [status, body] = answers[asked.length - 1] ?? [500, {}];
    return new Response(status === 204 ? null : JSON.stringify(body), { status });
  });
  return asked;
}

const ORDER = { type: "Order", id: "1", attributes: { Id: 1, Freight: 2.5, CustomerId: "ALFKI" } };

afterEach(() => {
  vi.unstubAllGlobals();
  useCsrf(undefined);
  useToken(undefined);
});

describe("documents", () => {
  const document: Document = {
    data: [{ ...ORDER, relationships: { Customer: { data: { type: "Customer", id: "ALFKI" } }, OrderDetailList: { data: [] }, Employee: { data: null }, Shipper: {} } }],
    included: [{ type: "Customer", id: "ALFKI", attributes: { CompanyName: "Alfreds" } }],
  };

  it("brings a parent along as a record, an empty one as null, and one that was not asked for not at all", () => {
    expect(rowsOf(document)).toEqual([{ id: "1", Id: 1, Freight: 2.5, CustomerId: "ALFKI", Customer: { id: "ALFKI", CompanyName: "Alfreds" }, Employee: null }]);
  });

  it("keeps the id of a linked row that is not included", () => {
    const row = rowOf({ data: { ...ORDER, relationships: { Customer: { data: { type: "Customer", id: "X" } } } } });
    expect(row.Customer).toEqual({ id: "X" });
  });

  it("ends where rows include each other", () => {
    const data = { type: "Employee", id: "1", relationships: { Manager: { data: { type: "Employee", id: "1" } } } };
    expect(rowOf({ data, included: [data] }).Manager).toMatchObject({ id: "1" });
  });
});

describe("numbers", () => {
  it("keeps the digits that a double would lose", () => {
    const read = readJson('{"money": 12345678901234567890.12, "plain": 200.00, "small": 0.1, "whole": 7, "big": 9007199254740993, "exp": 1e21}');
    // Node tells a number's source from version 21 on, as browsers do since 2025; without it doubles are all there is.
    const tells = JSON.parse("1.10", ((_key: string, _value: unknown, context?: { source?: string }) => context?.source) as never) === "1.10";
    expect(read).toMatchObject({ plain: 200, small: 0.1, whole: 7, exp: 1e21 });
    if (tells) expect(read).toMatchObject({ money: "12345678901234567890.12", big: "9007199254740993" });
  });
});

describe("query parameters", () => {
  it("writes search, conditions, sort and page as the server reads them", () => {
    const made = parameters({
      filter: { q: " futter ", Freight: { op: "ge", val: 10 }, City: { op: "contains", val: "50%_x" }, Ready: true, Empty: undefined },
      sort: { field: "Freight", order: "DESC" },
      page: { number: 3, size: 25 },
      include: ["Customer", "Employee"],
      fields: { Order: ["Id"] },
      total: false,
    });
    expect(Object.fromEntries(made)).toEqual({
      "filter[search]": "futter",
      filter: JSON.stringify([
        { name: "Freight", op: "ge", val: 10 },
        { name: "City", op: "ilike", val: "%50\\%\\_x%" },
        { name: "Ready", op: "eq", val: true },
      ]),
      sort: "-Freight",
      "page[offset]": "50",
      "page[limit]": "25",
      "page[total]": "false",
      include: "Customer,Employee",
      "fields[Order]": "Id",
    });
  });

  it("leaves out what is not asked for", () => {
    expect(parameters({}).toString()).toBe("");
    expect(parameters({ filter: { q: "  " } }).toString()).toBe("");
  });

  it("means signs of LIKE as themselves", () => {
    expect(containing("100%")).toBe("%100\\%%");
  });
});

describe("data provider", () => {
  it("lists with parents, and tells the total", async () => {
    const asked = server([200, { data: [ORDER], meta: { total: 830 } }]);
    const found = await provider.getList("Order", { pagination: { page: 2, perPage: 10 }, sort: { field: "id", order: "ASC" }, filter: {} });
    expect(found).toMatchObject({ total: 830, data: [{ id: "1" }] });
    expect(asked[0]?.url.pathname).toBe("/api/Order");
    expect(asked[0]?.url.searchParams.get("include")).toBe("Customer");
    expect(asked[0]?.url.searchParams.get("page[offset]")).toBe("10");
    expect(asked[0]?.url.searchParams.has("sort")).toBe(false);
  });

  it("pages without a total where the server did not count", async () => {
    server([200, { data: [ORDER], meta: {}, links: { next: "/x" } }]);
    const found = await provider.getList("Order", { pagination: { page: 1, perPage: 10 }, sort: { field: "id", order: "ASC" }, filter: {} });
    expect(found).toMatchObject({ pageInfo: { hasNextPage: true, hasPreviousPage: false } });
  });

  it("writes ids into addresses as one segment", async () => {
    const asked = server([200, { data: { ...ORDER, id: "a/b?c" } }]);
    await provider.getOne("Order", { id: "a/b?c" });
    expect(asked[0]?.url.pathname).toBe("/api/Order/a%2Fb%3Fc");
  });

  it("reads many rows in one request where the key is one column, and one by one where it is not", async () => {
    const asked = server([200, { data: [ORDER] }], [200, { data: { type: "Room", id: "A_1" } }], [200, { data: { type: "Room", id: "A_2" } }]);
    await provider.getMany("Order", { ids: ["1", "1", "2"] });
    expect(asked).toHaveLength(1);
    expect(JSON.parse(asked[0]?.url.searchParams.get("filter") ?? "")).toEqual([{ name: "Id", op: "in", val: ["1", "2"] }]);
    await provider.getMany("Room", { ids: ["A_1", "A_2"] });
    expect(asked.slice(1).map((each) => each.url.pathname)).toEqual(["/api/Room/A_1", "/api/Room/A_2"]);
  });

  it("asks for related rows at the relationship's address", async () => {
    const asked = server([200, { data: [], meta: { total: 0 } }]);
    await provider.getManyReference("Order", {
      target: "OrderList", id: "ALFKI", pagination: { page: 1, perPage: 10 }, sort: { field: "OrderDate", order: "DESC" }, filter: {},
      meta: { parent: { type: "Customer", relationship: "OrderList" } },
    });
    expect(asked[0]?.url.pathname).toBe("/api/Customer/ALFKI/OrderList");
    expect(asked[0]?.url.searchParams.get("sort")).toBe("-OrderDate");
  });

  it("patches what it is given and the checksum, and nothing else", async () => {
    useCsrf("secret");
    const asked = server([200, { data: ORDER }]);
    await provider.update("Order", { id: "1", data: { Freight: "3.10" }, meta: { checksum: "c0ffee" } });
    expect(asked[0]).toMatchObject({ method: "PATCH", body: { data: { type: "Order", id: "1", attributes: { Freight: "3.10", S_CheckSum: "c0ffee" } } } });
    expect(asked[0]?.headers["X-CSRF-Token"]).toBe("secret");
  });

  it("takes an answer without a row for what it is: written, and hidden from who wrote it", async () => {
    server([204, null]);
    expect(await provider.create("Order", { data: { Freight: 1 } })).toMatchObject({ data: { id: "" } });
  });

  it("sends the token of view-as instead of the cookie's header", async () => {
    useCsrf("secret");
    useToken("abc");
    const asked = server([204, null]);
    await provider.delete("Order", { id: "1" });
    expect(asked[0]?.headers.Authorization).toBe("Bearer abc");
    expect(asked[0]?.headers["X-CSRF-Token"]).toBeUndefined();
  });

  it("tells of each of many rows what became of it", async () => {
    server([204, null], [409, { errors: [{ status: "409", detail: "It is still in use." }] }], [204, null]);
    const done: number[] = [];
    const outcomes = await eachRow(["1", "2", "3"], (id) => provider.delete("Order", { id }), (count) => done.push(count));
    expect(outcomes.map((each) => each.error?.message)).toEqual([undefined, "It is still in use.", undefined]);
    expect(done).toEqual([1, 2, 3]);
  });
});

describe("errors", () => {
  it("puts each fault at the attribute it points at", () => {
    expect(
      fieldErrors([
        { detail: "Too high.", source: { pointer: "/data/attributes/Balance" } },
        { detail: "Not there.", source: { pointer: "/data/relationships/Customer" } },
        { detail: "Odd name.", source: { pointer: "/data/attributes/a~1b" } },
        { detail: "Twice.", source: { pointer: "/data/attributes/Balance" } },
        { detail: "Elsewhere.", source: { parameter: "filter" } },
      ]),
    ).toEqual({ Balance: "Too high. Twice.", Customer: "Not there.", "a/b": "Odd name." });
  });

  it("keeps every fault, and has words without one", () => {
    expect(new ApiError(422, [{ detail: "A." }, { title: "B" }]).message).toBe("A. B");
    expect(new ApiError(500, []).message).not.toBe("");
  });

  it("says so where no server answers", async () => {
    vi.stubGlobal("fetch", async () => Promise.reject(new TypeError("failed")));
    await expect(provider.getOne("Order", { id: "1" })).rejects.toMatchObject({ status: 0 });
  });
});

describe("changes", () => {
  it.each([
    ["", null, true],
    [undefined, null, true],
    [200, "200.00", true],
    [0, null, false],
    [false, null, false],
    ["a", "A", false],
    ["12345678901234567890.12", "12345678901234567890.13", false],
    [12345678901234567000, "12345678901234567890.12", false],
    ["1", "1.0", false], // texts are texts
    [{ a: [1] }, { a: [1] }, true],
  ])("%j and %j alike: %s", (left, right, expected) => {
    expect(same(left, right)).toBe(expected);
    expect(same(right, left)).toBe(expected);
  });

  it("finds what differs among the names it is given", () => {
    expect(changed({ id: "1", A: 1, B: "x", C: null }, { A: 1, B: "", C: 5, D: 9 }, ["A", "B", "C"])).toEqual({ B: null, C: 5 });
  });

  it("tells a conflict from two changes that fit together, and merges them", () => {
    const base: Row = { id: "1", A: 1, B: 1, C: 1, D: 1 };
    const all = differences(base, { A: 2, B: 2, D: 3 }, { A: 1, B: 3, C: 4, D: 3 }, ["A", "B", "C", "D"]);
    expect(all.filter((each) => each.conflicting).map((each) => each.name)).toEqual(["B"]);
    expect(merged(all, { B: "theirs" })).toEqual({ A: 2, B: 3, C: 4, D: 3 });
    expect(merged(all, { B: "mine" })).toEqual({ A: 2, B: 2, C: 4, D: 3 });
  });
});
