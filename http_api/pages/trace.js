import { codeAndDetails } from "./code.js";
import { counted, kindOf, meaningOf, node, unix, visible } from "./elements.js";
import { questions, timeline } from "./timeline.js";

/**
 * Draws the trace of a completion: `draw(element, trace)` fills an element.
 *
 * Plain JavaScript without dependencies, for pages and for editors' web views; colours and layout are in trace.css.
 * The shape of `trace`, of which files of traces (docs/trace.md) have more:
 *
 *   result    the object of docs/json.md; where its "trace" is null there is no timeline and no probability
 *   request   {document: {path, text}, offset}: where the cursor was, in code points; may be missing
 */
export function draw(element, trace) {
  const { result } = trace;
  const file = around(trace.request);
  element.classList.add("verifill-trace");
  element.replaceChildren(
    summary(result, file),
    codeAndDetails(result, file),
    ...(result.trace ? [timeline(result.trace), questions(result.trace)] : []),
    ...rewritings(result),
    ...others(result),
    legend(result),
  );
}

/** Return the code around the cursor, line ends as \n; null if it did not come along. */
function around(request) {
  if (!request) return null;
  const characters = [...request.document.text];
  const [before, after] = [characters.slice(0, request.offset), characters.slice(request.offset)];
  return { path: request.document.path, before: unix(before.join("")), after: unix(after.join("")) };
}

function summary(result, file) {
  const { counters, timings_ms: times } = result;
  const facts = [`${result.model}, ${result.dtype}, ${result.device}`];
  if (times.total !== undefined) facts.push(`${times.total.toFixed(0)} ms`);
  if (counters.new_tokens !== undefined) {
    const passes = counted(counters.forward_passes, "forward pass", "forward passes");
    facts.push(`${counted(counters.new_tokens, "token")} in ${passes}`);
  }
  const place = file ? `${file.path.split(/[\\/]/).pop()}:${file.before.split("\n").length}` : null;
  const verdict = result.reason ? `no text: ${result.reason}` : (result.certificate ?? "no name to check");
  return node(
    "header",
    {},
    place && node("h1", {}, place),
    node("p", { class: "facts" }, facts.join(" \u00b7 ")),
    node("p", { class: result.certificate ? "certificate" : "certificate none" }, verdict),
  );
}

function rewritings({ trace, tokens }) {
  if (!trace?.rewritings.length) return [];
  const why = { line: "the line did not stand", fact: "a fact came late" };
  const items = trace.rewritings.map(({ token, text, cause }) => {
    const from = ` from token ${token + 1} (${visible(tokens[token]?.text ?? "")}) on: ${why[cause]}`;
    return node("li", {}, node("del", {}, visible(text)), from);
  });
  return [node("section", {}, node("h2", {}, "Written again"), node("ul", {}, ...items))];
}

function others(result) {
  const rest = result.candidates.slice(1).filter(({ text }) => text);
  if (!rest.length) return [];
  const texts = rest.map(({ text }) => node("pre", {}, unix(text)));
  return [node("section", {}, node("h2", {}, "Other candidates"), ...texts)];
}

function legend({ tokens, trace }) {
  const entry = (kind, words) => node("span", {}, node("i", { class: `swatch ${kind}` }), words);
  return node(
    "footer",
    { class: "legend" },
    ...[...new Set(tokens.map(({ origin }) => origin))].map((origin) => entry(kindOf(origin), meaningOf(origin))),
    entry("denied", "something was struck out here"),
    trace ? entry("analysis_wait", "waiting for the analysis") : null,
    node("span", {}, "hover, or Tab and arrow keys: the token's alternatives"),
  );
}
