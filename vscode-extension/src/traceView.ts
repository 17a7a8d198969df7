/** The panel beside the editor in which a trace is shown. */

import { randomBytes } from "node:crypto";
import { Uri, ViewColumn, type WebviewPanel, window } from "vscode";
import { inWords } from "./health";
import { emptyPage, type Trace, tracePage } from "./trace";

let panel: WebviewPanel | undefined;

/** Show a trace, or that there is none, in the one panel; `extension` is where the extension's files are. */
export function showTrace(trace: Trace | null, extension: Uri): void {
  const folder = Uri.joinPath(extension, "dist");
  panel ??= openPanel(folder);
  const { webview } = panel;
  const address = (name: string): string => webview.asWebviewUri(Uri.joinPath(folder, name)).toString();
  const parts = { script: address("trace.js"), style: address("trace.css"), source: webview.cspSource };
  const nonce = randomBytes(16).toString("base64url");
  webview.html = trace === null ? emptyPage() : tracePage(trace, inWords(trace.reason ?? ""), parts, nonce);
  panel.reveal(undefined, true);
}

function openPanel(folder: Uri): WebviewPanel {
  const opened = window.createWebviewPanel(
    "verifill.trace",
    "Verifill: last completion",
    { viewColumn: ViewColumn.Beside, preserveFocus: true },
    { enableScripts: true, localResourceRoots: [folder] },
  );
  opened.onDidDispose(() => {
    panel = undefined;
  });
  return opened;
}
