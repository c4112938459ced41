// Relationships of one row, as the API has them below /api/<Type>/<id>.

import { ask } from "../data/http";
import { path } from "../data/provider";
import { address } from "../data/query";
import type { Model } from "../meta/model";

export interface Subject {
  type: string;
  id: string;
  relation?: string | null;
}

export interface Relationship {
  relation: string;
  subject: Subject;
  caveat: string | null;
  expires_at: string | null;
  stated_by_columns: boolean;
}

export interface Mine {
  superuser: boolean;
  permissions: Record<string, { answer: "allowed" | "denied" | "conditional"; missing: string[] }>;
}

export interface Step {
  resource: Subject;
  relation: string;
  subject: Subject;
}

export interface Explanation {
  permission: string;
  subject: Subject | null;
  answer: "allowed" | "denied" | "conditional";
  missing: string[];
  path: Step[];
  would_help: Step[];
  excluded_by: Step[];
}

type One<T> = { data: { attributes: T } };
type Many<T> = { data: { attributes: T }[] };

export async function readMine(type: string, id: string, signal?: AbortSignal): Promise<Mine> {
  return (await ask<One<Mine>>(path(type, id, "permissions"), { signal })).data.data.attributes;
}

export async function readRelationships(type: string, id: string, signal?: AbortSignal): Promise<Relationship[]> {
  const { data } = await ask<Many<Relationship>>(path(type, id, "relationships"), { signal });
  return data.data.map((each) => each.attributes);
}

export async function share(type: string, id: string, given: { relation: string; subject: Subject; expires_at?: string }): Promise<void> {
  await ask(path(type, id, "relationships"), { method: "POST", body: { data: { type: "relationship", attributes: given } } });
}

export async function unshare(type: string, id: string, given: { relation: string; subject: Subject }): Promise<void> {
  await ask(path(type, id, "relationships"), { method: "DELETE", body: { data: { type: "relationship", attributes: given } } });
}

export async function explain(type: string, id: string, permission: string, subject: string | undefined, signal?: AbortSignal): Promise<Explanation> {
  const where = address(path(type, id, "why"), new URLSearchParams({ permission, ...(subject ? { subject } : {}) }));
  return (await ask<One<Explanation>>(where, { signal })).data.data.attributes;
}

/** employee:5, department:2#member */
export function written(subject: Subject): string {
  return `${subject.type}:${subject.id}${subject.relation ? `#${subject.relation}` : ""}`;
}

/** By type of the relationship schema, the type of the API whose rows its objects are. */
export function resourcesBySchemaType(model: Model): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const each of model.types) {
    if (!each.sharing) continue;
    found.set(each.sharing.type, each.name);
    for (const relation of each.sharing.relations) {
      for (const kind of relation.subjects) if (kind.resource && model.byName.has(kind.resource)) found.set(kind.type, kind.resource);
    }
  }
  return found;
}
