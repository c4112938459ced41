// The languages of the app. Each is loaded when it is chosen; English is there from the start.

import polyglot from "ra-i18n-polyglot";
import type { I18nProvider, TranslationMessages } from "ra-core";
import type { Locale } from "../preferences";
import { en } from "./en";

export const LANGUAGES: { locale: Locale; name: string }[] = [
  { locale: "en", name: "English" },
  { locale: "de", name: "Deutsch" },
];

async function messages(locale: string): Promise<TranslationMessages> {
  // Of react-admin's own words none is shown: the pages say everything themselves.
  return (locale === "de" ? (await import("./de")).de : en) as unknown as TranslationMessages;
}

export async function loadI18n(initial: Locale): Promise<I18nProvider> {
  const first = await messages(initial);
  return polyglot((locale) => (locale === initial ? first : (messages(locale))), initial, LANGUAGES, {
    allowMissing: true,
  });
}
