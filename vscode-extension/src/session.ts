/** One server process and the language client that talks to it. */

import { type ChildProcess, spawn } from "node:child_process";
import { type LogOutputChannel, Uri } from "vscode";
import { CloseAction, ErrorAction, LanguageClient, type LanguageClientOptions } from "vscode-languageclient/node";
import type { Server } from "./discovery";
import type { ServerStatus } from "./health";
import { crashed, outdated, silent, unusable } from "./problems";
import { ended, LastLine } from "./programs";
import type { Filter } from "./settings";
import { type Session, Unavailable } from "./supervisor";
import { isAtLeast, OLDEST_SERVER } from "./versions";

/** What a session is told, and whom it tells. */
export interface Surroundings {
  /** Arguments behind `lsp`. */
  readonly args: readonly string[];
  readonly selector: Filter[];
  readonly log: LogOutputChannel;
  /** The settings as the server shall see them, in a folder of the workspace or in general. */
  readonly settings: (folder?: Uri) => Record<string, unknown>;
  readonly onStatus: (status: ServerStatus) => void;
}

/** A server imports its libraries before it answers; a cold disk takes a while. */
const HANDSHAKE_MS = 60_000;

/** The client's log is enough: the status item speaks, and at most one notification. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }

  override warn(message: string, data?: unknown): void {
    super.warn(message, data, false);
  }

  override info(message: string, data?: unknown): void {
    super.info(message, data, false);
  }
}

export class LspSession implements Session {
  private constructor(
    readonly client: LanguageClient,
    readonly version: string,
    readonly ended: Promise<string>,
    private readonly settings: () => Record<string, unknown>,
  ) {}

  /**
   * Start a server and shake hands.
   *
   * @throws Unavailable It cannot be run, ends, stays silent, is something else, or too old.
   */
  static async open(server: Server, surroundings: Surroundings): Promise<LspSession> {
    const child = spawn(server.command, ["lsp", ...surroundings.args], { stdio: "pipe" });
    const lastLine = new LastLine();
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      lastLine.add(text);
    });
    const end = ended(child);
    const client = new QuietClient("verifill", "Verifill", () => Promise.resolve(child), options(surroundings));
    client.onNotification("didChangeStatus", surroundings.onStatus);
    try {
      await shakeHands(server, child, client, end, lastLine);
    } catch (error) {
      child.kill();
      throw error;
    }
    const version = client.initializeResult?.serverInfo?.version ?? "";
    const lastWords = end.then(({ failure }) => failure ?? String(lastLine));
    return new LspSession(client, version, lastWords, surroundings.settings);
  }

  /** Tell the server that settings have changed. */
  async sendSettings(): Promise<void> {
    await this.client.sendNotification("workspace/didChangeConfiguration", { settings: { verifill: this.settings() } });
  }

  async stop(): Promise<void> {
    try {
      await this.client.dispose();
    } catch (error) {
      // It was ending, or does not answer; closing its standard input ends it.
      this.client.outputChannel.debug(`while stopping: ${String(error)}`);
    }
  }
}

async function shakeHands(
  server: Server,
  child: ChildProcess,
  client: LanguageClient,
  end: ReturnType<typeof ended>,
  lastLine: LastLine,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const failures = [
    end.then(({ failure }) => {
      throw new Unavailable(failure === undefined ? crashed(String(lastLine), 1) : unusable(server, failure));
    }),
    new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Unavailable(silent(server, HANDSHAKE_MS / 1000)));
      }, HANDSHAKE_MS);
    }),
  ];
  try {
    await Promise.race([client.start(), ...failures]);
  } catch (error) {
    if (error instanceof Unavailable) {
      throw error;
    }
    // The connection may break before the process's end is known; its last words say more.
    child.kill();
    await end;
    throw new Unavailable(crashed(String(lastLine) || String(error), 1));
  } finally {
    clearTimeout(timer);
  }
  const info = client.initializeResult?.serverInfo;
  if (info?.name !== "verifill") {
    throw new Unavailable(unusable(server, `it calls itself ${info?.name ?? "nothing"}`));
  }
  if (!isAtLeast(info.version ?? "", OLDEST_SERVER)) {
    throw new Unavailable(outdated(server, info.version ?? "of no version"));
  }
}

function options({ selector, log, settings }: Surroundings): LanguageClientOptions {
  return {
    documentSelector: selector,
    outputChannel: log,
    initializationOptions: () => settings(),
    // The supervisor decides what becomes of a server that has ended.
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: () => ({ action: CloseAction.DoNotRestart, handled: true }),
    },
    initializationFailedHandler: () => false,
    middleware: {
      workspace: {
        configuration: ({ items }) =>
          items.map(({ section, scopeUri }) =>
            section === "verifill" ? settings(scopeUri === undefined ? undefined : Uri.parse(scopeUri)) : null,
          ),
        // The library would send defaults, too, which would stand above the user's own files.
        didChangeConfiguration: () => Promise.resolve(),
      },
    },
  };
}
