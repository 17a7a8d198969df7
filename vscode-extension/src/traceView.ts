/** The panel beside the editor in which a trace is shown. */

import { randomBytes } from "node:crypto";
import { ViewColumn, type WebviewPanel, window } from "vscode";
import { inWords } from "./health";
import { emptyPage, type Trace, tracePage } from "./trace";

let panel: WebviewPanel | undefined;

/** Show a trace, or that there is none, in the one panel. */
export function showTrace(trace: Trace | null): void {
  if (panel === undefined) {
    panel = window.createWebviewPanel("verifill.trace", "Verifill: last completion", {
      viewColumn: ViewColumn.Beside,
      preserveFocus: true,
    });
    panel.onDidDispose(() => {
      panel = undefined;
    });
  }
  const nonce = randomBytes(16).toString("base64url");
  const silence = inWords(trace?.reason ?? "");
  panel.webview.html = trace === null ? emptyPage() : tracePage(trace, silence, nonce);
  panel.reveal(undefined, true);
}
