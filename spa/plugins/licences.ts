// Writes third-party-licences.txt: every package whose code is in the built files, with its licence's own words.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Plugin } from "vite";

const ALLOWED = /^(MIT|ISC|BSD-2-Clause|BSD-3-Clause|Apache-2\.0|0BSD|\(MPL-2\.0 OR Apache-2\.0\))$/;

interface Manifest {
  name: string;
  version: string;
  license?: string;
}

function packageOf(module: string): string | undefined {
  if (!module.includes("node_modules")) return undefined;
  let folder = dirname(module.replace(/^\0/, "").split("?")[0] ?? module);
  while (folder.includes("node_modules")) {
    const file = join(folder, "package.json");
    // Folders inside a package have a package.json too, without a name and version.
    if (existsSync(file) && (JSON.parse(readFileSync(file, "utf8")) as Partial<Manifest>).version) return folder;
    folder = dirname(folder);
  }
  return undefined;
}

function entry(folder: string): string {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  const licence = manifest.license ?? "";
  if (!ALLOWED.test(licence)) throw new Error(`${manifest.name} has the licence '${licence}', which is not on our list`);
  const file = readdirSync(folder).sort().find((name) => /^licen[cs]e/i.test(name));
  const words = file ? readFileSync(join(folder, file), "utf8").trim() : "(the package brings no licence file)";
  return `${manifest.name} ${manifest.version} (${licence})\n\n${words.replace(/\r\n/g, "\n")}\n`;
}

export function licences(): Plugin {
  return {
    name: "rowgate-licences",
    apply: "build",
    generateBundle(_options, bundle) {
      const folders = new Set<string>();
      for (const file of Object.values(bundle)) {
        if (file.type !== "chunk") continue;
        for (const module of file.moduleIds) {
          const folder = packageOf(module);
          if (folder) folders.add(folder);
        }
      }
      const entries = [...folders].sort().map(entry);
      const line = `\n${"-".repeat(78)}\n\n`;
      this.emitFile({
        type: "asset",
        fileName: "third-party-licences.txt",
        source: `The admin app is built with these packages.\n${line}${entries.join(line)}`,
      });
    },
  };
}
