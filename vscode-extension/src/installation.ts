/** Installing the server into an environment of the extension's own, with progress, when a person asks for it. */

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type ExtensionContext, ProgressLocation, window } from "vscode";
import type { Desk } from "./commands";
import { inEnvironment } from "./discovery";
import { managedFolder, WINDOWS } from "./finding";
import type { Problem } from "./health";
import { findPython, install, InstallError, type Plan } from "./installing";
import { installFailed, noPython } from "./problems";
import { isExecutable } from "./programs";
import { serverSettings } from "./settings";
import { OLDEST_SERVER } from "./versions";

/** Install the server and return whether it is there; why not, the status item says. */
export async function installServer(desk: Desk): Promise<boolean> {
  desk.notices.forget();
  const problem = await window.withProgress(
    { location: ProgressLocation.Notification, title: "Installing Verifill", cancellable: true },
    async (progress, token) => {
      const aborter = new AbortController();
      token.onCancellationRequested(() => {
        aborter.abort();
      });
      return attempt(desk, aborter.signal, (step) => {
        desk.show({ kind: "installing", step });
        progress.report({ message: step });
      });
    },
  );
  if (problem !== undefined) {
    desk.show({ kind: "broken", problem });
  }
  return problem === undefined;
}

async function attempt(desk: Desk, signal: AbortSignal, onStep: (words: string) => void): Promise<Problem | undefined> {
  const settings = serverSettings();
  onStep("looking for Python");
  const python = await findPython(settings.python, signal);
  if (python === undefined) {
    return noPython();
  }
  const plan: Plan = {
    folder: managedFolder(desk.context),
    python,
    ...(await source(desk.context, settings.package)),
    torchIndex: process.platform === "linux" ? settings.torchIndex : "",
    windows: WINDOWS,
  };
  try {
    await install(plan, signal, onStep, (text) => {
      desk.log.append(text);
    });
  } catch (error) {
    if (error instanceof InstallError) {
      return installFailed(error.step, error.lastWords);
    }
    throw error;
  }
  const program = inEnvironment(plan.folder, "verifill", WINDOWS);
  return (await isExecutable(program)) ? undefined : installFailed("looking for the program", `no ${program}`);
}

/** Return what is installed: what the setting names, else the wheel that came with the extension, else the index's. */
async function source(
  context: ExtensionContext,
  named: string,
): Promise<{ wanted: string; constraints: string | undefined }> {
  const folder = join(context.extensionUri.fsPath, "server");
  const files = await readdir(folder).catch((): string[] => []);
  const constraints = files.includes("constraints.txt") ? join(folder, "constraints.txt") : undefined;
  const wheel = files.find((name) => name.endsWith(".whl"));
  const ours = wheel === undefined ? `verifill>=${OLDEST_SERVER}` : join(folder, wheel);
  return { wanted: named === "" ? ours : named, constraints };
}
