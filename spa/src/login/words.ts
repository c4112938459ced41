// The few words of the sign-in page, apart from the others so that the page stays small.

import type { Locale } from "../preferences";

const EN = {
  user: "User name",
  password: "Password",
  signIn: "Sign in",
  signingIn: "Signing in…",
  signInTo: "Sign in to",
  sample: "Sample log-ins",
  ended: "The session has ended. Sign in again.",
};

const DE: typeof EN = {
  user: "Benutzername",
  password: "Passwort",
  signIn: "Anmelden",
  signingIn: "Anmeldung läuft…",
  signInTo: "Anmelden bei",
  sample: "Zugänge der Beispieldaten",
  ended: "Die Sitzung ist abgelaufen. Bitte erneut anmelden.",
};

export const LOGIN_WORDS: Record<Locale, typeof EN> = { en: EN, de: DE };
