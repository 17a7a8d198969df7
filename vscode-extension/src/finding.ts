/** Finding the server on this machine, as it is set up now. */

import { join } from "node:path";
import type { ExtensionContext } from "vscode";
import { findServer, type Server } from "./discovery";
import type { Interpreter } from "./interpreter";
import { missing } from "./problems";
import { isExecutable } from "./programs";
import { serverSettings } from "./settings";
import { Unavailable } from "./supervisor";

export const WINDOWS = process.platform === "win32";

/** Folder of the environment that the extension makes. */
export function managedFolder(context: ExtensionContext): string {
  return join(context.globalStorageUri.fsPath, "server");
}

/** @throws Unavailable There is none. */
export async function findOnMachine(context: ExtensionContext, interpreter: Interpreter): Promise<Server> {
  const { path: setting } = serverSettings();
  const places = {
    setting,
    path: process.env.PATH ?? "",
    interpreter: interpreter.path(),
    managed: managedFolder(context),
    windows: WINDOWS,
  };
  const server = await findServer(places, isExecutable);
  if (server === undefined) {
    throw new Unavailable(missing(setting));
  }
  return server;
}
