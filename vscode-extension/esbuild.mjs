// Bundles the extension into dist/extension.js, what draws traces in its web view into dist/trace.js and trace.css,
// and with --tests the unit tests into dist/test/.
import { readdirSync, readFileSync } from "node:fs";
import { build } from "esbuild";

const common = { bundle: true, platform: "node", format: "cjs", target: "node20", logLevel: "warning" };

await build({
  ...common,
  entryPoints: ["src/extension.ts"],
  outfile: "dist/extension.js",
  external: ["vscode"],
  minify: true,
});

// The server's own program: there is one that draws traces.
const pages = "../http_api/pages";
await build({
  bundle: true,
  platform: "browser",
  format: "iife",
  target: "es2022",
  logLevel: "warning",
  minify: true,
  stdin: {
    contents: `import { draw } from "./trace.js";\n${readFileSync(`${pages}/trace.start.js`, "utf-8")}`,
    resolveDir: pages,
  },
  outfile: "dist/trace.js",
});
await build({ entryPoints: [`${pages}/trace.css`], outfile: "dist/trace.css", logLevel: "warning" });

if (process.argv.includes("--tests")) {
  const tests = readdirSync("test").filter((name) => name.endsWith(".test.ts"));
  await build({ ...common, entryPoints: tests.map((name) => `test/${name}`), outdir: "dist/test" });
}
