/** The page that shows how a completion came about.  No script, nothing from outside. */

/** What `verifill.traceLast` returns; docs/json.md of the server is the contract. */
export interface Trace {
  readonly text: string;
  readonly reason: string | null;
  readonly certificate: string | null;
  readonly model: string;
  readonly dtype: string;
  readonly device: string;
  readonly timings_ms: Readonly<Record<string, number>>;
  readonly counters: Readonly<Record<string, unknown>>;
  readonly tokens: readonly Token[];
}

interface Token {
  readonly text: string;
  /** "model", or the drafter that guessed it. */
  readonly origin: string;
  readonly denied: readonly { readonly monitor: string; readonly text: string }[];
  /** It is not in the text. */
  readonly cut: boolean;
}

/** How a token came to be: the class that colours it, and words. */
interface Origin {
  readonly colour: "model" | "monitor" | "copied" | "heal";
  readonly words: string;
}

const ORIGINS: Readonly<Record<string, Origin>> = {
  model: { colour: "model", words: "the model" },
  monitor: { colour: "monitor", words: "forced by the analysis" },
  heal: { colour: "heal", words: "what was typed" },
};

/** Return what is known of an origin; drafters that are not named above copy from somewhere. */
function originOf(name: string): Origin {
  return ORIGINS[name] ?? { colour: "copied", words: `copied (${name}), then checked by the model` };
}

const STYLE = `
body { font-family: var(--vscode-font-family); color: var(--vscode-foreground); padding: 0 1.5rem 2rem; max-width: 60rem; }
h1 { font-size: 1.3rem; font-weight: 600; } h2 { font-size: 1rem; margin-top: 1.8rem; }
.lead { color: var(--vscode-descriptionForeground); }
pre { font: var(--vscode-editor-font-size) / 2.2 var(--vscode-editor-font-family); white-space: pre-wrap; tab-size: 4;
  background: var(--vscode-textCodeBlock-background); padding: .8rem 1rem; border-radius: 6px; overflow-x: auto; }
.token { border-bottom: 3px solid var(--origin); padding-bottom: 2px; }
.model { --origin: var(--vscode-charts-blue); } .monitor { --origin: var(--vscode-charts-green); }
.copied { --origin: var(--vscode-charts-orange); } .heal { --origin: var(--vscode-charts-purple); }
.cut { opacity: .55; text-decoration: line-through; }
.refused::after { content: attr(data-n); color: var(--vscode-charts-red); font-size: .75em; vertical-align: super; }
.mark { color: var(--vscode-descriptionForeground); }
.legend > span { margin-right: 1.2rem; white-space: nowrap; }
table { border-collapse: collapse; } td, th { padding: .25rem 1.2rem .25rem 0; text-align: left; vertical-align: top; }
td.n { text-align: right; font-variant-numeric: tabular-nums; } code { font-family: var(--vscode-editor-font-family); }
.bar { display: inline-block; height: .7rem; background: var(--vscode-charts-blue); border-radius: 2px; min-width: 1px; }
`;

/** Return the page; `nonce` is a fresh random word, and `silence` the words for the reason if there is no text. */
export function tracePage(trace: Trace, silence: string, nonce: string): string {
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'nonce-${nonce}'">
<title>Verifill: the last completion</title><style nonce="${nonce}">${STYLE}${barRules(trace)}</style></head><body>
<h1>The last completion</h1>
<p class="lead">${escape(trace.certificate ?? (silence === "" ? "No name had to be checked." : `No text: ${silence}.`))}</p>
<pre>${trace.tokens.map(drawToken).join("")}</pre>
${legend(trace)}
${refusals(trace)}
${timings(trace)}
${counters(trace)}
<p class="lead">${escape(`${trace.model}, ${trace.dtype}, ${trace.device}`)}</p>
</body></html>`;
}

/** Return the page for when there is nothing to show. */
export function emptyPage(): string {
  return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'"></head>
<body><p>There has been no completion in this window yet.</p></body></html>`;
}

function drawToken(token: Token, index: number, tokens: readonly Token[]): string {
  const refused = token.denied.length > 0;
  const classes = ["token", originOf(token.origin).colour, ...(token.cut ? ["cut"] : []), ...(refused ? ["refused"] : [])];
  const number = tokens.slice(0, index + 1).filter((other) => other.denied.length > 0).length;
  const words = `${originOf(token.origin).words}${token.cut ? ", cut off" : ""}`;
  const mark = refused ? ` data-n="${number}"` : "";
  return `<span class="${classes.join(" ")}" title="${escape(words)}"${mark}>${visible(token.text)}</span>`;
}

/** Return a token's text with its line ends shown. */
function visible(text: string): string {
  return escape(text).replaceAll(/\r\n|\n|\r/g, '<span class="mark">⏎</span>\n');
}

function legend(trace: Trace): string {
  const origins = [...new Set(trace.tokens.map((token) => token.origin))].map(originOf);
  const entries = origins.map(
    ({ colour, words }) => `<span><span class="token ${colour}">&emsp;</span> ${escape(words)}</span>`,
  );
  const cut = trace.tokens.some((token) => token.cut && token.text !== "") ? [`<span><span class="cut">text</span> cut off</span>`] : [];
  return `<p class="legend">${[...entries, ...cut].join("")}</p>`;
}

function refusals(trace: Trace): string {
  const rows = trace.tokens
    .filter((token) => token.denied.length > 0)
    .map(({ text, denied }, i) => {
      const texts = denied.map((item) => `<code>${escape(JSON.stringify(item.text))}</code> (${escape(item.monitor)})`);
      return `<tr><td class="n">${i + 1}</td><td><code>${escape(JSON.stringify(text))}</code></td><td>${texts.join(", ")}</td></tr>`;
    });
  return rows.length === 0
    ? ""
    : `<h2>Refused</h2><table><tr><th></th><th>written</th><th>what the model wanted instead (who refused it)</th></tr>${rows.join("")}</table>`;
}

function timings(trace: Trace): string {
  const rows = Object.entries(trace.timings_ms).map(
    ([name, ms], i) =>
      `<tr><td>${escape(name.replaceAll("_", " "))}</td><td class="n">${ms.toFixed(1)}</td><td><span class="bar b${i}"></span></td></tr>`,
  );
  return `<h2>Milliseconds</h2><table>${rows.join("")}</table>`;
}

/** The policy forbids style attributes, so widths stand in the style sheet. */
function barRules(trace: Trace): string {
  const times = Object.values(trace.timings_ms);
  const longest = Math.max(...times, 1e-9);
  return times.map((ms, i) => `.b${i} { width: ${((12 * ms) / longest).toFixed(2)}rem; }`).join("\n");
}

function counters(trace: Trace): string {
  const rows = Object.entries(trace.counters)
    .map(([name, value]) => [name.replaceAll("_", " "), flat(value)] as const)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `<tr><td>${escape(name)}</td><td>${escape(value)}</td></tr>`);
  return `<h2>Counts</h2><table>${rows.join("")}</table>`;
}

function flat(value: unknown): string {
  if (typeof value === "object" && value !== null) {
    const entries: [string, unknown][] = Object.entries(value);
    return entries.map(([name, count]) => `${name.replaceAll("_", " ")} ${String(count)}`).join(", ");
  }
  return String(value);
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
