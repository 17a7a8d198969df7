/** Elements that pages are made of.  Every text goes through textContent: none is ever read as markup. */

/** Return an element: attributes as an object, children as nodes or texts; null and "" are left out. */
export function node(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== ""));
  return made;
}

/** Return rows of a label, a bar and a number; `rows` are {label, value, shown, kind, note}. */
export function bars(rows, most = Math.max(...rows.map((row) => row.value), 1e-9)) {
  return node("div", { class: "bars" }, ...rows.flatMap((row) => barOf(row, most)));
}

function barOf({ label, value, shown, kind = "", note = "" }, most) {
  const bar = node("span", { class: `bar ${kind}` });
  bar.style.width = value ? `max(2px, ${Math.min(100, (100 * value) / most)}%)` : "0";
  return [
    node("span", { class: `label ${kind}` }, label),
    node("span", { class: "track" }, bar),
    node("span", { class: "number" }, shown, note && node("small", {}, ` ${note}`)),
  ];
}

/** Return an element that tells in words what it shows, to the mouse, the keyboard and screen readers. */
export function telling(kind, words, ...children) {
  const attributes = { class: kind, title: words, "aria-label": words, role: "img", tabindex: "0" };
  return node("span", attributes, ...children);
}

/** Return a text with blanks and line ends that can be seen. */
export function visible(text) {
  if (text === "") return "(end)";
  const shown = unix(text).replaceAll("\n", "\u21b5").replaceAll("\t", "\u21e5");
  return shown.trim() ? shown : shown.replaceAll(" ", "\u2423");
}

/** Return a text with \n as its only line end. */
export function unix(text) {
  return text.replaceAll("\r\n", "\n").replaceAll("\r", "\n");
}

/** Return a number with its noun. */
export function counted(number, noun, plural = `${noun}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? noun : plural}`;
}

const ORIGINS = {
  model: ["model", "the model"],
  monitor: ["forced", "forced by the analysis"],
  heal: ["typed", "what you had typed"],
};

/** Return the class that colours what a drafter, or the model, wrote. */
export function kindOf(origin) {
  return (ORIGINS[origin] ?? ["copied"])[0];
}

/** Say what an origin is. */
export function meaningOf(origin) {
  return (ORIGINS[origin] ?? [null, `guessed by ${origin}, checked by the model`])[1];
}
