// react-admin's data provider over the JSON:API server.

import type { DataProvider, RaRecord } from "ra-core";
import { CHECKSUM, rowOf, rowsOf, type Document, type Row } from "./document";
import { ask, ApiError } from "./http";
import { address, parameters, type ListQuery } from "./query";

/** What the provider has to know of a type. */
export interface TypeFacts {
  /** Attributes that a client may write, in no order. */
  writable: readonly string[];
  /** Names of the primary key's columns. */
  key: readonly string[];
  /** Parents to bring along, so that each is shown by its name. */
  parents: readonly string[];
}

export type Facts = (type: string) => TypeFacts;

/** What pages may say beyond react-admin's own parameters. */
export interface Extras {
  include?: readonly string[];
  fields?: Readonly<Record<string, readonly string[]>>;
  total?: boolean;
  /** Of a related list: the type and the relationship it hangs on. */
  parent?: { type: string; relationship: string };
}

export const API = "api";

export function path(...parts: readonly string[]): string {
  return [API, ...parts.map(encodeURIComponent)].join("/");
}

function body(type: string, attributes: Record<string, unknown>, id?: string) {
  return { data: { type, ...(id === undefined ? {} : { id }), attributes } };
}

async function list(where: string, query: ListQuery, signal?: AbortSignal) {
  const { data } = await ask<Document>(address(where, parameters(query)), { signal });
  const rows = rowsOf(data);
  const total = data.meta?.total;
  return total === undefined
    ? { data: rows, pageInfo: { hasNextPage: Boolean(data.links?.next), hasPreviousPage: (query.page?.number ?? 1) > 1 } }
    : { data: rows, total };
}

export function makeProvider(facts: Facts) {
  function query(
    type: string,
    given: { pagination?: { page: number; perPage: number }; sort?: { field: string; order: string }; filter?: unknown; meta?: Extras },
  ): ListQuery {
    return {
      page: given.pagination && { number: given.pagination.page, size: given.pagination.perPage },
      // react-admin asks for "id" where it has no wish.
      sort: given.sort && given.sort.field !== "id" ? given.sort : undefined,
      filter: (given.filter ?? {}) as ListQuery["filter"],
      include: given.meta?.include ?? facts(type).parents,
      fields: given.meta?.fields,
      total: given.meta?.total,
    };
  }

  async function one(type: string, id: string, meta: Extras | undefined, signal?: AbortSignal): Promise<Row> {
    const made = parameters({ include: meta?.include ?? facts(type).parents });
    return rowOf((await ask<Document>(address(path(type, id), made), { signal })).data);
  }

  async function many(type: string, ids: readonly string[], signal?: AbortSignal): Promise<Row[]> {
    const [key, ...more] = facts(type).key;
    if (key === undefined || more.length > 0) {
      return Promise.all(ids.map((id) => one(type, id, { include: [] }, signal)));
    }
    const found = await list(
      path(type),
      { filter: { [key]: { op: "in", val: ids } }, page: { number: 1, size: ids.length }, total: false },
      signal,
    );
    return found.data;
  }

  const provider = {
    supportAbortSignal: true,

    getList: (type: string, given: Parameters<DataProvider["getList"]>[1]) =>
      list(path(type), query(type, given), given.signal),

    getOne: async (type: string, given: { id: unknown; meta?: Extras; signal?: AbortSignal }) => ({
      data: await one(type, String(given.id), given.meta, given.signal),
    }),

    getMany: async (type: string, given: { ids: readonly unknown[]; signal?: AbortSignal }) => ({
      data: await many(type, [...new Set(given.ids.map(String))], given.signal),
    }),

    getManyReference: (type: string, given: Parameters<DataProvider["getManyReference"]>[1]) => {
      const parent = (given.meta as Extras | undefined)?.parent;
      if (!parent) throw new Error("A related list needs meta.parent: the type and the relationship it hangs on.");
      return list(path(parent.type, String(given.id), parent.relationship), query(type, given), given.signal);
    },

    create: async (type: string, given: { data: Record<string, unknown> }) => {
      const { id, ...attributes } = given.data;
      const sent = body(type, attributes, id === undefined ? undefined : String(id));
      const { data } = await ask<Document | null>(path(type), { method: "POST", body: sent });
      // 204: written, and not visible to who wrote it.
      return { data: data ? rowOf(data) : ({ ...attributes, id: "" } as Row) };
    },

    update: async (type: string, given: { id: unknown; data: Record<string, unknown>; meta?: { checksum?: unknown } }) => {
      const id = String(given.id);
      const attributes = { ...given.data };
      if (given.meta?.checksum !== undefined) attributes[CHECKSUM] = given.meta.checksum;
      const where = address(path(type, id), parameters({ include: facts(type).parents }));
      const { data } = await ask<Document | null>(where, { method: "PATCH", body: body(type, attributes, id) });
      return { data: data ? rowOf(data) : ({ ...given.data, id } as Row) };
    },

    delete: async (type: string, given: { id: unknown; previousData?: unknown }) => {
      await ask(path(type, String(given.id)), { method: "DELETE" });
      return { data: (given.previousData ?? { id: given.id }) as RaRecord };
    },

    updateMany: async (type: string, given: { ids: readonly unknown[]; data: Record<string, unknown> }) => {
      const done = await eachRow(given.ids.map(String), (id) => provider.update(type, { id, data: given.data }));
      return { data: done.filter((each) => !each.error).map((each) => each.id) };
    },

    deleteMany: async (type: string, given: { ids: readonly unknown[] }) => {
      const done = await eachRow(given.ids.map(String), (id) => provider.delete(type, { id }));
      return { data: done.filter((each) => !each.error).map((each) => each.id) };
    },
  };
  return provider;
}

/** What became of one row of many. */
export interface Outcome {
  id: string;
  error?: ApiError;
}

/** Do something to each row, one request a row so that one refusal leaves the others; tell what became of each. */
export async function eachRow(
  ids: readonly string[],
  act: (id: string) => Promise<unknown>,
  progress?: (done: number) => void,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const id of ids) {
    try {
      await act(id);
      outcomes.push({ id });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      outcomes.push({ id, error });
    }
    progress?.(outcomes.length);
  }
  return outcomes;
}
