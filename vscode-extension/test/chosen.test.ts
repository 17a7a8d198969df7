import assert from "node:assert/strict";
import { test } from "node:test";
import { Chosen } from "../src/chosen";

test("each folder has its own interpreter, and a change of any is news", async () => {
  const chosen = new Chosen();
  const paths: Record<string, string> = { a: "/a/python", b: "/b/python" };
  const ask = (folder: string): Promise<string | undefined> => Promise.resolve(paths[folder]);
  assert.equal(await chosen.ask(["a", "b"], ask), true);
  assert.deepEqual([chosen.in("a"), chosen.in("b"), chosen.in("c")], ["/a/python", "/b/python", undefined]);
  assert.equal(await chosen.ask(["a", "b"], ask), false);
  paths.b = "/c/python";
  assert.equal(await chosen.ask(["a", "b"], ask), true);
  assert.equal(chosen.in("b"), "/c/python");
});

test("an answer that comes after a newer one is void", async () => {
  const chosen = new Chosen();
  let late: (path: string) => void = () => undefined;
  const first = chosen.ask(["a"], () => new Promise((resolve) => (late = resolve)));
  assert.equal(await chosen.ask(["a"], () => Promise.resolve("/new")), true);
  late("/old");
  assert.equal(await first, false);
  assert.equal(chosen.in("a"), "/new");
});
