// The answer of GET /admin/meta, as the server sends it.

export interface Principal {
  id: string;
  roles: string[];
  claims: Record<string, unknown>;
}

export interface WireAttribute {
  name: string;
  label: string;
  type: string;
  format: string | null;
  nullable: boolean;
  required: boolean;
  max_length: number | null;
  precision: number | null;
  scale: number | null;
  minimum: number | null;
  maximum: number | null;
  enum: (string | { value: string; label: string })[] | null;
  default: unknown;
  has_default: boolean;
  key: boolean;
  generated: boolean;
  derived: string | null;
  readonly: boolean;
  why_readonly: "derived" | "generated" | "rule" | "file" | null;
  hidden: boolean;
  hide_list: boolean;
  hide_edit: boolean;
  search: boolean;
  sort: boolean | "DESC";
  sortable: boolean;
  filterable: boolean;
  info: string | null;
  placeholder: string | null;
  group: string | null;
  show_when: string | null;
  reference: { relationship: string; resource: string } | null;
}

export interface WireRelationship {
  name: string;
  label: string;
  direction: "tomany" | "toone";
  resource: string;
  fks: string[];
  inverse: string | null;
  required: boolean;
  writable: boolean;
  attributes: string[] | null;
  hidden: boolean;
}

export interface Verbs {
  read: boolean;
  insert: boolean;
  update: boolean;
  delete: boolean;
}

/** One kind of subject that a relation takes: employee, department#member. */
export interface SubjectKind {
  type: string;
  relation: string | null;
  wildcard: boolean;
  caveat: string | null;
  expires: boolean;
  resource: string | null;
}

/** What the relationship schema says of a type. */
export interface Sharing {
  type: string;
  permissions: string[];
  relations: { name: string; description: string | null; guard: string | null; subjects: SubjectKind[] }[];
}

export interface WireResource {
  name: string;
  label: string;
  label_plural: string;
  description: string | null;
  user_key: string;
  key: string[];
  id_given: boolean;
  can: Verbs;
  hidden: boolean;
  sort: string | null;
  per_page: number;
  max_list_columns: number;
  info_list: string | null;
  info_show: string | null;
  attributes: WireAttribute[];
  relationships: WireRelationship[];
  sharing?: Sharing | null;
  links: { csv?: string | null; import?: string | null; policy?: string | null };
}

export interface ViewAs {
  actor: string;
  subject: string;
  read_only: boolean;
  expires_at: string;
}

/** A database of the project; each has an admin app of its own. */
export interface Place {
  name: string;
  title: string;
  href: string;
  here: boolean;
}

export interface Meta {
  title: string;
  about: Record<string, unknown> | null;
  info: string | null;
  info_toggle_checked: boolean;
  version: string;
  principal: Principal;
  view_as: ViewAs | null;
  may: { why: boolean; inspect: boolean; view_as: boolean; relationships: boolean };
  settings: { max_list_columns: number; page_size: number; page_size_max: number; locking: boolean; body_limit: number };
  resources: Record<string, WireResource>;
  /** Where there are several. */
  databases?: Place[];
}
