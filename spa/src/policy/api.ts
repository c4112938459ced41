// The answers of the inspector, the log and the relationships, as the server sends them.

import { ask } from "../data/http";
import { address } from "../data/query";
import type { Principal } from "../meta/wire";

export type Access = "READ" | "INSERT" | "UPDATE" | "DELETE";
export const ACCESSES: readonly Access[] = ["READ", "INSERT", "UPDATE", "DELETE"];

export interface Declaration {
  counts: boolean;
  kind: string;
  role: string | null;
  says: string;
  outcome: string;
  why: string | null;
  reason: string | null;
  source: string | null;
  combine: "and" | "or" | null;
  /** Only in the trace of a row. */
  holds?: boolean | null;
  effect?: "lets it through" | "stops it" | "does not match" | "does not count";
}

export interface Policy {
  principal: Principal;
  resource: string;
  access: Access;
  refused: boolean;
  by: "grants" | "permissions" | "superuser";
  default: string[];
  declarations: Declaration[];
  sql: string | null;
  condition: string | null;
  rows: { with: number | null; without: number | null } | null;
}

export interface Part {
  access: Access;
  by: string;
  refused: boolean;
  allowed: boolean;
  declarations: Declaration[];
}

export interface Trace {
  principal: Principal;
  resource: string;
  id: string;
  access: Access;
  exists: boolean;
  allowed: boolean;
  verdict: string;
  parts: Part[];
}

export interface Decision {
  entity: string;
  access: string;
  refused: boolean;
  by: string;
  declarations: Declaration[];
}

export interface Entry {
  id: string;
  time: string;
  request_id: string | null;
  principal: string;
  roles: string[];
  actor: string | null;
  access: string;
  entity: string | null;
  refused: string | null;
  sql: string | null;
  rows: number;
  milliseconds: number;
  decisions: Decision[];
}

export interface User {
  id: string;
  name: string;
  roles: string[];
}

function query(given: Record<string, string | undefined>): URLSearchParams {
  return new URLSearchParams(Object.entries(given).filter((each): each is [string, string] => Boolean(each[1])));
}

export async function readPolicy(given: { resource: string; as?: string; access?: string }, signal?: AbortSignal): Promise<Policy> {
  return (await ask<Policy>(address("admin/policy", query(given)), { signal })).data;
}

export async function readTrace(given: { resource: string; id: string; as?: string; access?: string }, signal?: AbortSignal): Promise<Trace> {
  return (await ask<Trace>(address("admin/policy/row", query(given)), { signal })).data;
}

export async function readLog(after: string | undefined, signal?: AbortSignal): Promise<{ cursor: string; entries: Entry[] }> {
  return (await ask<{ cursor: string; entries: Entry[] }>(address("admin/log", query({ after, limit: "200" })), { signal })).data;
}

export async function findUsers(search: string, signal?: AbortSignal): Promise<{ listed: boolean; users: User[] }> {
  return (await ask<{ listed: boolean; users: User[] }>(address("admin/users", query({ search, limit: "20" })), { signal })).data;
}
