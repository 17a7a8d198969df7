import { counted, kindOf, node, telling, visible } from "./elements.js";

/** What happened when: forward passes and their guesses, waits, and questions to the analysis below them. */

const AHEAD = 12; // questions asked ahead that are shown; the ones that a name needed are all shown

/** Return the timeline of a trace. */
export function timeline(trace) {
  const end = endOf(trace);
  const guesses = Math.max(1, ...trace.passes.map(({ drafted }) => drafted));
  const periods = trace.periods.map((period) => {
    const words = `${period.what.replaceAll("_", " ")}: ${period.ms.toFixed(1)} ms`;
    return placed(telling(`period ${period.what}`, words), period, end);
  });
  const passes = trace.passes.map((pass, index) => {
    const made = telling(`pass ${kindOf(pass.source || "model")}`, inWords(pass, index));
    return placed(made, pass, end);
  });
  const drafts = trace.passes.filter(({ drafted }) => drafted).map((pass) => placed(draftOf(pass, guesses), pass, end));
  return node(
    "section",
    { class: "timeline", "aria-label": "timeline" },
    node("h2", {}, "Time"),
    lane("prompt, waiting", ...periods),
    lane("forward passes", ...passes),
    lane("guesses", ...drafts),
    lane("", ...[0, 0.25, 0.5, 0.75, 1].map((share) => tickAt(share, end))),
    node("ol", { class: "steps", "aria-label": "pass by pass" }, ...trace.passes.map(stepOf)),
  );
}

/** Return the questions to the analysis, on the same time axis. */
export function questions(trace) {
  const end = endOf(trace);
  const needed = trace.facts.filter((fact) => fact.needed);
  const ahead = trace.facts.filter((fact) => !fact.needed);
  const shown = ahead.length > AHEAD ? `, ${AHEAD} of them shown` : "";
  const others = ahead.slice(0, AHEAD).map((fact) => questionOf(fact, end));
  return node(
    "section",
    { class: "timeline questions", "aria-label": "questions to the analysis" },
    node("h2", {}, "Questions to the analysis"),
    trace.facts.length ? null : node("p", {}, "None was asked."),
    ...needed.map((fact) => questionOf(fact, end)),
    ahead.length ? node("details", {}, node("summary", {}, `asked ahead: ${ahead.length}${shown}`), ...others) : null,
  );
}

function endOf({ passes, periods, facts }) {
  const ends = [...passes, ...periods].map(({ start, ms }) => start + ms);
  return Math.max(1, ...ends, ...facts.map(({ answered }) => answered ?? 0));
}

function lane(label, ...children) {
  const name = node("span", { class: "name", title: label }, label);
  return node("div", { class: "lane" }, name, node("div", { class: "track" }, ...children));
}

/** Put an element where it belongs on the time axis. */
function placed(made, { start, ms }, end) {
  made.style.left = `${(100 * start) / end}%`;
  made.style.width = `${(100 * ms) / end}%`;
  return made;
}

function tickAt(share, end) {
  const tick = node("span", { class: "tick" }, `${(share * end).toFixed(0)} ms`);
  tick.style.left = `${100 * share}%`;
  return tick;
}

/** Return a pass's guesses as a box, those that were right filled. */
function draftOf({ drafted, accepted, source }, most) {
  const right = node("span", { class: "right" });
  right.style.height = `${(100 * accepted) / drafted}%`;
  const box = node("span", { class: `draft ${kindOf(source)}` }, right);
  box.style.height = `${(100 * drafted) / most}%`;
  return box;
}

function inWords({ ms, drafted, accepted, source, text }, index) {
  const guessed = source ? `, ${accepted} of ${drafted} guesses of ${source} right` : "";
  return `pass ${index + 1}: ${ms.toFixed(1)} ms${guessed}, wrote ${visible(text)}`;
}

/** Return what was written after a pass, and how many guesses were right. */
function stepOf({ text, drafted, accepted, source }) {
  const guesses = drafted ? node("small", {}, ` ${accepted}/${drafted} ${source}`) : null;
  return node("li", { class: kindOf(source || "model") }, node("code", {}, visible(text)), guesses);
}

function questionOf(fact, end) {
  const { kind, receiver, asked, answered, cached, late } = fact;
  const state = cached ? "cached" : answered === null ? "never" : late ? "late" : "ontime";
  const line = telling(`fact ${state}`, historyOf(fact));
  return lane(`${kind} ${receiver}`.trim(), placed(line, { start: asked, ms: (answered ?? end) - asked }, end));
}

function historyOf({ asked, answered, cached, late, verified, names, origin }) {
  const told = [`asked at ${asked.toFixed(1)} ms`];
  if (cached) told.push("known already");
  else told.push(answered === null ? "no answer in time" : `answered at ${answered.toFixed(1)} ms`);
  if (late) told.push(verified ? "late: what was written was checked again" : "late");
  if (answered !== null) told.push(`${counted(names, "name")}${origin ? ` from ${origin}` : ""}`);
  return told.join(", ");
}
