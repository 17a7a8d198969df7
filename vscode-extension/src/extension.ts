/** Puts the extension together. */

import { commands, type Disposable, type ExtensionContext, type Uri, window, workspace } from "vscode";
import { registerCommands } from "./commands";
import { findOnMachine } from "./finding";
import { followFocus } from "./focus";
import type { Health, View } from "./health";
import { Interpreter } from "./interpreter";
import { Notices } from "./notices";
import { LspSession } from "./session";
import { chosenLanguages, forServer, selector, serverSettings } from "./settings";
import { Status } from "./status";
import { Supervisor } from "./supervisor";

/** What other extensions, and tests, may read. */
export interface Api {
  health(): Health;
  view(): View;
}

let supervisor: Supervisor<LspSession> | undefined;

export function activate(context: ExtensionContext): Api {
  const log = window.createOutputChannel("Verifill", { log: true });
  const status = new Status();
  const notices = new Notices();
  const interpreter = new Interpreter();
  const keys = serverKeys(context);
  const show = (health: Health): void => {
    status.show(health);
    void commands.executeCommand("setContext", "verifill.running", health.kind === "running");
    if (health.kind === "broken") {
      log.warn(health.problem.words);
      notices.tell(health.problem);
    }
  };
  const settings = (folder?: Uri): Record<string, unknown> => forServer(keys, interpreter.path(folder), folder);
  const servers = new Supervisor<LspSession>({
    find: () => findOnMachine(context, interpreter),
    open: (server) => {
      log.info(`starting ${server.command} (from ${server.origin})`);
      const onStatus = status.hear.bind(status);
      return LspSession.open(server, { args: serverSettings().arguments, selector: selector(), log, settings, onStatus });
    },
    show,
    now: () => performance.now(),
  });
  supervisor = servers;
  context.subscriptions.push(
    log,
    status,
    ...registerCommands({ context, log, status, notices, servers, show }),
    ...followChanges(servers, interpreter, status),
  );
  void servers.restart();
  interpreter.follow().catch((error: unknown) => {
    log.warn(`the Python extension does not say which interpreter it has chosen: ${String(error)}`);
  });
  return { health: () => status.health, view: () => status.view };
}

export async function deactivate(): Promise<void> {
  await supervisor?.stop();
}

/** Return the keys of the server's settings; the extension's own are the rest. */
function serverKeys(context: ExtensionContext): string[] {
  const manifest = context.extension.packageJSON as {
    contributes: { configuration: { title: string; properties: Record<string, unknown> }[] };
  };
  const properties = manifest.contributes.configuration.flatMap((part) => Object.keys(part.properties));
  const keys = properties.map((name) => name.replace(/^verifill\./, ""));
  return keys.filter((key) => !key.startsWith("server.") && !key.startsWith("trace."));
}

/** Tell the server what changes, and start it anew where that is needed. */
function followChanges(servers: Supervisor<LspSession>, interpreter: Interpreter, status: Status): Disposable[] {
  let languages = chosenLanguages().join();
  const send = (): void => void servers.session?.sendSettings();
  return [
    workspace.onDidChangeConfiguration((event) => {
      if (!event.affectsConfiguration("verifill")) {
        return;
      }
      const before = languages;
      languages = chosenLanguages().join();
      if (event.affectsConfiguration("verifill.server") || languages !== before) {
        void servers.restart();
      } else {
        send();
      }
    }),
    workspace.onDidGrantWorkspaceTrust(() => void servers.restart()),
    interpreter.onDidChange(() => {
      // A server may stand beside the interpreter that is known only now.
      if (status.health.kind === "broken") {
        void servers.restart();
      } else {
        send();
      }
    }),
    followFocus(() => servers.session),
  ];
}
