/**
 * How things stand, as a value, and in words.
 *
 * Two halves: whether there is a server (`Health`, known here), and what it last said of itself
 * (`ServerStatus`, its notification `didChangeStatus`).
 */

import reasons from "./reasons.json";

/** What a person can do about a problem; each is a command of the extension. */
export type Remedy = "install" | "chooseServer" | "choosePython" | "restart" | "showLog";

/** Why there is no server. */
export interface Problem {
  /** One of a few; a person is told once per code. */
  readonly code: "missing" | "unusable" | "outdated" | "silent" | "crashed" | "noPython" | "installFailed";
  /** What is wrong and what to do, one or two sentences. */
  readonly words: string;
  /** The likeliest first. */
  readonly remedies: readonly Remedy[];
}

export type Health =
  | { readonly kind: "starting" }
  | { readonly kind: "installing"; readonly step: string }
  | { readonly kind: "running"; readonly version: string; readonly command: string }
  | { readonly kind: "stopped" }
  | { readonly kind: "broken"; readonly problem: Problem };

/** Parameters of `didChangeStatus`. */
export interface ServerStatus {
  readonly kind: "Normal" | "Warning" | "Error" | "Inactive";
  readonly busy: boolean;
  /** Reason code of the last silence, certificate of the last text, a sentence, or "". */
  readonly message: string;
  /** What mends it: a command of the server. */
  readonly command?: { readonly title: string; readonly command: string };
}

/** What is remembered of a server's statuses. */
export interface Memory {
  readonly now: ServerStatus;
  /** Reason code of the last silence, or "". */
  readonly silence: string;
  /** Certificate of the last suggestion, or "". */
  readonly certificate: string;
}

/** Of a server that has said nothing yet: it loads the model first. */
export const BLANK: Memory = { now: { kind: "Normal", busy: true, message: "model_loading" }, silence: "", certificate: "" };

const WORDS: Readonly<Record<string, string>> = reasons;

/** Silences that say something about a request and nothing about the place in the text. */
const FLEETING = new Set(["cancelled", "superseded", "model_loading"]);

/** Return the words for a reason code; a newer server's unknown code stands for itself. */
export function inWords(code: string): string {
  return WORDS[code] ?? code.replaceAll("_", " ");
}

/** Return what is remembered after the server has said `status`. */
export function remember(memory: Memory, status: ServerStatus): Memory {
  const { message } = status;
  if (status.kind !== "Normal" || message === "" || FLEETING.has(message)) {
    return { ...memory, now: status };
  }
  return isReason(message)
    ? { ...memory, now: status, silence: message }
    : { now: status, silence: "", certificate: message };
}

function isReason(message: string): boolean {
  return message in WORDS || /^[a-z]+(_[a-z]+)+$/.test(message);
}

/** What a status item shows. */
export interface View {
  readonly text: string;
  /** Sentences, the most important first. */
  readonly lines: readonly string[];
  readonly severity: "none" | "warning" | "error";
  /** What the server offers to do about it. */
  readonly mend?: { readonly title: string; readonly command: string };
}

/** Return the view of a state. */
export function describe(health: Health, memory: Memory): View {
  switch (health.kind) {
    case "starting":
      return { text: "$(sync~spin) Verifill", lines: ["Starting."], severity: "none" };
    case "installing":
      return { text: "$(sync~spin) Verifill", lines: [`Installing: ${health.step}.`], severity: "none" };
    case "stopped":
      return { text: "$(circle-slash) Verifill", lines: ["Stopped."], severity: "none" };
    case "broken":
      return { text: "$(error) Verifill", lines: [health.problem.words], severity: "error" };
    case "running":
      return describeServer(health.version, memory);
  }
}

function describeServer(version: string, { now, silence, certificate }: Memory): View {
  const last = [
    ...(certificate === "" ? [] : [`Last suggestion: ${certificate}.`]),
    ...(silence === "" ? [] : [`No suggestion here: ${inWords(silence)}.`]),
  ];
  if (now.busy) {
    return { text: "$(sync~spin) Verifill", lines: ["Loading the model; suggestions begin when it is there."], severity: "none" };
  }
  if (now.kind === "Error" || now.kind === "Warning") {
    const severity = now.kind === "Error" ? "error" : "warning";
    const lines = [sentence(inWords(now.message)), ...last];
    return { text: `$(${severity}) Verifill`, lines, severity, ...(now.command === undefined ? {} : { mend: now.command }) };
  }
  if (now.kind === "Inactive") {
    return { text: "$(circle-slash) Verifill", lines: [sentence(inWords(now.message))], severity: "none" };
  }
  return { text: "$(check) Verifill", lines: [`Ready (${version}).`, ...last], severity: "none" };
}

function sentence(words: string): string {
  const text = words === "" ? "something is wrong; the log may say what" : words;
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}
