// Places the types of a model in columns, parents to the left of their children, with few crossing lines.
//
// A type's column is the longest way to it from a type without parents; a way back into itself does not count. Inside a
// column the order follows the middle of the neighbours (barycentre), swept a few times forth and back.

export interface Box {
  name: string;
  height: number;
}

export interface Edge {
  /** The type that holds the key. */
  child: string;
  parent: string;
  label: string;
}

export interface Placed extends Box {
  x: number;
  y: number;
  column: number;
}

export interface Laid {
  boxes: ReadonlyMap<string, Placed>;
  width: number;
  height: number;
}

export const WIDTH = 210;
const GAP_X = 90;
const GAP_Y = 26;
const SWEEPS = 6;

/** The column of each type. */
export function ranks(names: readonly string[], edges: readonly Edge[]): Map<string, number> {
  const parents = new Map<string, string[]>(names.map((name) => [name, []]));
  for (const { child, parent } of edges) if (child !== parent) parents.get(child)?.push(parent);
  const found = new Map<string, number>();
  const open = new Set<string>();
  function rank(name: string): number {
    const known = found.get(name);
    if (known !== undefined) return known;
    if (open.has(name)) return -1; // a circle: this way does not count
    open.add(name);
    const made = Math.max(-1, ...(parents.get(name) ?? []).map(rank)) + 1;
    open.delete(name);
    found.set(name, made);
    return made;
  }
  for (const name of names) rank(name);
  return found;
}

export function layOut(boxes: readonly Box[], edges: readonly Edge[]): Laid {
  const rank = ranks(boxes.map((each) => each.name), edges);
  const columns: Box[][] = [];
  for (const each of boxes) (columns[rank.get(each.name) ?? 0] ??= []).push(each);

  const neighbours = new Map<string, string[]>(boxes.map((each) => [each.name, []]));
  for (const { child, parent } of edges) {
    if (child === parent) continue;
    neighbours.get(child)?.push(parent);
    neighbours.get(parent)?.push(child);
  }
  const middle = new Map<string, number>();
  function place() {
    const tallest = Math.max(...columns.map(heightOf));
    for (const column of columns) {
      let y = (tallest - heightOf(column)) / 2;
      for (const each of column) {
        middle.set(each.name, y + each.height / 2);
        y += each.height + GAP_Y;
      }
    }
  }
  place();
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const order = sweep % 2 === 0 ? columns : [...columns].reverse();
    for (const column of order) {
      const wish = new Map(column.map((each) => [each.name, mean((neighbours.get(each.name) ?? []).map((name) => middle.get(name) ?? 0), middle.get(each.name) ?? 0)]));
      column.sort((a, b) => (wish.get(a.name) ?? 0) - (wish.get(b.name) ?? 0));
      place();
    }
  }
  const placed = new Map<string, Placed>();
  columns.forEach((column, index) => {
    for (const each of column) {
      placed.set(each.name, { ...each, column: index, x: index * (WIDTH + GAP_X), y: (middle.get(each.name) ?? 0) - each.height / 2 });
    }
  });
  return {
    boxes: placed,
    width: Math.max(0, columns.length * (WIDTH + GAP_X) - GAP_X),
    height: Math.max(0, ...columns.map(heightOf)),
  };
}

function heightOf(column: readonly Box[]): number {
  return column.reduce((sum, each) => sum + each.height + GAP_Y, -GAP_Y);
}

function mean(all: readonly number[], otherwise: number): number {
  return all.length === 0 ? otherwise : all.reduce((sum, each) => sum + each, 0) / all.length;
}
