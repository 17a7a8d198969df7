/** Where the server is: the setting, else the PATH, else the chosen Python environment, else the extension's own. */

import { join } from "node:path";

/** A program that may be the server. */
export interface Server {
  readonly command: string;
  /** As the log names it. */
  readonly origin: string;
}

/** Where to look. */
export interface Places {
  /** The setting `verifill.server.path`, or "". */
  readonly setting: string;
  /** The variable PATH. */
  readonly path: string;
  /** The interpreter that the Python extension has chosen, if the workspace is trusted. */
  readonly interpreter: string | undefined;
  /** Folder of the environment that the extension makes. */
  readonly managed: string;
  readonly windows: boolean;
}

/** Return the programs that may be the server, the first choice first. */
export function* candidates(places: Places): Generator<Server> {
  // Whoever names a program wants that one: no other is looked for behind his back.
  if (places.setting !== "") {
    yield { command: places.setting, origin: "the setting verifill.server.path" };
    return;
  }
  const name = places.windows ? "verifill.exe" : "verifill";
  for (const folder of places.path.split(places.windows ? ";" : ":")) {
    if (folder !== "") {
      yield { command: join(folder, name), origin: "the PATH" };
    }
  }
  if (places.interpreter !== undefined) {
    const folder = join(places.interpreter, "..");
    // Conda has its interpreter above its programs there.
    for (const programs of places.windows ? [folder, join(folder, "Scripts")] : [folder]) {
      yield { command: join(programs, name), origin: "the chosen Python environment" };
    }
  }
  yield { command: inEnvironment(places.managed, "verifill", places.windows), origin: "the extension's environment" };
}

/** Return the path of a program in a virtual environment. */
export function inEnvironment(folder: string, program: string, windows: boolean): string {
  return windows ? join(folder, "Scripts", `${program}.exe`) : join(folder, "bin", program);
}

/** Return the first candidate that can be run. */
export async function findServer(
  places: Places,
  isExecutable: (path: string) => Promise<boolean>,
): Promise<Server | undefined> {
  for (const server of candidates(places)) {
    if (await isExecutable(server.command)) {
      return server;
    }
  }
  return undefined;
}
