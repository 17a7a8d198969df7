/** The interpreter that the Python extension has chosen, where there is such an extension. */

import { type Event, EventEmitter, extensions, type Uri, workspace } from "vscode";

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

export class Interpreter {
  #path: string | undefined;
  readonly #changed = new EventEmitter<void>();

  /** Fires when another one is chosen, and when the first is known. */
  readonly onDidChange = this.#changed.event;

  /** Its path; undefined while none is known, and in workspaces that are not trusted. */
  get path(): string | undefined {
    return workspace.isTrusted ? this.#path : undefined;
  }

  /** Ask the Python extension, and again whenever something else is chosen. */
  async follow(): Promise<void> {
    const extension = extensions.getExtension<PythonApi | undefined>(EXTENSION);
    const api = await extension?.activate();
    if (api?.environments === undefined) {
      return;
    }
    const { environments } = api;
    const ask = async (): Promise<void> => {
      const chosen = environments.getActiveEnvironmentPath(workspace.workspaceFolders?.[0]?.uri);
      this.#set((await environments.resolveEnvironment(chosen))?.executable.uri?.fsPath);
    };
    environments.onDidChangeActiveEnvironmentPath(() => void ask());
    await ask();
  }

  #set(path: string | undefined): void {
    if (path !== this.#path) {
      this.#path = path;
      this.#changed.fire();
    }
  }
}
