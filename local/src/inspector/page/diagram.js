// One hop as a row: an arrow between two lanes. The row's label says the same in words.

import { drawn, element } from "./dom.js";

export const PLACES = {
  browser: "Browser", load_balancer: "Load balancer", agent: "Agent", bedrock: "Bedrock", s3: "S3",
  agentcore: "AgentCore Identity", binder: "Session Binding", github: "GitHub", identity_provider: "Identity provider",
};
export const KINDS = {
  plain: "a request", identity: "who is signed in", token: "a token of the vault",
  consent: "a consent", bound: "binding", refused: "refused",
};
const NAMES = Object.keys(PLACES);
const WIDTH = 1376;
const place = (name) => 70 + NAMES.indexOf(name) * 148;

export function lanes() {
  const names = NAMES.map((name) => drawn("text", { x: place(name), y: 21, "text-anchor": "middle", fill: "currentColor" }, PLACES[name]));
  return drawn("svg", { viewBox: `0 0 ${WIDTH} 34`, preserveAspectRatio: "xMinYMid" }, ...names);
}

export function legend() {
  return Object.entries(KINDS).map(([kind, words]) => element("span", { class: `k-${kind}` }, element("b", {}, "→ "), words));
}

export function row(hop) {
  const [from, to] = [place(hop.from), place(hop.to)];
  const way = Math.sign(to - from) || 1;
  const [start, end] = [from + 4 * way, to - 5 * way];
  const head = `${end},25 ${end - 9 * way},20.5 ${end - 9 * way},29.5`;
  const svg = drawn("svg", { viewBox: `0 0 ${WIDTH} 40`, preserveAspectRatio: "xMinYMid", "aria-hidden": "true" },
    ...NAMES.map((name) => drawn("line", { class: "lane", x1: place(name), x2: place(name), y1: 0, y2: 40 })),
    drawn("line", { class: "arrow", x1: start, x2: end - 6 * way, y1: 25, y2: 25 }),
    drawn("polygon", { class: "head", points: head }),
    drawn("text", { class: "title", x: Math.min(from, to) + 8, y: 17 }, hop.title),
    drawn("text", { class: "note", x: Math.max(from, to) + 10, y: 29 }, hop.note));
  const open = hop.milliseconds === null ? " open" : "";
  const words = `${hop.number}: ${PLACES[hop.from]} to ${PLACES[hop.to]}, ${hop.title}, ${hop.note}, ${KINDS[hop.kind]}`;
  return element("div", { class: `hop k-${hop.kind}${open}`, role: "option", id: `hop-${hop.number}`, "aria-selected": "false" }, element("span", { class: "unseen" }, words), svg);
}
