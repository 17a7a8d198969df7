/** What a person can ask for; each command of `package.json` that is not the server's own. */

import { commands, type Disposable, type ExtensionContext, type LogOutputChannel, window, workspace } from "vscode";
import type { Health } from "./health";
import { installServer } from "./installation";
import { showMenu } from "./menu";
import type { Notices } from "./notices";
import type { LspSession } from "./session";
import { toggleLanguage } from "./settings";
import type { Status } from "./status";
import type { Supervisor } from "./supervisor";
import { showInTerminal } from "./terminal";
import type { Trace } from "./trace";
import { showTrace } from "./traceView";

/** The parts of the extension that commands work on. */
export interface Desk {
  readonly context: ExtensionContext;
  readonly log: LogOutputChannel;
  readonly status: Status;
  readonly notices: Notices;
  readonly servers: Supervisor<LspSession>;
  show(health: Health): void;
}

export function registerCommands(desk: Desk): Disposable[] {
  const { log, status } = desk;
  const restart = async (): Promise<void> => {
    desk.notices.forget();
    await desk.servers.restart();
  };
  const actions: Record<string, () => unknown> = {
    menu: () => showMenu(status.health, status.view),
    trigger,
    toggle,
    trace: () => trace(desk),
    statistics: () => { report(desk, "statistics", ["stats"]); },
    doctor: () => { report(desk, "doctor", ["doctor"]); },
    restart,
    install: async () => {
      if (await installServer(desk)) {
        await restart();
      }
    },
    chooseServer: () => choosePath("path", "the verifill program"),
    choosePython: () => choosePath("python", "Python 3.11 or newer"),
    showLog: () => { log.show(); },
    openSettings: () => commands.executeCommand("workbench.action.openSettings", "verifill"),
  };
  return Object.entries(actions).map(([name, action]) => commands.registerCommand(`verifill.${name}`, action));
}

/** Ask for a suggestion; what VS Code has got for the same text before, nothing included, it would not ask for again. */
async function trigger(): Promise<void> {
  await commands.executeCommand("editor.action.inlineSuggest.hide");
  await commands.executeCommand("editor.action.inlineSuggest.trigger");
}

async function toggle(): Promise<void> {
  const language = window.activeTextEditor?.document.languageId;
  if (language === undefined) {
    window.setStatusBarMessage("Verifill: no file is open whose language could be switched", 5000);
    return;
  }
  const on = await toggleLanguage(language);
  window.setStatusBarMessage(`Verifill: suggestions in ${language} are ${on ? "on" : "off"}`, 5000);
}

async function trace({ servers, context }: Desk): Promise<void> {
  const found = await servers.session?.client.sendRequest("workspace/executeCommand", {
    command: "verifill.traceLast",
    arguments: [],
  });
  showTrace((found ?? null) as Trace | null, context.extensionUri);
}

/** Run one of the server program's reports in a terminal. */
function report({ status }: Desk, name: string, args: readonly string[]): void {
  if (status.health.kind === "running") {
    showInTerminal(`Verifill ${name}`, status.health.command, args);
  } else {
    void commands.executeCommand("verifill.menu");
  }
}

/** Let the person point at a program, and remember it. */
async function choosePath(key: string, what: string): Promise<void> {
  const [chosen] = (await window.showOpenDialog({ title: `Choose ${what}`, canSelectMany: false })) ?? [];
  if (chosen !== undefined) {
    // The change itself starts the server anew.
    await workspace.getConfiguration("verifill.server").update(key, chosen.fsPath, true);
  }
}
