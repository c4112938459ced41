// react-admin's store, kept in memory: what one person searched for is no business of the next at this browser.
// Only what belongs to the browser stays: language, theme, the columns of each table, the width of the menu.

import { memoryStore, type Store } from "ra-core";

const KEPT = /^(locale|theme|columns\.|menu)/;
const PREFIX = "rowgate.";

export function makeStore(): Store {
  const memory = memoryStore();
  return {
    ...memory,
    getItem: (key, initial) => {
      const found = memory.getItem(key);
      if (found !== undefined || !KEPT.test(key)) return found ?? initial;
      const text = localStorage.getItem(PREFIX + key);
      if (text === null) return initial;
      try {
        return JSON.parse(text) as never;
      } catch {
        return initial; // written by hand or by an older version
      }
    },
    setItem: (key, value) => {
      memory.setItem(key, value);
      if (KEPT.test(key)) localStorage.setItem(PREFIX + key, JSON.stringify(value));
    },
    removeItem: (key) => {
      memory.removeItem(key);
      if (KEPT.test(key)) localStorage.removeItem(PREFIX + key);
    },
  };
}
