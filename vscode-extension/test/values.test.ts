import assert from "node:assert/strict";
import { test } from "node:test";
import { switchesIn, textIn, textsIn } from "../src/values";

const ODD: readonly unknown[] = [undefined, null, 5, true, {}, "x", ["a", 1, null]];

test("settings of another type are as good as none", () => {
  assert.deepEqual(ODD.map(textIn), ["", "", "", "", "", "x", ""]);
  assert.deepEqual(ODD.map(textsIn), [[], [], [], [], [], [], ["a"]]);
  assert.deepEqual(switchesIn({ lua: true, c: false, go: "yes" }), { lua: true, c: false });
  assert.deepEqual(ODD.map((value) => Object.keys(switchesIn(value)).length), [0, 0, 0, 0, 0, 0, 0]);
});

test("blanks around a path are none of it", () => {
  assert.equal(textIn(" /usr/bin/verifill\n"), "/usr/bin/verifill");
});
