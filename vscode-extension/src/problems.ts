/** The problems that a person may meet, each with its cause and its mend. */

import type { Problem } from "./health";
import type { Server } from "./discovery";
import { OLDEST_SERVER } from "./versions";

export function missing(setting: string): Problem {
  return setting === ""
    ? {
        code: "missing",
        words: "The Verifill server is not installed. Install it now, or choose a verifill that you have.",
        remedies: ["install", "chooseServer"],
      }
    : {
        code: "missing",
        words: `There is no program ${setting}, which the setting verifill.server.path names. Mend the setting or clear it.`,
        remedies: ["chooseServer", "install"],
      };
}

export function unusable(server: Server, why: string): Problem {
  return {
    code: "unusable",
    words: `${server.command} (from ${server.origin}) is not a Verifill server: ${why}. Choose another program.`,
    remedies: ["chooseServer", "install", "showLog"],
  };
}

export function outdated(server: Server, version: string): Problem {
  return {
    code: "outdated",
    words: `${server.command} is Verifill ${version}, and this extension needs ${OLDEST_SERVER} or newer. Upgrade it, or install one for this editor.`,
    remedies: ["install", "chooseServer"],
  };
}

export function silent(server: Server, seconds: number): Problem {
  return {
    code: "silent",
    words: `${server.command} has not answered for ${seconds} seconds. Restart it, or look into the log.`,
    remedies: ["restart", "showLog", "chooseServer"],
  };
}

export function crashed(lastWords: string, times: number): Problem {
  const count = times === 1 ? "ended" : `ended ${times} times in a short while`;
  const said = lastWords === "" ? "It said nothing; the log may have more" : `It said: ${lastWords}`;
  return {
    code: "crashed",
    words: `The Verifill server ${count}. ${said}`,
    remedies: ["restart", "showLog", "install"],
  };
}

export function failed(error: unknown): Problem {
  return {
    code: "crashed",
    words: `The Verifill server could not be started: ${String(error)}. Look into the settings verifill.server.`,
    remedies: ["restart", "showLog"],
  };
}

export function noPython(): Problem {
  return {
    code: "noPython",
    words:
      "Verifill needs Python 3.11 or newer, and none was found. Install one, or name it in the setting verifill.server.python.",
    remedies: ["choosePython", "chooseServer"],
  };
}

export function installFailed(step: string, lastWords: string): Problem {
  return {
    code: "installFailed",
    words: `Installing failed (${step}): ${lastWords === "" ? "no message" : lastWords}`,
    remedies: ["install", "showLog", "chooseServer"],
  };
}
