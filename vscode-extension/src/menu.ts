/** The menu behind the status item. */

import { commands, QuickPickItemKind, type QuickPickItem, window } from "vscode";
import type { Health, View } from "./health";
import { TITLES } from "./notices";

interface Entry extends QuickPickItem {
  readonly command?: string;
}

/** Show what can be done now, and do it. */
export async function showMenu(health: Health, view: View): Promise<void> {
  const entries: Entry[] = [
    { label: view.lines.join(" "), kind: QuickPickItemKind.Separator },
    ...(health.kind === "broken" ? remedies(health.problem.remedies) : []),
    ...(view.mend === undefined ? [] : [{ label: `$(lightbulb) ${view.mend.title}`, command: view.mend.command }]),
    ...(health.kind === "running" ? forRunning() : []),
    { label: "$(debug-restart) Restart the server", command: "verifill.restart" },
    { label: "$(output) Show the log", command: "verifill.showLog" },
    { label: "$(gear) Settings", command: "verifill.openSettings" },
  ];
  const chosen = await window.showQuickPick(entries, { title: "Verifill", placeHolder: view.lines[0] ?? "" });
  if (chosen?.command !== undefined) {
    await commands.executeCommand(chosen.command);
  }
}

function remedies(names: readonly (keyof typeof TITLES)[]): Entry[] {
  const others = names.filter((name) => name !== "restart" && name !== "showLog");
  return others.map((name) => ({ label: `$(lightbulb) ${TITLES[name]}`, command: `verifill.${name}` }));
}

function forRunning(): Entry[] {
  const language = window.activeTextEditor?.document.languageId;
  return [
    { label: "$(sparkle) Suggest here", command: "verifill.trigger" },
    ...(language === undefined
      ? []
      : [{ label: `$(circle-slash) Suggestions in ${language} on or off`, command: "verifill.toggle" }]),
    { label: "$(list-tree) How the last completion came about", command: "verifill.trace" },
    { label: "$(graph) Statistics", command: "verifill.statistics" },
    { label: "$(pulse) Doctor: does everything work?", command: "verifill.doctor" },
    { label: "$(server-process) Restart the engine", command: "verifill.restartEngine" },
  ];
}
