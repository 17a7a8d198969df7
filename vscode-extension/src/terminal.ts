/** A terminal with one of Verifill's own reports in it. */

import { EventEmitter, window } from "vscode";
import { run } from "./programs";

/** Run a program and show what it says; the terminal stays when it has ended. */
export function showInTerminal(name: string, command: string, args: readonly string[]): void {
  const said = new EventEmitter<string>();
  const aborter = new AbortController();
  const write = (text: string): void => {
    said.fire(text.replaceAll(/\r?\n/g, "\r\n"));
  };
  const open = async (): Promise<void> => {
    const { code, lastWords } = await run(command, args, aborter.signal, write);
    write(code === undefined ? `\n${lastWords}\n` : `\n(ended with ${code})\n`);
  };
  const pty = {
    onDidWrite: said.event,
    open: () => void open(),
    close: () => {
      aborter.abort();
    },
  };
  window.createTerminal({ name, pty }).show();
}
