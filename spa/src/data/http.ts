// Speaks to the server: the cookie session with its CSRF header, JSON in and out, errors as values of one class.

import { readJson } from "./json";

/** One fault, as JSON:API writes it (https://jsonapi.org/format/1.1/#error-objects). */
export interface Fault {
  id?: string;
  status?: string;
  code?: string;
  title?: string;
  detail?: string;
  source?: { pointer?: string; parameter?: string; header?: string };
  meta?: { hint?: string; current?: unknown; [key: string]: unknown };
}

/** An answer that is no success, or no answer at all (status 0). */
export class ApiError extends Error {
  /** react-admin shows this at the fields: by attribute, what is the matter. */
  readonly body: { errors?: Record<string, string> };

  constructor(
    readonly status: number,
    readonly faults: readonly Fault[],
  ) {
    super(faults.map(words).join(" ") || "The server gave no answer.");
    const fields = fieldErrors(faults);
    this.body = Object.keys(fields).length > 0 ? { errors: fields } : {};
  }

  get code(): string | undefined {
    return this.faults[0]?.code;
  }

  get requestId(): string | undefined {
    return this.faults[0]?.id;
  }
}

/** The headers of a request that something else than `ask` makes. */
export function identityHeaders(): Record<string, string> {
  return token ? { Authorization: `Bearer ${token}` } : {};
}

/** What a person reads of a fault. */
export function words(fault: Fault): string {
  return fault.detail ?? fault.title ?? "The server refused the request.";
}

const FIELD = /^(?:\/data)?\/(?:attributes|relationships)\/([^/]+)/;

/** By attribute or relationship, what the faults say that point at it. */
export function fieldErrors(faults: readonly Fault[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const fault of faults) {
    const name = FIELD.exec(fault.source?.pointer ?? "")?.[1];
    if (!name) continue;
    const key = name.replaceAll("~1", "/").replaceAll("~0", "~");
    found[key] = found[key] ? `${found[key]} ${words(fault)}` : words(fault);
  }
  return found;
}

export interface Answer<T> {
  data: T;
  headers: Headers;
  status: number;
}

export interface Request {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** The body as it is, a file say, instead of JSON. */
  raw?: BodyInit;
  /** As the person who signed in, also while viewing as somebody else. */
  own?: boolean;
}

let csrf: string | undefined;
let token: string | undefined;
let onSignedOut: (() => void) | undefined;

/** Set by the session when it starts; sent with every request that changes something. */
export function useCsrf(token: string | undefined): void {
  csrf = token;
}

/** Set while viewing as somebody else; sent instead of the cookie. */
export function useToken(given: string | undefined): void {
  token = given;
}

/** Call *listener* when the server says that the session has ended. */
export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener;
}

/**
 * Ask the server, and read its answer as JSON.
 *
 * @throws ApiError for every answer that is no success.
 */
export async function ask<T>(path: string, request: Request = {}): Promise<Answer<T>> {
  const method = request.method ?? "GET";
  const headers: Record<string, string> = { Accept: "application/vnd.api+json, application/json", ...request.headers };
  if (token && !request.own) headers.Authorization = `Bearer ${token}`;
  else if (method !== "GET" && csrf) headers["X-CSRF-Token"] = csrf;
  let body = request.raw;
  if (request.body !== undefined) {
    headers["Content-Type"] ??= "application/vnd.api+json";
    body = JSON.stringify(request.body);
  }
  let response: Response;
  try {
    response = await fetch(path, { method, headers, body, signal: request.signal, credentials: "same-origin" });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, [{ detail: "The server cannot be reached. Check the connection and try again." }]);
  }
  const text = await response.text();
  const data = text ? parse(text, response) : null;
  if (!response.ok) {
    if (response.status === 401) onSignedOut?.();
    throw new ApiError(response.status, (data as { errors?: Fault[] } | null)?.errors ?? []);
  }
  return { data: data as T, headers: response.headers, status: response.status };
}

function parse(text: string, response: Response): unknown {
  try {
    return readJson(text);
  } catch {
    throw new ApiError(response.status, [{ detail: `The answer (status ${response.status}) is not JSON.` }]);
  }
}
