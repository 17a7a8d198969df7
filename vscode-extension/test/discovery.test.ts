import assert from "node:assert/strict";
import { test } from "node:test";
import { candidates, findServer, type Places } from "../src/discovery";

const PLACES: Places = { setting: "", path: "/a::/b", interpreter: undefined, managed: "/own", windows: false };

const among = (...programs: string[]) => (path: string): Promise<boolean> => Promise.resolve(programs.includes(path));

test("the PATH comes before the extension's own environment", async () => {
  const found = await findServer(PLACES, among("/own/bin/verifill", "/b/verifill"));
  assert.deepEqual(found, { command: "/b/verifill", origin: "the PATH" });
});

test("a verifill beside the chosen interpreter is found", async () => {
  const found = await findServer({ ...PLACES, interpreter: "/env/bin/python" }, among("/env/bin/verifill"));
  assert.equal(found?.origin, "the chosen Python environment");
});

test("on Windows a conda environment's programs lie below its interpreter", async () => {
  const places = { ...PLACES, path: "", interpreter: "/conda/python.exe", windows: true };
  assert.equal((await findServer(places, among("/conda/Scripts/verifill.exe")))?.origin, "the chosen Python environment");
});

test("the setting stands alone", async () => {
  const places = { ...PLACES, setting: "/mine" };
  assert.deepEqual([...candidates(places)].map(({ command }) => command), ["/mine"]);
  assert.equal(await findServer(places, among("/b/verifill")), undefined);
});

test("Windows has other names", () => {
  const commands = [...candidates({ ...PLACES, path: "C", windows: true })].map(({ command }) => command);
  assert.deepEqual(commands, ["C/verifill.exe", "/own/Scripts/verifill.exe"]);
});
