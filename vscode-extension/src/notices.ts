/** Notifications: one for each kind of problem, with what can be done about it. */

import { commands, window } from "vscode";
import type { Problem, Remedy } from "./health";

/** What buttons say; the command is `verifill.` and the remedy. */
export const TITLES: Readonly<Record<Remedy, string>> = {
  install: "Install",
  chooseServer: "Choose a Program",
  choosePython: "Choose a Python",
  restart: "Restart",
  showLog: "Show Log",
};

export class Notices {
  readonly #told = new Set<Problem["code"]>();

  /** Tell of a problem, unless its kind has been told of. */
  tell(problem: Problem): void {
    if (!this.#told.has(problem.code)) {
      this.#told.add(problem.code);
      void this.#show(problem);
    }
  }

  /** The person has done something about it: what goes wrong from now on is news. */
  forget(): void {
    this.#told.clear();
  }

  async #show(problem: Problem): Promise<void> {
    const remedies = problem.remedies.slice(0, 2);
    const chosen = await window.showWarningMessage(problem.words, ...remedies.map((remedy) => TITLES[remedy]));
    const remedy = remedies.find((candidate) => TITLES[candidate] === chosen);
    if (remedy !== undefined) {
      await commands.executeCommand(`verifill.${remedy}`);
    }
  }
}
