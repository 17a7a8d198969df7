/** The item in the status bar: one symbol, and behind it words. */

import { type Disposable, MarkdownString, StatusBarAlignment, ThemeColor, window } from "vscode";
import { BLANK, describe, type Health, type Memory, remember, type ServerStatus, type View } from "./health";

const BACKGROUNDS = {
  none: undefined,
  warning: new ThemeColor("statusBarItem.warningBackground"),
  error: new ThemeColor("statusBarItem.errorBackground"),
};

export class Status implements Disposable {
  readonly #item = window.createStatusBarItem("verifill.status", StatusBarAlignment.Right, 100);
  #health: Health = { kind: "starting" };
  #memory: Memory = BLANK;

  constructor() {
    this.#item.name = "Verifill";
    this.#item.command = "verifill.menu";
    this.#draw();
    this.#item.show();
  }

  get health(): Health {
    return this.#health;
  }

  get view(): View {
    return describe(this.#health, this.#memory);
  }

  show(health: Health): void {
    if (health.kind !== "running") {
      this.#memory = BLANK;
    }
    this.#health = health;
    this.#draw();
  }

  hear(status: ServerStatus): void {
    this.#memory = remember(this.#memory, status);
    this.#draw();
  }

  dispose(): void {
    this.#item.dispose();
  }

  #draw(): void {
    const { text, lines, severity } = this.view;
    const tooltip = new MarkdownString();
    for (const line of lines) {
      tooltip.appendText(line).appendMarkdown("\n\n");
    }
    this.#item.text = text;
    this.#item.tooltip = tooltip;
    this.#item.accessibilityInformation = { label: `Verifill: ${lines.join(" ")}`, role: "button" };
    this.#item.backgroundColor = BACKGROUNDS[severity];
  }
}
