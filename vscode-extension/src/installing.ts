/** Making an environment with the server in it. */

import { rm } from "node:fs/promises";
import { inEnvironment } from "./discovery";
import { run } from "./programs";

/** What is to be installed, and where. */
export interface Plan {
  /** Folder of the virtual environment; what is there is replaced. */
  readonly folder: string;
  /** Python 3.11 or newer. */
  readonly python: string;
  /** Path of a wheel, or a requirement. */
  readonly wanted: string;
  /** File with exact versions, or undefined. */
  readonly constraints: string | undefined;
  /** Index with torch for the CPU alone, or "" for the default index. */
  readonly torchIndex: string;
  readonly windows: boolean;
}

/** One program of an installation. */
export interface Step {
  /** As a person reads it. */
  readonly words: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Whether the installation goes on when it fails. */
  readonly optional: boolean;
}

/** A step that has failed. */
export class InstallError extends Error {
  constructor(
    readonly step: string,
    readonly lastWords: string,
  ) {
    super(`${step}: ${lastWords}`);
  }
}

const PIP = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input"];

/** Return the steps of an installation, in order. */
export function steps(plan: Plan): Step[] {
  const python = inEnvironment(plan.folder, "python", plan.windows);
  const versions = plan.constraints === undefined ? [] : ["-c", plan.constraints];
  // The index is asked briefly and once: behind a closed network the default one has to do.
  const torch = [...PIP, ...versions, "--no-deps", "--retries", "0", "--timeout", "15", "--index-url", plan.torchIndex];
  return [
    { words: "making an environment", command: plan.python, args: ["-m", "venv", plan.folder], optional: false },
    ...(plan.torchIndex === ""
      ? []
      : [{ words: "torch (about 200 MB)", command: python, args: [...torch, "torch"], optional: true }]),
    { words: "Verifill and the rest", command: python, args: [...PIP, ...versions, plan.wanted], optional: false },
  ];
}

/**
 * Carry out a plan.  What an installation that failed leaves behind is removed.
 *
 * @throws InstallError A step failed, or `signal` fired.
 */
export async function install(
  plan: Plan,
  signal: AbortSignal,
  onStep: (words: string) => void,
  onText: (text: string) => void,
): Promise<void> {
  try {
    await rm(plan.folder, { recursive: true, force: true });
  } catch (error) {
    throw new InstallError("removing what was there", String(error)); // Windows keeps a program that runs
  }
  for (const step of steps(plan)) {
    onStep(step.words);
    const { code, lastWords } = await run(step.command, step.args, signal, onText);
    if (code !== 0 && (!step.optional || signal.aborted)) {
      await rm(plan.folder, { recursive: true, force: true });
      throw new InstallError(step.words, signal.aborted ? "stopped" : lastWords);
    }
  }
}

const NAMES = ["python3.13", "python3.12", "python3.11", "python3", "python"];
const IS_NEW_ENOUGH = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))";

/** Return the first Python that is 3.11 or newer and can make environments; `named` alone is tried if it is not "". */
export async function findPython(named: string, signal: AbortSignal): Promise<string | undefined> {
  for (const name of named === "" ? NAMES : [named]) {
    if ((await run(name, ["-c", IS_NEW_ENOUGH], signal)).code === 0) {
      return name;
    }
  }
  return undefined;
}
