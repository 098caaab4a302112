// One hop as a row: an arrow between two lanes. The row's label says the same in words.

import { drawn, element } from "./dom.js";

export const PLACES = {
  browser: "Browser", load_balancer: "Load balancer", agent: "Agent", bedrock: "Bedrock", s3: "S3",
  agentcore: "AgentCore Identity", binder: "Session Binding", github: "GitHub", identity_provider: "Identity provider",
};
const KINDS = {
  plain: "a request", identity: "who is signed in", token: "a token of the vault",
  consent: "a consent", bound: "binding", refused: "refused",
};
const NAMES = Object.keys(PLACES);
const [HEIGHT, ARROW] = [42, 25];
/** The least that the lanes need. */
export const WIDTH = 1100;
const place = (name) => 56 + NAMES.indexOf(name) * 122;
const pen = document.createElement("canvas").getContext("2d");

/** The names of the lanes; the browser's with its person, if all that is shown is one person's. */
export function lanes(person) {
  const name = (it) => (it === "browser" && person ? `Browser (${person})` : PLACES[it]);
  const names = NAMES.map((it) => drawn("text", { x: place(it), y: 21, "text-anchor": "middle", fill: "currentColor" }, cut(name(it), 118, "600 12.5px")));
  return drawn("svg", { width: WIDTH, height: 34 }, ...names);
}

/** The lanes themselves, behind the rows. */
export function lines() {
  const line = (name) => drawn("line", { class: "lane", x1: place(name), x2: place(name), y1: 0, y2: "100%" });
  return drawn("svg", { width: WIDTH, height: "100%" }, ...NAMES.map(line));
}

export function legend() {
  return Object.entries(KINDS).map(([kind, words]) => element("span", { class: `k-${kind}` }, element("b", {}, "→ "), words));
}

/** As much of `text` as has room. */
function cut(text, room, font) {
  pen.font = `${font} system-ui, sans-serif`;
  const wide = pen.measureText(text).width;
  return wide <= room ? text : `${text.slice(0, Math.max(0, Math.floor((text.length * room) / wide) - 2))}…`;
}

/** The note is beside the arrow; where there is more room under it, it is there. */
function note(text, left, right, width) {
  const isWide = cut(text, width - right - 16, "11.5px") === text;
  const [x, y, room] = isWide || right - left < width - right ? [right + 10, ARROW + 4, width - right - 16] : [left + 8, ARROW + 13, right - left - 12];
  return drawn("text", { class: "note", x, y }, cut(text, room, "11.5px"));
}

function words({ number, from, to, title, note, status, milliseconds, kind }) {
  const state = milliseconds === null ? "under way" : status;
  return `${number}: ${[`${PLACES[from]} to ${PLACES[to]}`, title, note, state, KINDS[kind]].filter(Boolean).join(", ")}`;
}

export function row(hop, width) {
  const [from, to] = [place(hop.from), place(hop.to)];
  const way = Math.sign(to - from) || 1;
  const [start, end] = [from + 4 * way, to - 4 * way];
  const head = `${end},${ARROW} ${end - 9 * way},${ARROW - 4.5} ${end - 9 * way},${ARROW + 4.5}`;
  const [left, right] = [Math.min(from, to), Math.max(from, to)];
  const svg = drawn("svg", { width, height: HEIGHT, "aria-hidden": "true" },
    drawn("line", { class: "arrow", x1: start, x2: end - 6 * way, y1: ARROW, y2: ARROW }),
    drawn("polygon", { class: "head", points: head }),
    drawn("text", { class: "title", x: left + 8, y: 16 }, cut(hop.title, width - left - 16, "600 12px")),
    note(hop.note, left, right, width));
  const open = hop.milliseconds === null ? " open" : "";
  const attributes = { class: `hop k-${hop.kind}${open}`, role: "option", id: `hop-${hop.number}`, "aria-selected": "false" };
  return element("div", attributes, element("span", { class: "unseen" }, words(hop)), svg);
}
