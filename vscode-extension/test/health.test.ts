import assert from "node:assert/strict";
import { test } from "node:test";
import { BLANK, describe, type Health, type Memory, remember, type ServerStatus } from "../src/health";

const READY: ServerStatus = { kind: "Normal", busy: false, message: "" };
const RUNNING: Health = { kind: "running", version: "1.0", command: "verifill" };

function after(...statuses: Partial<ServerStatus>[]): Memory {
  return statuses.reduce<Memory>((memory, status) => remember(memory, { ...READY, ...status }), BLANK);
}

const lines = (memory: Memory): string => describe(RUNNING, memory).lines.join(" ");

test("reason and certificate are both remembered", () => {
  const memory = after({ message: "2 names checked against httpx" }, { message: "empty" });
  assert.equal(
    lines(memory),
    "Ready (1.0). Last suggestion: 2 names checked against httpx. No suggestion here: the model has nothing to add here.",
  );
});

test("a new certificate ends the silence", () => {
  assert.ok(!lines(after({ message: "empty" }, { message: "1 name checked" })).includes("No suggestion"));
});

test("what says nothing about the place is not shown", () => {
  for (const message of ["superseded", "cancelled", ""]) {
    assert.ok(lines(after({ message: "empty" }, { message })).includes("nothing to add"));
  }
});

test("a reason of a newer server stands for itself", () => {
  assert.ok(lines(after({ message: "moon_too_bright" })).includes("No suggestion here: moon too bright."));
});

test("a server that has said nothing yet is not ready", () => {
  assert.ok(!lines(BLANK).includes("Ready"));
});

test("while the model is loading that is all there is to say", () => {
  const view = describe(RUNNING, after({ busy: true, message: "model_loading" }));
  assert.deepEqual(view.lines, ["Loading the model; suggestions begin when it is there."]);
  assert.match(view.text, /spin/);
});

test("an error of the server is shown as one, with its mend", () => {
  const command = { title: "Restart the engine", command: "verifill.restartEngine" };
  const view = describe(RUNNING, after({ kind: "Error", message: "load_failed", command }));
  assert.equal(view.severity, "error");
  assert.deepEqual(view.lines, ["The model cannot be loaded; run the doctor."]);
  assert.deepEqual(view.mend, command);
});

test("a warning in the server's own words is no certificate", () => {
  const memory = after({ kind: "Warning", message: "this model was not made to fill in" });
  assert.equal(describe(RUNNING, memory).severity, "warning");
  assert.equal(memory.certificate, "");
});

test("a problem hides what a server once said", () => {
  const problem = { code: "missing", words: "Not installed.", remedies: [] } as const;
  const view = describe({ kind: "broken", problem }, after({ message: "1 name checked" }));
  assert.deepEqual(view.lines, ["Not installed."]);
});
