// What the pages know of the types: the server's description, completed with what follows from it.

import { parseCondition, type Condition } from "./showWhen";
import type { Meta, Sharing, Verbs, WireAttribute, WireRelationship, WireResource } from "./wire";

export type Kind =
  | "text" | "textarea" | "integer" | "decimal" | "float" | "boolean" | "date" | "datetime" | "time" | "json"
  | "uuid" | "binary" | "interval" | "enum" | "image" | "link" | "code" | "password" | "email";

const KINDS: ReadonlySet<string> = new Set<Kind>([
  "text", "textarea", "integer", "decimal", "float", "boolean", "date", "datetime", "time", "json",
  "uuid", "binary", "interval", "enum", "image", "link", "code", "password", "email",
]);

export interface Attribute {
  name: string;
  label: string;
  kind: Kind;
  format: string | null;
  /** ISO 4217, where the format names one. */
  currency: string | null;
  scale: number | null;
  minimum: number | null;
  maximum: number | null;
  maxLength: number | null;
  choices: { value: string; label: string }[] | null;
  required: boolean;
  initial: unknown;
  key: boolean;
  /** The rule that computes it, in its author's words. */
  derived: string | null;
  readonly: boolean;
  whyReadonly: WireAttribute["why_readonly"];
  hidden: boolean;
  hideList: boolean;
  hideEdit: boolean;
  search: boolean;
  sortable: boolean;
  filterable: boolean;
  info: string | null;
  placeholder: string | null;
  group: string | null;
  showWhen: Condition | null;
  reference: { relationship: string; resource: string } | null;
}

export interface Relationship extends Omit<WireRelationship, "direction"> {
  many: boolean;
}

export interface Type {
  name: string;
  /** Of one row, and of many. */
  label: string;
  plural: string;
  description: string | null;
  userKey: string;
  key: readonly string[];
  idGiven: boolean;
  can: Verbs;
  hidden: boolean;
  sort: { field: string; order: "ASC" | "DESC" } | undefined;
  perPage: number;
  maxListColumns: number;
  infoList: string | null;
  infoShow: string | null;
  attributes: readonly Attribute[];
  byName: ReadonlyMap<string, Attribute>;
  relationships: readonly Relationship[];
  parents: readonly Relationship[];
  children: readonly Relationship[];
  searchable: boolean;
  csv: string | null;
  importable: boolean;
  sharing: Sharing | null;
}

export interface Model extends Omit<Meta, "resources"> {
  types: readonly Type[];
  byName: ReadonlyMap<string, Type>;
}

/** A format of three capitals is a currency: EUR, USD. */
const CURRENCY = /^[A-Z]{3}$/;

function attribute(wire: WireAttribute): Attribute {
  return {
    name: wire.name,
    label: wire.label,
    kind: KINDS.has(wire.type) ? (wire.type as Kind) : "text",
    format: wire.format,
    currency: wire.format && CURRENCY.test(wire.format) ? wire.format : null,
    scale: wire.scale,
    minimum: wire.minimum,
    maximum: wire.maximum,
    maxLength: wire.max_length,
    choices: wire.enum?.map((each) => (typeof each === "string" ? { value: each, label: each } : each)) ?? null,
    required: wire.required,
    initial: wire.default === "now" ? null : wire.default,
    key: wire.key,
    derived: wire.derived,
    readonly: wire.readonly,
    whyReadonly: wire.why_readonly,
    hidden: wire.hidden,
    hideList: wire.hide_list,
    hideEdit: wire.hide_edit,
    search: wire.search,
    sortable: wire.sortable,
    filterable: wire.filterable,
    info: wire.info,
    placeholder: wire.placeholder,
    group: wire.group,
    showWhen: wire.show_when ? parseCondition(wire.show_when) : null,
    reference: wire.reference,
  };
}

function type(wire: WireResource, known: ReadonlySet<string>): Type {
  const attributes = wire.attributes.map(attribute);
  // A relationship to a type that this person may not see at all is shown nowhere.
  const relationships = wire.relationships
    .filter((each) => known.has(each.resource))
    .map(({ direction, ...rest }) => ({ ...rest, many: direction === "tomany" }));
  const descending = wire.sort?.startsWith("-");
  return {
    name: wire.name,
    label: wire.label,
    plural: wire.label_plural || wire.label,
    description: wire.description,
    userKey: wire.user_key,
    key: wire.key,
    idGiven: wire.id_given,
    can: wire.can,
    hidden: wire.hidden,
    sort: wire.sort ? { field: wire.sort.replace(/^-/, ""), order: descending ? "DESC" : "ASC" } : undefined,
    perPage: wire.per_page,
    maxListColumns: wire.max_list_columns,
    infoList: wire.info_list,
    infoShow: wire.info_show,
    attributes,
    byName: new Map(attributes.map((each) => [each.name, each])),
    relationships,
    parents: relationships.filter((each) => !each.many),
    children: relationships.filter((each) => each.many && !each.hidden),
    searchable: attributes.some((each) => each.search),
    csv: wire.links.csv ?? null,
    sharing: wire.sharing ?? null,
    importable: Boolean(wire.links.import) && wire.can.insert,
  };
}

/** @throws ConditionError where a show_when cannot be read. */
export function readModel({ resources, ...rest }: Meta): Model {
  const known = new Set(Object.keys(resources));
  const types = Object.values(resources).map((each) => type(each, known));
  return { ...rest, types, byName: new Map(types.map((each) => [each.name, each])) };
}

/** The attributes of a list's columns: the name of the row first, then in the file's order; long texts stay out. */
export function columns(of: Type, only?: readonly string[] | null): Attribute[] {
  const shown = of.attributes.filter((each) => !each.hidden && !each.hideList);
  if (only) {
    const chosen = only.flatMap((name) => {
      const found = of.byName.get(name) ?? parentKey(of, name);
      return found && !found.hidden ? [found] : [];
    });
    if (chosen.length > 0) return chosen;
  }
  const wide = new Set<Kind>(["textarea", "json", "binary", "code", "password"]);
  return shown
    .filter((each) => !wide.has(each.kind))
    .sort((a, b) => Number(b.name === of.userKey) - Number(a.name === of.userKey));
}

/** The attribute that holds the key of a parent which a file names by its relationship. */
function parentKey(of: Type, relationship: string): Attribute | undefined {
  return of.attributes.find((each) => each.reference?.relationship === relationship);
}

/** What names a row: its user key, that of the parent where the user key is a reference, else its id. */
export function nameOf(model: Model, typeName: string, row: Readonly<Record<string, unknown>> | null | undefined): string {
  if (!row) return "";
  const of = model.byName.get(typeName);
  const value = of && row[of.userKey];
  const reference = of?.byName.get(of.userKey)?.reference;
  if (of && reference && typeof row[reference.relationship] === "object" && row[reference.relationship]) {
    return nameOf(model, reference.resource, row[reference.relationship] as Record<string, unknown>);
  }
  return value === null || value === undefined || value === "" ? String(row.id ?? "") : String(value);
}

/** The name, with what it names where it is a mere key: "Order 10643". */
export function titleOf(model: Model, of: Type, row: Readonly<Record<string, unknown>>): string {
  const name = nameOf(model, of.name, row);
  const value = of.byName.get(of.userKey);
  return name === String(row.id) || (value && value.kind === "integer" && !value.reference) ? `${of.label} ${name}` : name;
}

/** What a client may write, for the data provider. */
export function writable(of: Type): string[] {
  return of.attributes.filter((each) => !each.readonly).map((each) => each.name);
}
