/** The bundle goes into the Python package: stable names, so that a build changes only what changed. */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, type Plugin } from "vite";

const OUT = join(import.meta.dirname, "../src/chainrule/playground/static");
const SINGLE = ["index.html", "package.json", "package-lock.json", "vite.config.ts"];

/** SHA-256 over name, 0, content, 0 of every source, in the order of the names. */
function sourceHash(): string {
  const inFolder = readdirSync(join(import.meta.dirname, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(import.meta.dirname.length + 1)
        .replaceAll("\\", "/"),
    );
  const hash = createHash("sha256");
  for (const name of [...inFolder, ...SINGLE].sort()) {
    hash
      .update(name)
      .update("\0")
      .update(readFileSync(join(import.meta.dirname, name)))
      .update("\0");
  }
  return hash.digest("hex");
}

const writeSourceHash: Plugin = {
  name: "write-source-hash",
  closeBundle: () => writeFileSync(join(OUT, "source.sha256"), sourceHash() + "\n"),
};

export default defineConfig({
  base: "./",
  plugins: [writeSourceHash],
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: "es2022",
    cssTarget: ["chrome123", "firefox121", "safari17.5"],
    cssCodeSplit: false,
    modulePreload: false,
    assetsInlineLimit: 0,
    // KaTeX comes along in the bundle, so its license does too
    license: { fileName: "licenses.md" },
    rolldownOptions: {
      input: { page: "index.html", playground: "src/playground.ts" },
      // page.ts takes its socket from playground.js too: one module, no shared third file
      preserveEntrySignatures: "allow-extension",
      output: {
        entryFileNames: "[name].js",
        chunkFileNames: "[name].js",
        assetFileNames: "playground[extname]",
      },
    },
  },
});
