import { bars, kindOf, meaningOf, node, unix, visible } from "./elements.js";

/** The code with the completion in its place, and what can be said of the token that is chosen in it. */

const AROUND = { before: 12, after: 6 };

/** Return the code and the details beside it; `file` is {path, before, after}, or null. */
export function codeAndDetails(result, file) {
  const details = node("section", { class: "details", "aria-live": "polite" });
  const code = codeOf(result, file);
  choosable([...code.querySelectorAll(".token")], (index) => details.replaceChildren(...detailsOf(result, index)));
  return node("div", { class: "columns" }, code, details);
}

function codeOf(result, file) {
  const { before, kept, after, rest, label } = piecesOf(result, file);
  const rows = linesOf([before, ...kept, after]);
  const first = linesOf([before]).length - 1;
  const last = linesOf([before, ...kept]).length - 1;
  const from = Math.max(0, first - AROUND.before);
  const lines = rows.slice(from, last + AROUND.after + 1).map((row, at) => {
    const own = from + at >= first && from + at <= last;
    const number = node("span", { class: "number" }, file ? `${from + at + 1}` : "");
    return node("div", { class: own ? "line own" : "line" }, number, node("code", {}, ...marked(row, result)));
  });
  const below = rest.length ? node("p", { class: "rest" }, label, ...marked(rest, result)) : null;
  return node("section", { class: "code", "aria-label": "the code, token by token" }, ...lines, below);
}

/**
 * Cut the code into pieces {text, index}: index is that of a token, null for the document's own text.
 *
 * The first tokens may repeat the end of what was typed, and the last ones may not have been kept.  Where one
 * character's bytes stand in several tokens, their texts do not spell the completion: it is one piece then.
 */
function piecesOf(result, file) {
  const before = file?.before ?? "";
  const text = unix(result.text);
  const typed = before.slice(before.lastIndexOf("\n") + 1);
  const written = result.tokens.map((token) => token.text).join("");
  const repeated = overlap(typed, written, text);
  const after = { text: file?.after ?? "", index: null };
  if (!written.startsWith(text, repeated)) {
    const all = result.tokens.map((token, index) => ({ text: visible(token.text), index }));
    return {
      before: { text: before, index: null },
      kept: [{ text, index: null }],
      after,
      rest: all,
      label: "tokens: ",
    };
  }
  const kept = [];
  const rest = [];
  let room = repeated + text.length;
  result.tokens.forEach((token, index) => {
    const shown = token.text.slice(0, room);
    room -= shown.length;
    if (shown) kept.push({ text: shown, index });
    if (shown !== token.text || !token.text) rest.push({ text: visible(token.text.slice(shown.length)), index });
  });
  const start = { text: before.slice(0, before.length - repeated), index: null };
  return { before: start, kept, after, rest, label: "not kept: " };
}

/** Return how many characters before the cursor the tokens repeat. */
function overlap(typed, written, text) {
  const fits = [...Array(typed.length + 1).keys()].filter((n) => typed.endsWith(written.slice(0, n)));
  return fits.find((n) => text && written.startsWith(text, n)) ?? fits.at(-1);
}

/** Cut pieces at line ends; a token that is nothing else stands at the end of its line as no width at all. */
function linesOf(pieces) {
  const rows = [[]];
  for (const { text, index } of pieces) {
    text.split("\n").forEach((part, number, parts) => {
      if (number) rows.push([]);
      const ends = index !== null && number < parts.length - 1;
      if (part || ends) rows.at(-1).push({ text: part || "\u200b", index });
    });
  }
  return rows;
}

function marked(pieces, result) {
  return pieces.map(({ text, index }) => (index === null ? text : tokenOf(text, index, result.tokens[index])));
}

function tokenOf(text, index, token) {
  const kind = `token ${kindOf(token.origin)}${token.denied.length ? " denied" : ""}`;
  const words = `${visible(token.text)}, ${meaningOf(token.origin)}`;
  return node("span", { class: kind, "data-index": index, "aria-label": words, role: "button", tabindex: "-1" }, text);
}

/** Have tokens shown when the mouse is on them, or the keyboard comes to them. */
function choosable(tokens, show) {
  const choose = (chosen) => {
    for (const token of tokens) {
      token.classList.toggle("chosen", token.dataset.index === chosen.dataset.index);
      token.setAttribute("tabindex", token === chosen ? "0" : "-1");
    }
    show(Number(chosen.dataset.index));
  };
  tokens.forEach((token, place) => {
    token.addEventListener("mouseenter", () => choose(token));
    token.addEventListener("focus", () => choose(token));
    token.addEventListener("keydown", (event) => {
      const next = tokens[place + ({ ArrowRight: 1, ArrowLeft: -1 }[event.key] ?? NaN)];
      if (!next) return;
      event.preventDefault();
      next.focus();
    });
  });
  const first = tokens.find((token) => token.classList.contains("denied")) ?? tokens[0];
  if (first) choose(first);
}

function detailsOf(result, index) {
  const token = result.tokens[index];
  const traced = result.trace?.tokens[index];
  const struck = traced?.struck ?? token.denied;
  const tag = node("span", { class: `tag ${kindOf(token.origin)}` }, meaningOf(token.origin));
  const parts = [node("h2", {}, node("code", {}, visible(token.text)), tag)];
  if (traced) parts.push(node("h3", {}, "What the model would have written"), alternativesOf(token, traced));
  if (struck.length)
    parts.push(node("h3", {}, "Struck out"), node("ul", { class: "reasons" }, ...struck.map(reasonOf)));
  if (token.cut) parts.push(node("p", {}, "It was cut off again, or a part of it."));
  return parts;
}

function alternativesOf(token, { probability: own, alternatives, struck }) {
  const out = new Set(struck.map(({ text }) => text));
  const known = alternatives.some(({ text }) => text === token.text);
  const all = known ? alternatives : [...alternatives, { text: token.text, probability: own }];
  const rows = all.map(({ text, probability }) => ({
    label: visible(text),
    value: probability,
    shown: percent(probability),
    kind: text === token.text ? "taken" : out.has(text) ? "struck" : "",
  }));
  return bars(rows, 1);
}

function reasonOf({ text, monitor, name, fact, origin }) {
  const where = fact ? `: ${name} is not among the ${fact.split(".")[0]}${origin ? ` (${origin})` : ""}` : "";
  return node("li", {}, node("del", {}, visible(text)), ` by ${monitor}${where}`);
}

function percent(probability) {
  if (probability >= 0.9995) return "100 %";
  return probability < 0.001 ? "< 0.1 %" : `${(100 * probability).toFixed(1)} %`;
}
