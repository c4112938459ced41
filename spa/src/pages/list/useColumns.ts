// Which columns a table shows: the first few of the type, unless this browser's person chose others.

import { useStore } from "ra-core";
import { columns, type Attribute, type Type } from "../../meta/model";

export function useColumns(type: Type): { shown: Attribute[]; all: Attribute[]; choose: (names: string[] | undefined) => void } {
  const [chosen, setChosen] = useStore<string[] | null>(`columns.${type.name}`, null);
  const usual = columns(type);
  const shown = chosen ? usual.filter((each) => chosen.includes(each.name)) : usual.slice(0, type.maxListColumns);
  return {
    shown: shown.length > 0 ? shown : usual.slice(0, type.maxListColumns),
    all: usual,
    choose: (names) => setChosen(names ?? null),
  };
}
