import { bars, counted, node } from "./elements.js";

/**
 * The dashboard: asks `/v1/stats` (docs/http.md) every second and shows the counts.  The token comes from the
 * address (`#token=...`, which is removed at once) or is asked for; the browser keeps it until the tab is closed.
 */

const EVERY_MS = 1000;
const KEY = "verifill-token";

export function start(element) {
  element.classList.add("verifill-trace", "dashboard");
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    sessionStorage.setItem(KEY, given);
    history.replaceState(null, "", location.pathname);
  }
  watch(element);
}

async function watch(element) {
  const token = sessionStorage.getItem(KEY);
  if (!token)
    return element.replaceChildren(form(element, "This page needs the token that `verifill serve` has shown."));
  try {
    const reply = await fetch("/v1/stats", { headers: { Authorization: `Bearer ${token}` }, cache: "no-store" });
    if (reply.status === 401) {
      sessionStorage.removeItem(KEY);
      return element.replaceChildren(form(element, "That is not the token."));
    }
    element.replaceChildren(...board(await reply.json()));
  } catch {
    element.classList.add("stale");
    document.title = "Verifill (no answer)";
    return setTimeout(watch, 3 * EVERY_MS, element);
  }
  element.classList.remove("stale");
  document.title = "Verifill";
  setTimeout(watch, EVERY_MS, element);
}

function form(element, words) {
  const input = node("input", {
    type: "password",
    name: "token",
    autocomplete: "off",
    "aria-label": "token",
    required: "",
  });
  const made = node("form", {}, node("h1", {}, "Verifill"), node("p", {}, words), input, node("button", {}, "Show"));
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    sessionStorage.setItem(KEY, input.value.trim());
    watch(element);
  });
  return made;
}

function board(stats) {
  const { latency_ms: latency, facts, events } = stats;
  const silent = sum(stats.reasons);
  const perPass = stats.forward_passes ? stats.new_tokens / stats.forward_passes : null;
  const guessed = sum(stats.drafted);
  return [
    node(
      "header",
      {},
      node("h1", {}, "Verifill"),
      node(
        "p",
        { class: "facts" },
        [
          stats.model ? `${stats.model} on ${stats.device}` : "the model is loading",
          `up ${duration(stats.uptime_s)}`,
          `${stats.active} of at most ${stats.most_requests} requests at work`,
          `version ${stats.version}`,
        ].join(" \u00b7 "),
      ),
    ),
    node(
      "div",
      { class: "tiles" },
      tile("half within", ms(latency.p50), "median latency"),
      tile("9 of 10 within", ms(latency.p90), "90th percentile"),
      tile("99 of 100 within", ms(latency.p99), "99th percentile"),
      tile(
        "tokens a pass",
        perPass === null ? "\u2013" : perPass.toFixed(2),
        guessed ? `${share(sum(stats.accepted), guessed)} of guesses right` : "no guesses yet",
      ),
      tile(
        "completions",
        counted(stats.completions - silent, "text"),
        silent ? `and ${silent} without` : "none without",
      ),
    ),
    card("Latency of the newest completions", recent(stats.recent_ms)),
    node(
      "div",
      { class: "cards" },
      card(
        "Guesses by drafter, right ones of all",
        table(
          stats.drafted,
          "copied",
          (name, drafted) => ({
            value: (stats.accepted[name] ?? 0) / Math.max(1, drafted),
            shown: share(stats.accepted[name] ?? 0, drafted),
            note: `of ${drafted.toLocaleString("en")}`,
          }),
          "No guesses yet.",
          1,
        ),
      ),
      card("Refused by monitor", table(stats.denied, "bad", plain, "Nothing was refused yet.")),
      card(
        "Questions to the analysis",
        table(
          {
            "on time": facts.on_time ?? 0,
            late: facts.late ?? 0,
            "checked again": facts.verified_late ?? 0,
            unknown: facts.unknown ?? 0,
          },
          "",
          (name, count) => ({ ...plain(name, count), kind: { "on time": "good", unknown: "" }[name] ?? "copied" }),
        ),
      ),
      card("Facts lacking, by question", table(stats.unknown, "copied", plain, "None was lacking.")),
      card("Reasons for silence", table(stats.reasons, "bad", plain, "No completion was silent.")),
      card(
        "What clients showed",
        table({ shown: events.view, accepted: events.select, dismissed: events.dismiss }, "good", plain),
      ),
      card("Replies by status", table(stats.replies, "model", plain, "No replies yet.")),
      card(
        "Prompt tokens",
        table({ computed: stats.prefilled_tokens, "still in the cache": stats.reused_tokens }, "model", plain),
      ),
    ),
    node(
      "footer",
      { class: "legend" },
      node("span", {}, "Requests of this server since its start; no text of any document is kept."),
    ),
  ];
}

const plain = (name, count) => ({ value: count, shown: count.toLocaleString("en") });

function table(counts, kind, describe, empty = "", most = undefined) {
  const rows = Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => ({ label: name.replaceAll("_", " "), kind, ...describe(name, count) }));
  return rows.length ? bars(rows, most) : node("p", { class: "facts" }, empty);
}

function tile(label, value, words) {
  return node("div", { class: "tile" }, node("span", {}, label), node("strong", {}, value), node("small", {}, words));
}

function card(title, content) {
  return node("section", { class: "card" }, node("h2", {}, title), content);
}

/** One column a completion, the newest on the right. */
function recent(times) {
  if (!times.length) return node("p", { class: "facts" }, "No completion yet.");
  const most = Math.max(...times);
  const columns = times.map((time) => {
    const column = node("span", { title: ms(time) });
    column.style.height = `${Math.max(2, (100 * time) / most)}%`;
    return column;
  });
  return node(
    "div",
    { class: "recent", role: "img", "aria-label": `the newest ${times.length}, up to ${ms(most)}` },
    ...columns,
    node("small", {}, ms(most)),
  );
}

function sum(counts) {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

function ms(time) {
  return time === null ? "\u2013" : time >= 1000 ? `${(time / 1000).toFixed(2)} s` : `${time.toFixed(0)} ms`;
}

function share(part, whole) {
  return whole ? `${((100 * part) / whole).toFixed(0)} %` : "\u2013";
}

function duration(seconds) {
  if (seconds < 60) return `${seconds.toFixed(0)} s`;
  return seconds < 3600 ? `${(seconds / 60).toFixed(0)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
