// What a form changed, and what becomes of it when somebody else changed the row meanwhile.

import type { Row } from "./document";

/** Equal as the server sees it: "" and undefined are null, 5 is "5" (a number with many digits travels as text). */
export function same(left: unknown, right: unknown): boolean {
  const [a, b] = [plain(left), plain(right)];
  if (a === b) return true;
  if (a === null || b === null) return false;
  if (typeof a === "object" || typeof b === "object") return JSON.stringify(a) === JSON.stringify(b);
  if (typeof a === "number" || typeof b === "number") {
    return String(a) === String(b) || (String(a).trim() !== "" && Number(a) === Number(b) && !isLong(a) && !isLong(b));
  }
  return false;
}

function plain(value: unknown): unknown {
  return value === undefined || value === "" ? null : value;
}

function isLong(value: unknown): boolean {
  return String(value).replace(/\D/g, "").length > 15;
}

/** The attributes of *names* that differ, with their new values; an empty text is null. */
export function changed(before: Readonly<Row> | undefined, after: Readonly<Record<string, unknown>>, names: readonly string[]) {
  const found: Record<string, unknown> = {};
  for (const name of names) {
    if (name in after && !same(before?.[name], after[name])) found[name] = plain(after[name]);
  }
  return found;
}

/** One attribute in a conflict: what it was when I began, what I made of it, what it is now. */
export interface Difference {
  name: string;
  base: unknown;
  mine: unknown;
  theirs: unknown;
  /** Both sides changed it, to different values: a person has to choose. */
  conflicting: boolean;
}

/** The attributes that either side changed. */
export function differences(
  base: Readonly<Row>,
  mine: Readonly<Record<string, unknown>>,
  theirs: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Difference[] {
  const found: Difference[] = [];
  for (const name of names) {
    const [b, t] = [base[name], theirs[name]];
    const m = name in mine ? mine[name] : b;
    const [byMe, byThem] = [!same(b, m), !same(b, t)];
    if (byMe || byThem) found.push({ name, base: b, mine: m, theirs: t, conflicting: byMe && byThem && !same(m, t) });
  }
  return found;
}

/** The values to save: theirs where only they changed, mine where I did, and what was chosen where both did. */
export function merged(all: readonly Difference[], chosen: Readonly<Record<string, "mine" | "theirs">>) {
  const made: Record<string, unknown> = {};
  for (const each of all) {
    const side = chosen[each.name] ?? (same(each.base, each.mine) ? "theirs" : "mine");
    made[each.name] = side === "mine" ? each.mine : each.theirs;
  }
  return made;
}
