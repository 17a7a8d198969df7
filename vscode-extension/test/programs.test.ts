import assert from "node:assert/strict";
import { test } from "node:test";
import { isExecutable, LastLine, run } from "../src/programs";

const NEVER = new AbortController().signal;

test("the last line is the last one with something on it", () => {
  const line = new LastLine();
  for (const part of ["one\ntw", "o\n", "\n  \n"]) {
    line.add(part);
  }
  assert.equal(String(line), "two");
  line.add("thr");
  line.add("ee");
  assert.equal(String(line), "three");
});

test("an endless line costs no memory", () => {
  const line = new LastLine();
  for (let i = 0; i < 1000; i++) {
    line.add("x".repeat(1000));
  }
  assert.equal(String(line).length, 500);
});

test("a program's code, output and last words", async () => {
  const outcome = await run("node", ["-e", "console.log('out'); console.error('err'); process.exit(3)"], NEVER);
  assert.deepEqual(outcome, { code: 3, output: "out\n", lastWords: "err" });
});

test("a program that is not there", async () => {
  const { code, lastWords } = await run("/nowhere/program", [], NEVER);
  assert.equal(code, undefined);
  assert.match(lastWords, /ENOENT/);
});

test("a program that is stopped", async () => {
  const aborter = new AbortController();
  const running = run("node", ["-e", "setInterval(() => {}, 1000)"], aborter.signal);
  aborter.abort();
  assert.equal((await running).code, undefined);
});

test("a folder is not executable", async () => {
  assert.equal(await isExecutable("/"), false);
  assert.equal(await isExecutable(process.execPath), true);
});
