/** Running other programs, and what they say on standard error. */

import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";

/** Return whether a path is a file that may be run. */
export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** The last line of a stream of text that is not blank. */
export class LastLine {
  #line = "";
  #rest = "";

  add(text: string): void {
    const lines = (this.#rest + text).split(/\r?\n/);
    this.#rest = lines.pop()?.slice(-1000) ?? "";
    this.#line = lines.findLast((line) => line.trim() !== "") ?? this.#line;
  }

  toString(): string {
    return (this.#rest.trim() === "" ? this.#line : this.#rest).trim().slice(0, 500);
  }
}

/** What a program that has ended leaves. */
export interface Outcome {
  /** Exit code; undefined if it could not be started or was ended by a signal. */
  readonly code: number | undefined;
  readonly output: string;
  /** The last line of standard error, or why it could not be started. */
  readonly lastWords: string;
}

/** Run a program to its end. */
export async function run(
  command: string,
  args: readonly string[],
  signal: AbortSignal,
  onText: (text: string) => void = () => undefined,
): Promise<Outcome> {
  const child = spawn(command, args, { signal, stdio: ["ignore", "pipe", "pipe"] });
  const lastLine = new LastLine();
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    onText(text);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    lastLine.add(text);
    onText(text);
  });
  const { code, failure } = await ended(child);
  return { code, output, lastWords: failure ?? String(lastLine) };
}

/** Wait for a process to end; `failure` says why it could not be started. */
export function ended(child: ChildProcess): Promise<{ code: number | undefined; failure?: string }> {
  return new Promise((resolve) => {
    child.once("error", (error) => {
      resolve({ code: undefined, failure: error.message });
    });
    // Not "exit": what it has written must have been read.
    child.once("close", (code) => {
      resolve({ code: code ?? undefined });
    });
  });
}
