// Tests in the extension host, with the whole `vscode` interface; test_vscode_host.py runs and names them.
// The server is tests/lsp_server/scripted_server.py: the last word before the cursor says what it suggests.
const assert = require("node:assert");
const { readdirSync, readFileSync } = require("node:fs");
const vscode = require("vscode");

const tests = [];
const test = (name, body) => tests.push([name, body]);

exports.run = async () => {
  let failed = 0;
  for (const [name, body] of tests) {
    try {
      await body();
      console.log("passed", name);
    } catch (error) {
      failed += 1;
      console.log("failed", name, error.stack);
    }
  }
  await vscode.commands.executeCommand("workbench.action.closeAllEditors");
  if (failed > 0) {
    throw new Error(`${failed} failed`);
  }
};

test("is active in a window with a Python file, and its server runs", async () => {
  await open("x = 1\n");
  await until(() => api()?.health().kind === "running", "a running server");
  await until(() => lines().includes("Ready"), "the model");
});

test("suggests when asked, and the suggestion is accepted into the document", async () => {
  const document = await open("two");
  await accept(document, (text) => text === "two\nsecond");
});

test("offers several suggestions to choose from when asked", async () => {
  const document = await open("three");
  await suggestion();
  await vscode.commands.executeCommand("editor.action.inlineSuggest.showNext");
  await accept(document, (text) => text === "threeb");
});

test("says in words why there is no suggestion", async () => {
  await open("silent");
  await suggestion();
  await until(() => lines().includes("the analysis allowed nothing"), "the reason");
});

test("shows the certificate of the last suggestion", async () => {
  const document = await open("two");
  await accept(document, (text) => text.includes("second"));
  await until(() => lines().includes("Last suggestion: 1 name checked against this file."), "the certificate");
});

test("tells the server settings that change", async () => {
  await configure("candidates", 2);
  const document = await open("request");
  await accept(document, (text) => text === "requestinvoked 2 live");
  await configure("candidates", undefined);
});

test("tells the server which interpreter the Python extension has chosen", async () => {
  await vscode.commands.executeCommand("standIn.choose", process.env.VERIFILL_TEST_PYTHON);
  const document = await open("environment");
  await accept(document, (text) => text === `environment${process.env.VERIFILL_TEST_PYTHON}`);
});

test("switches suggestions in a language off and on again", async () => {
  const document = await open("two");
  await vscode.commands.executeCommand("verifill.toggle");
  await until(() => languages().python === false, "the setting");
  await vscode.commands.executeCommand("verifill.toggle");
  await until(() => languages().python === true, "the setting");
  await accept(document, (text) => text.includes("second"));
  await configure("languages", undefined);
});

test("restarts the server, and documents stay known", async () => {
  const document = await open("two");
  const before = servers();
  assert.strictEqual(before.length, 1);
  await vscode.commands.executeCommand("verifill.restart");
  await until(() => api().health().kind === "running" && lines().includes("Ready"), "a running server");
  await until(() => servers().length === 1 && servers()[0] !== before[0], "another process");
  await accept(document, (text) => text.includes("second"));
});

test("starts the server again when it is killed", async () => {
  const document = await open("two");
  const [before] = servers();
  process.kill(before, "SIGKILL");
  await until(() => servers().length === 1 && servers()[0] !== before, "another process");
  await until(() => lines().includes("Ready"), "a running server");
  await accept(document, (text) => text.includes("second"));
});

test("has registered every command that it contributes", async () => {
  const { contributes } = extension().packageJSON;
  const registered = new Set(await vscode.commands.getCommands());
  const absent = contributes.commands.map(({ command }) => command).filter((command) => !registered.has(command));
  assert.deepStrictEqual(absent, []);
});

const extension = () => vscode.extensions.getExtension("verifill.verifill");
const api = () => (extension().isActive ? extension().exports : undefined);
const lines = () => api()?.view().lines.join(" ") ?? "";
const languages = () => vscode.workspace.getConfiguration("verifill").get("languages");

async function open(text) {
  const document = await vscode.workspace.openTextDocument({ language: "python", content: text });
  const editor = await vscode.window.showTextDocument(document);
  const end = document.positionAt(text.length);
  editor.selection = new vscode.Selection(end, end);
  return document;
}

async function configure(key, value) {
  await vscode.workspace.getConfiguration("verifill").update(key, value, true);
}

async function suggestion() {
  await vscode.commands.executeCommand("editor.action.inlineSuggest.trigger");
  await pause(300);
}

/** Ask, and accept what comes, until the document is as wanted; what is not wanted is taken back. */
async function accept(document, wanted) {
  const before = document.getText();
  await until(async () => {
    if (document.getText() === before) {
      await suggestion();
      await vscode.commands.executeCommand("editor.action.inlineSuggest.commit");
    }
    if (wanted(document.getText())) {
      return true;
    }
    if (document.getText() !== before) {
      await vscode.commands.executeCommand("undo");
    }
    return false;
  }, () => `the text; it is ${JSON.stringify(document.getText())}`);
}

async function until(condition, what) {
  for (let i = 0; i < 150; i++) {
    if (await condition()) {
      return;
    }
    await pause(100);
  }
  assert.fail(`waited in vain for ${typeof what === "function" ? what() : what}; the status is: ${lines()}`);
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Return the process ids of the servers that this extension host has started. */
function servers() {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const [, , ppid] = readFileSync(`/proc/${name}/stat`, "utf8").replace(/^.*\) /, "0 ").split(" ");
        const command = readFileSync(`/proc/${name}/cmdline`, "utf8");
        return Number(ppid) === process.pid && command.includes("scripted_server");
      } catch {
        return false; // it has just ended
      }
    })
    .map(Number);
}
