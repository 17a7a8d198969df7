/** The page that shows how a completion came about; what draws it is the server's own program (http_api/pages). */

/** What `verifill.traceLast` returns, as far as anything is known of it here; docs/language-server.md has the rest. */
export interface Trace {
  readonly document: { readonly path: string; readonly text: string };
  /** The cursor, in code points. */
  readonly offset: number;
  /** Why there is no text, as a code. */
  readonly reason: string | null;
}

/** What the page is made of, as addresses that a web view may load, and the source that its policy trusts. */
export interface Parts {
  readonly script: string;
  readonly style: string;
  readonly source: string;
}

/** Colours and fonts of the editor, in the places of the page's own. */
const THEME = `
body { padding: 0; }
.verifill-trace {
  --ink: var(--vscode-foreground); --quiet: var(--vscode-descriptionForeground);
  --paper: var(--vscode-editor-background); --card: var(--vscode-editorWidget-background);
  --line: var(--vscode-widget-border, var(--vscode-editorWidget-border, transparent));
  --model: var(--vscode-charts-blue); --forced: var(--vscode-charts-purple);
  --typed: var(--vscode-descriptionForeground); --copied: var(--vscode-charts-orange);
  --good: var(--vscode-charts-green); --bad: var(--vscode-charts-red);
  --mono: var(--vscode-editor-font-family); font-family: var(--vscode-font-family);
}
.verifill-trace code { background: none; color: inherit; padding: 0; }`;

/** Return the page; `silence` has the words for the reason if there is no text, `nonce` is a fresh random word. */
export function tracePage(trace: Trace, silence: string, parts: Parts, nonce: string): string {
  const { document, offset, ...result } = trace;
  const drawn = { request: { document, offset }, result: { ...result, reason: silence || result.reason } };
  // Within a script element only "<" could be taken for markup.
  const data = JSON.stringify(drawn).replaceAll("<", "\\u003c");
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; script-src ${parts.source}; style-src ${parts.source} 'nonce-${nonce}'">
<title>Verifill: the last completion</title>
<link rel="stylesheet" href="${parts.style}"><style nonce="${nonce}">${THEME}</style></head><body>
<main id="page"></main>
<script type="application/json" id="data">${data}</script>
<script src="${parts.script}"></script>
</body></html>`;
}

/** Return the page for when there is nothing to show. */
export function emptyPage(): string {
  return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'"></head>
<body><p>There has been no completion in this window yet.</p></body></html>`;
}
