// Saves an answer of the server as a file. Not a plain link: while viewing as somebody else the request needs its token.

import { ApiError, identityHeaders, type Fault } from "./http";

/** @throws ApiError for every answer that is no success. */
export async function download(address: string, name: string): Promise<void> {
  const response = await fetch(address, { headers: { ...identityHeaders(), Accept: "text/csv, application/vnd.api+json" }, credentials: "same-origin" });
  if (!response.ok) {
    const document = (await response.json().catch(() => ({}))) as { errors?: Fault[] };
    throw new ApiError(response.status, document.errors ?? []);
  }
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
