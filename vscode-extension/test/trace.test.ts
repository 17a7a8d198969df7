import assert from "node:assert/strict";
import { test } from "node:test";
import { type Trace, tracePage } from "../src/trace";

const TRACE: Trace = {
  text: "ance\n",
  reason: null,
  certificate: "1 name checked against <bank>",
  model: "embedded",
  dtype: "float32",
  device: "cpu",
  timings_ms: { total: 10, decode: 5 },
  counters: { prompt_tokens: 41, drafted: { monitor: 1 }, denied: {} },
  tokens: [
    { text: "bal", origin: "model", denied: [{ monitor: "members", text: "am<script>" }], cut: false },
    { text: "ance\n", origin: "monitor", denied: [], cut: false },
    { text: "rest", origin: "a new drafter", denied: [], cut: true },
  ],
};

const page = tracePage(TRACE, "", "NONCE");

test("nothing of the code becomes markup", () => {
  assert.ok(!page.includes("<script>"));
  assert.ok(page.includes("am&lt;script&gt;"));
  assert.ok(page.includes("against &lt;bank&gt;"));
});

test("nothing comes from outside and no style stands on an element", () => {
  assert.ok(page.includes("default-src 'none'; style-src 'nonce-NONCE'"));
  assert.ok(!/(src|href)=|https?:|style="/.test(page));
});

test("every token is there with the one who wrote it", () => {
  assert.match(page, /<span class="token model refused"[^>]*data-n="1">bal<\/span>/);
  assert.match(page, /<span class="token monitor" title="forced by the analysis">ance/);
  assert.match(page, /<span class="token copied cut" title="copied \(a new drafter\), then checked by the model, cut off">rest/);
});

test("what was refused is listed with the monitor", () => {
  assert.match(page, /am&lt;script&gt;.*\(members\)/);
});

test("counters without a count are left out", () => {
  assert.ok(page.includes("drafted</td><td>monitor 1"));
  assert.ok(!page.includes("<td>denied</td>"));
});

test("a silence is said in words", () => {
  const silent: Trace = { ...TRACE, text: "", certificate: null, reason: "empty" };
  assert.ok(tracePage(silent, "the model has nothing to add", "N").includes("No text: the model has nothing to add."));
});
