// Elements without HTML in strings: what comes from outside is text, wherever it goes.

/** Makes an element with attributes and contents: texts or elements. */
export function element(name, attributes = {}, ...contents) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== undefined && value !== false) made.setAttribute(key, value);
  }
  made.append(...contents.filter((it) => it !== undefined));
  return made;
}

export function button(label, onclick, more = {}) {
  return element("button", { type: "button", onclick, ...more }, label);
}

const HIDDEN = /[^\S\n ]|[\p{Default_Ignorable_Code_Point}\p{C}\p{Zl}\p{Zp}\u2800]/gu;

/**
 * Nothing in an action may be hidden from who approves it: invisible characters, and those that turn
 * the direction of writing, are shown by their code.
 */
export function plainly(text) {
  const hex = (c) => c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
  return text.replace(HIDDEN, (c) => (c === "\n" ? c : `⟨U+${hex(c)}⟩`));
}

/** A value as JSON, plainly. */
export const asJson = (value) => plainly(JSON.stringify(value, null, 2));

/** How long something took or lasts, for people. */
export function duration(milliseconds) {
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")} min`;
}

/** When it was: the day is left out if it is today. */
export function clock(time) {
  const then = new Date(time);
  const day = then.toDateString() === new Date().toDateString() ? {} : { day: "numeric", month: "short" };
  return then.toLocaleString([], { ...day, hour: "2-digit", minute: "2-digit" });
}
