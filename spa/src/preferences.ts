// What a person chose for this browser: language and theme. Read before the app itself is there.

export const LOCALES = ["en", "de"] as const;
export type Locale = (typeof LOCALES)[number];

const PREFIX = "rowgate.";

/** react-admin's store writes JSON under its own prefix. */
function stored(name: string): string | undefined {
  const text = localStorage.getItem(PREFIX + name);
  try {
    const value: unknown = text === null ? undefined : JSON.parse(text);
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}

export function locale(): Locale {
  const wanted = [stored("locale"), ...navigator.languages.map((each) => each.slice(0, 2))];
  return LOCALES.find((each) => each === wanted.find((one) => LOCALES.some((known) => known === one))) ?? "en";
}

export function storeLocale(chosen: Locale): void {
  localStorage.setItem(`${PREFIX}locale`, JSON.stringify(chosen));
}

export function theme(): "light" | "dark" {
  const chosen = stored("theme");
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

export function showTheme(chosen: "light" | "dark"): void {
  document.documentElement.dataset.theme = chosen;
}

export function storeTheme(chosen: "light" | "dark"): void {
  localStorage.setItem(`${PREFIX}theme`, JSON.stringify(chosen));
  showTheme(chosen);
}
