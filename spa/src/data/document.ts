// JSON:API documents as flat records: id, the attributes, and each included to-one relationship as a record of its own.

export interface Row {
  id: string;
  [name: string]: unknown;
}

export interface Linkage {
  type: string;
  id: string;
}

export interface Resource extends Linkage {
  attributes?: Record<string, unknown>;
  relationships?: Record<string, { data?: Linkage | Linkage[] | null; meta?: Record<string, unknown> }>;
  meta?: Record<string, unknown>;
}

export interface Document {
  data: Resource | Resource[] | null;
  included?: Resource[];
  meta?: { total?: number; count?: number; limit?: number };
  links?: { next?: string | null };
}

export const CHECKSUM = "S_CheckSum";

type Index = ReadonlyMap<string, Resource>;

function indexOf(document: Document): Index {
  return new Map((document.included ?? []).map((each) => [`${each.type} ${each.id}`, each]));
}

function flat(resource: Resource, index: Index, depth: number): Row {
  const row: Row = { ...resource.attributes, id: resource.id };
  for (const [name, relationship] of Object.entries(resource.relationships ?? {})) {
    const { data } = relationship;
    if (data === undefined || Array.isArray(data)) continue;
    if (data === null) row[name] = null;
    else if (depth > 0) {
      const found = index.get(`${data.type} ${data.id}`);
      row[name] = found ? flat(found, index, depth - 1) : { id: data.id };
    }
  }
  return row;
}

/** How deep included parents are followed: a parent's own parent is named in no table of ours but one. */
const DEPTH = 2;

export function rowOf(document: Document): Row {
  if (!document.data || Array.isArray(document.data)) throw new Error("The document holds no single resource.");
  return flat(document.data, indexOf(document), DEPTH);
}

export function rowsOf(document: Document): Row[] {
  if (!Array.isArray(document.data)) throw new Error("The document holds no list.");
  const index = indexOf(document);
  return document.data.map((each) => flat(each, index, DEPTH));
}
