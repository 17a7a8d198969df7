import assert from "node:assert/strict";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { install, InstallError, type Plan, steps } from "../src/installing";

const PLAN: Plan = {
  folder: "/env",
  python: "python3",
  wanted: "/verifill.whl",
  constraints: "/constraints.txt",
  torchIndex: "https://index/",
  windows: false,
};
const NEVER = new AbortController().signal;
const nothing = (): void => undefined;

test("torch comes first, from its own index, and may fail", () => {
  const [venv, torch, rest] = steps(PLAN);
  assert.deepEqual(venv?.args, ["-m", "venv", "/env"]);
  assert.ok(torch?.args.includes("https://index/") && torch.optional);
  assert.deepEqual(rest?.args.slice(-3), ["-c", "/constraints.txt", "/verifill.whl"]);
  assert.equal(rest.optional, false);
});

test("without an index torch comes with the rest", () => {
  assert.deepEqual(
    steps({ ...PLAN, torchIndex: "", constraints: undefined }).map(({ args }) => args.at(-1)),
    ["/env", "/verifill.whl"],
  );
});

test("an installation that fails leaves nothing behind, and says which step it was", async () => {
  const folder = join(mkdtempSync(join(tmpdir(), "verifill-")), "env");
  const told: string[] = [];
  const attempt = install({ ...PLAN, folder, python: "/nowhere/python" }, NEVER, (words) => told.push(words), nothing);
  await assert.rejects(attempt, (error) => error instanceof InstallError && error.step === "making an environment");
  assert.deepEqual(told, ["making an environment"]);
  assert.equal(existsSync(folder), false);
});
