import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { isAtLeast, OLDEST_SERVER } from "../src/versions";

const CASES: [string, string, boolean][] = [
  ["0.2.0", "0.2.0", true],
  ["0.10.0", "0.9.9", true],
  ["1.0", "0.9.9", true],
  ["0.2.0.dev1", "0.2.0", true],
  ["0.1.9", "0.2.0", false],
  ["0.2", "0.2.1", false],
  ["", "0.1.0", false],
  ["unknown", "0.1.0", false],
];

for (const [version, oldest, expected] of CASES) {
  test(`${version || "nothing"} ${expected ? "is" : "is not"} at least ${oldest}`, () => {
    assert.equal(isAtLeast(version, oldest), expected);
  });
}

test("the server that comes along is new enough", () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  assert.ok(isAtLeast(version, OLDEST_SERVER));
});
