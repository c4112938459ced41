// Who is signed in, by the cookie that only the browser sees; and the token of "view as", kept for this tab alone.

import { ask, useCsrf, useToken } from "./data/http";
import type { Principal } from "./meta/wire";

export interface SampleLogin {
  id: string;
  name: string;
  roles: string[];
  note: string;
  password: string;
}

export interface Session {
  signed_in: boolean;
  title: string;
  csrf?: string;
  principal?: Principal;
  sample_logins?: SampleLogin[];
}

const ADDRESS = "admin/session";
const VIEW_AS = "rowgate.view-as";

function started(session: Session): Session {
  useCsrf(session.csrf);
  useToken(session.signed_in ? (sessionStorage.getItem(VIEW_AS) ?? undefined) : undefined);
  return session;
}

export async function readSession(): Promise<Session> {
  return started((await ask<Session>(ADDRESS, { own: true })).data);
}

/** @throws ApiError 401 for a wrong name or password, 429 after too many tries. */
export async function signIn(username: string, password: string): Promise<Session> {
  sessionStorage.removeItem(VIEW_AS);
  const headers = { "Content-Type": "application/json" };
  return started((await ask<Session>(ADDRESS, { method: "POST", body: { username, password }, headers, own: true })).data);
}

export async function signOut(): Promise<void> {
  sessionStorage.removeItem(VIEW_AS);
  await ask(ADDRESS, { method: "DELETE", own: true });
  useCsrf(undefined);
  useToken(undefined);
}

/** See what *user* sees, in this tab, until stopped or until the token's few minutes are over. */
export async function viewAs(user: string): Promise<void> {
  const headers = { "Content-Type": "application/json" };
  const body = { user, write: false };
  const { data } = await ask<{ token: string }>("admin/view-as", { method: "POST", body, headers, own: true });
  sessionStorage.setItem(VIEW_AS, data.token);
  useToken(data.token);
}

export function stopViewing(): void {
  sessionStorage.removeItem(VIEW_AS);
  useToken(undefined);
}

export function isViewing(): boolean {
  return sessionStorage.getItem(VIEW_AS) !== null;
}
