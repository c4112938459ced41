// The addresses of the pages. Those of types begin with the type's name; all others with "-", which names no type.

export const routes = {
  home: "/",
  list: (type: string) => `/${encodeURIComponent(type)}`,
  create: (type: string) => `/${encodeURIComponent(type)}/new`,
  record: (type: string, id: string) => `/${encodeURIComponent(type)}/row/${encodeURIComponent(id)}`,
  edit: (type: string, id: string) => `/${encodeURIComponent(type)}/row/${encodeURIComponent(id)}/edit`,
  policy: (query: Record<string, string | undefined> = {}) => `/-/policy${search(query)}`,
  log: "/-/log",
  imports: (type?: string) => `/-/import${search({ resource: type })}`,
  schema: "/-/schema",
  api: "/-/api",
};

function search(query: Record<string, string | undefined>): string {
  const given = Object.entries(query).filter((each): each is [string, string] => Boolean(each[1]));
  return given.length > 0 ? `?${new URLSearchParams(given).toString()}` : "";
}
