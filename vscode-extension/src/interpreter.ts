/** The interpreters that the Python extension has chosen, where there is such an extension. */

import { type Event, EventEmitter, extensions, Uri, workspace } from "vscode";
import { Chosen } from "./chosen";

/** The part of the Python extension's interface that is used here. */
interface PythonApi {
  readonly environments: {
    getActiveEnvironmentPath(resource?: Uri): { readonly path: string };
    resolveEnvironment(environment: {
      readonly path: string;
    }): Promise<{ readonly executable: { readonly uri?: Uri } } | undefined>;
    readonly onDidChangeActiveEnvironmentPath: Event<unknown>;
  };
}

const EXTENSION = "ms-python.python";

/** A window without a folder has an interpreter, too. */
const NOWHERE = "";

export class Interpreter {
  readonly #chosen = new Chosen();
  readonly #changed = new EventEmitter<void>();

  /** Fires when another one is chosen, and when the first is known. */
  readonly onDidChange = this.#changed.event;

  /** The path of a folder's, by default the first one's; undefined while none is known, and where nothing is trusted. */
  path(folder: Uri | undefined = workspace.workspaceFolders?.[0]?.uri): string | undefined {
    return workspace.isTrusted ? this.#chosen.in(folder?.toString() ?? NOWHERE) : undefined;
  }

  /** Ask the Python extension, and again whenever something else is chosen or folders come and go. */
  async follow(): Promise<void> {
    const extension = extensions.getExtension<PythonApi | undefined>(EXTENSION);
    const api = await extension?.activate();
    if (api?.environments === undefined) {
      return;
    }
    const { environments } = api;
    const ask = async (): Promise<void> => {
      const folders = workspace.workspaceFolders?.map(({ uri }) => uri.toString()) ?? [NOWHERE];
      const changed = await this.#chosen.ask(folders, async (folder) => {
        const chosen = environments.getActiveEnvironmentPath(folder === NOWHERE ? undefined : Uri.parse(folder));
        return (await environments.resolveEnvironment(chosen))?.executable.uri?.fsPath;
      });
      if (changed) {
        this.#changed.fire();
      }
    };
    environments.onDidChangeActiveEnvironmentPath(() => void ask());
    workspace.onDidChangeWorkspaceFolders(() => void ask());
    await ask();
  }
}
