/** Tells the server which document the person looks at, so that the model has read it when it is asked. */

import { type Disposable, languages, type TextEditor, window } from "vscode";
import type { LspSession } from "./session";
import { selector } from "./settings";

export function followFocus(session: () => LspSession | undefined): Disposable {
  const tell = (editor: TextEditor | undefined): void => {
    if (editor !== undefined && languages.match(selector(), editor.document) > 0) {
      void session()?.client.sendNotification("textDocument/didFocus", {
        textDocument: { uri: editor.document.uri.toString() },
      });
    }
  };
  return window.onDidChangeActiveTextEditor(tell);
}
