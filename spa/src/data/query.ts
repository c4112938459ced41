// Query parameters of a list: search, conditions, sort, page, include, fields.

export type Operator =
  | "eq" | "ne" | "lt" | "le" | "gt" | "ge" | "in" | "notin" | "between" | "ilike" | "is_null" | "contains";

/** One condition of a list, as it stands in the page's address. */
export interface Condition {
  op: Operator;
  val: unknown;
}

/** By attribute or path (Customer.Country) its condition; `q` is the text of the search box. */
export type Filter = Record<string, unknown>;

export interface ListQuery {
  page?: { number: number; size: number };
  sort?: { field: string; order: string };
  filter?: Filter;
  include?: readonly string[];
  fields?: Readonly<Record<string, readonly string[]>>;
  /** false: the server need not count all rows. */
  total?: boolean;
}

export function isCondition(value: unknown): value is Condition {
  return typeof value === "object" && value !== null && "op" in value;
}

/** What a person typed, found anywhere in a text: `%` and `_` mean themselves. */
export function containing(text: string): string {
  return `%${text.replace(/[\\%_]/g, "\\$&")}%`;
}

export function parameters(query: ListQuery): URLSearchParams {
  const made = new URLSearchParams();
  const { q, ...rest } = query.filter ?? {};
  if (typeof q === "string" && q.trim()) made.set("filter[search]", q.trim());
  const conditions = Object.entries(rest)
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([name, value]) => (isCondition(value) ? { name, ...sent(value) } : { name, op: "eq", val: value }));
  if (conditions.length > 0) made.set("filter", JSON.stringify(conditions));
  if (query.sort?.field) made.set("sort", (query.sort.order === "DESC" ? "-" : "") + query.sort.field);
  if (query.page) {
    made.set("page[offset]", String((query.page.number - 1) * query.page.size));
    made.set("page[limit]", String(query.page.size));
  }
  if (query.total === false) made.set("page[total]", "false");
  if (query.include?.length) made.set("include", query.include.join(","));
  for (const [type, names] of Object.entries(query.fields ?? {})) made.set(`fields[${type}]`, names.join(","));
  return made;
}

/** A condition as the server takes it; "contains" is ours. */
function sent({ op, val }: Condition) {
  return op === "contains" ? { op: "ilike", val: containing(String(val)) } : { op, val };
}

/** The address of *path* under the API with these parameters. */
export function address(path: string, query?: URLSearchParams): string {
  const text = query?.toString();
  return text ? `${path}?${text}` : path;
}
