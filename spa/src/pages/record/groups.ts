// The attributes of a record in the groups they are shown in.

import type { Attribute, Type } from "../../meta/model";
import type { Mode, Values } from "../../meta/showWhen";

export interface Group {
  /** null: the attributes that belong to no group. */
  name: string | null;
  attributes: Attribute[];
}

/** Who made and changed a row stands last, wherever its columns are in the table. */
const STAMPS = new Set(["CreatedOn", "CreatedBy", "UpdatedOn", "UpdatedBy"]);
export const STAMP_GROUP = "\u0000stamps";

export function isStamp(attribute: Attribute): boolean {
  return STAMPS.has(attribute.name) && attribute.readonly;
}

export function visible(attribute: Attribute, row: Values, mode: Mode): boolean {
  return !attribute.hidden && (attribute.showWhen?.(row, mode) ?? true);
}

export function groups(type: Type, shown: readonly Attribute[]): Group[] {
  const made = new Map<string | null, Attribute[]>();
  const order = [...shown].sort((a, b) => Number(b.name === type.userKey) - Number(a.name === type.userKey));
  for (const each of order) {
    const name = each.group ?? (isStamp(each) ? STAMP_GROUP : null);
    made.set(name, [...(made.get(name) ?? []), each]);
  }
  const all = [...made].map(([name, attributes]) => ({ name, attributes }));
  return [...all.filter((each) => each.name !== STAMP_GROUP), ...all.filter((each) => each.name === STAMP_GROUP)];
}
