/** Settings: the extension's own (`verifill.server.*`), and those that the server is told. */

import { type Uri, type WorkspaceConfiguration, workspace } from "vscode";
import { switchesIn, textIn, textsIn } from "./values";

const SECTION = "verifill";

/** How the server is found, started and installed; no workspace may say. */
export interface ServerSettings {
  readonly path: string;
  readonly arguments: readonly string[];
  readonly python: string;
  readonly package: string;
  readonly torchIndex: string;
}

export function serverSettings(): ServerSettings {
  const section = workspace.getConfiguration(`${SECTION}.server`);
  return {
    path: textIn(section.get("path")),
    arguments: textsIn(section.get("arguments")),
    python: textIn(section.get("python")),
    package: textIn(section.get("package")),
    torchIndex: textIn(section.get("torchIndex")),
  };
}

/**
 * Return what the server shall know.
 *
 * Only what somebody has set: the defaults of VS Code would stand above the user's own settings file.
 *
 * @param keys The keys of the server's settings, without the section.
 * @param editorPython The interpreter that the Python extension has chosen there, if any.
 * @param folder Where; undefined for the first folder of the workspace.
 */
export function forServer(
  keys: readonly string[],
  editorPython: string | undefined,
  folder: Uri | undefined,
): Record<string, unknown> {
  const section = workspace.getConfiguration(SECTION, folder ?? workspace.workspaceFolders?.[0]?.uri ?? null);
  const values = keys.filter((key) => isSet(section, key)).map((key) => [key, section.get(key)] as const);
  return {
    ...Object.fromEntries(values),
    ...(editorPython === undefined ? {} : { editorPython }),
    trusted: workspace.isTrusted,
  };
}

function isSet(section: WorkspaceConfiguration, key: string): boolean {
  const found = section.inspect(key);
  return [found?.globalValue, found?.workspaceValue, found?.workspaceFolderValue].some((value) => value !== undefined);
}

/** Return the language ids that the server is asked about: Python, and what is switched on beside it. */
export function chosenLanguages(): readonly string[] {
  const switches = switchesIn(workspace.getConfiguration(SECTION).get("languages"));
  const others = Object.keys(switches).filter((name) => switches[name] === true && name !== "python");
  return ["python", ...others];
}

/** Documents of a language, or of any, as editor and protocol both describe them. */
export interface Filter {
  readonly scheme: string;
  readonly language?: string;
}

export function selector(): Filter[] {
  const languages = chosenLanguages().includes("*") ? [undefined] : chosenLanguages();
  return languages.flatMap((language) =>
    ["file", "untitled"].map((scheme) => ({ scheme, ...(language === undefined ? {} : { language }) })),
  );
}

/** Switch suggestions in a language on or off, for the user; return whether they are on now. */
export async function toggleLanguage(language: string): Promise<boolean> {
  const section = workspace.getConfiguration(SECTION);
  const switches = switchesIn(section.get("languages"));
  const on = !(switches[language] ?? (language === "python" || switches["*"] === true));
  await section.update("languages", { ...switches, [language]: on }, true);
  return on;
}
