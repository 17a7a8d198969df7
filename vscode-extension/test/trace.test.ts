import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { tracePage } from "../src/trace";

const TRACE = {
  answer: "model",
  document: { path: "/w/a.py", text: "x = '</script><script>alert(1)</script>'\n" },
  offset: 4,
  text: "ance\n",
  reason: null,
  tokens: [{ text: "bal", origin: "model", denied: [], cut: false }],
};
const PARTS = { script: "https://own/trace.js", style: "https://own/trace.css", source: "https://own" };

const page = tracePage(TRACE, "", PARTS, "NONCE");

/** Return what the page's script will find. */
function dataIn(text: string): Record<string, unknown> {
  const found = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(text);
  return JSON.parse(found?.[1] ?? "null") as Record<string, unknown>;
}

test("nothing of the code becomes markup", () => {
  assert.equal(page.match(/<script/g)?.length, 2);
  assert.ok(!page.includes("alert(1)</script>"));
});

test("nothing runs and nothing is loaded but the extension's own files", () => {
  assert.ok(page.includes("default-src 'none'; script-src https://own; style-src https://own 'nonce-NONCE'"));
  const addresses = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map((found) => found[1]);
  assert.deepEqual(addresses, [PARTS.style, PARTS.script]);
  assert.ok(!page.includes('style="'));
});

test("the program that draws gets what the server draws, too", () => {
  const { document, offset, ...result } = TRACE;
  assert.deepEqual(dataIn(page), { request: { document, offset }, result });
});

test("a silence is said in words", () => {
  const silent = { ...TRACE, text: "", reason: "empty" };
  const { result } = dataIn(tracePage(silent, "the model has nothing to add", PARTS, "N"));
  assert.equal((result as { reason: string }).reason, "the model has nothing to add");
});

test("the bundle has the server's drawing program in it", () => {
  const script = readFileSync("dist/trace.js", "utf-8");
  for (const words of ["Questions to the analysis", "What the model would have written", "Struck out"]) {
    assert.ok(script.includes(words), words);
  }
  assert.ok(!/\b(import|export)\b\s*[{*]/.test(script));
  assert.ok(readFileSync("dist/trace.css", "utf-8").includes(".verifill-trace"));
});
