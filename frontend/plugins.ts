import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const ICONS = "node_modules/@tabler/icons/icons/outline";
const PACKED = new Set([".js", ".css", ".svg", ".json"]);

function symbol(name: string): string {
  const source = readFileSync(join(ICONS, `${name}.svg`), "utf8");
  const shapes = source.replace(/^[\s\S]*?<svg[^>]*>|<\/svg>\s*$/g, "").replace(/\s*\n\s*/g, "");
  return `<symbol id="${name}" viewBox="0 0 24 24">${shapes}</symbol>`;
}

/** One SVG file with every icon named in `list`, a name a line. An unknown name stops the build. */
export function sprite(list: string): Plugin {
  return {
    name: "guantong-sprite",
    buildStart() {
      this.addWatchFile(list);
      const names = readFileSync(list, "utf8").split(/\s+/).filter(Boolean);
      const known = new Set(readdirSync(ICONS).map((file) => file.slice(0, -4)));
      const unknown = names.filter((name) => !known.has(name));
      if (unknown.length) this.error(`Icons that Tabler does not have: ${unknown.join(", ")}`);
      this.emitFile({
        type: "asset",
        name: "icons.svg",
        originalFileName: "src/icons.svg",
        source: `<svg xmlns="http://www.w3.org/2000/svg">${[...new Set(names)].sort().map(symbol).join("")}</svg>`,
      });
    },
  };
}

/** Writes `.br` and `.gz` beside every text file, for servers that send them as they are. */
export function precompress(): Plugin {
  let folder = "";
  return {
    name: "guantong-precompress",
    apply: "build",
    configResolved: (config) => void (folder = config.build.outDir),
    closeBundle() {
      for (const entry of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
        if (!PACKED.has(extname(entry))) continue;
        const path = join(folder, entry);
        const bytes = readFileSync(path);
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
        writeFileSync(`${path}.br`, brotliCompressSync(bytes));
      }
    },
  };
}
