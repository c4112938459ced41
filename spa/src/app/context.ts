// What every page may ask: the model, what the session may do, and the switches of the app itself.

import { createContext, useContext } from "react";
import { useLocaleState } from "ra-core";
import type { Model, Type } from "../meta/model";
import type { Session } from "../session";

export interface AppValue {
  model: Model;
  session: Session;
  mode: "light" | "dark";
  setMode: (mode: "light" | "dark") => void;
  /** Begin again as *user*, or as oneself; everything shown before is forgotten. */
  view: (user: string | null) => Promise<void>;
  signOut: () => Promise<void>;
  /** Open the panel that answers "why do I see this?". */
  why: (question: Question) => void;
}

export interface Question {
  resource: string;
  id?: string;
  access?: string;
}

export const AppContext = createContext<AppValue | undefined>(undefined);

export function useApp(): AppValue {
  const found = useContext(AppContext);
  if (!found) throw new Error("There is no app around this component.");
  return found;
}

export function useModel(): Model {
  return useApp().model;
}

/** The type of that name, or undefined where this person has no business with it. */
export function useType(name: string | undefined): Type | undefined {
  return useModel().byName.get(name ?? "");
}

/** The language, in the reader's own region where the browser names one: en-GB writes dates unlike en-US. */
export function useLocale(): string {
  const [language] = useLocaleState();
  return navigator.languages.find((each) => each.startsWith(`${language}-`)) ?? language;
}
