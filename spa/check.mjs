// Builds the app afresh into a temporary folder and compares it with the committed files, byte by byte.
//
// The compressed files are compared by what is in them: another version of zlib may pack the same bytes differently.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { build } from "vite";

const committed = join(import.meta.dirname, "../src/rowgate/admin/static");
const fresh = mkdtempSync(join(tmpdir(), "rowgate-ui-"));
const faults = [];

const files = (folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => statSync(join(folder, name)).isFile()).sort();

try {
  await build({ root: import.meta.dirname, logLevel: "error", build: { outDir: fresh, emptyOutDir: true } });
  const [before, after] = [files(committed), files(fresh)];
  for (const name of after) if (!before.includes(name)) faults.push(`${name} is missing`);
  for (const name of before) {
    if (!after.includes(name)) {
      faults.push(`${name} is of an older build`);
      continue;
    }
    const content = readFileSync(join(committed, name));
    const unpack = { ".br": brotliDecompressSync, ".gz": gunzipSync }[name.slice(-3)];
    const expected = readFileSync(join(fresh, unpack ? name.slice(0, -3) : name));
    if (!(unpack ? unpack(content) : content).equals(expected)) faults.push(`${name} differs`);
  }
} finally {
  rmSync(fresh, { recursive: true });
}
if (faults.length > 0) {
  console.error(`src/rowgate/admin/static is not what spa/ builds (run: make ui):\n  ${faults.join("\n  ")}`);
  process.exit(1);
}
console.log("The committed files are those of a fresh build.");
