// The inspector: hops as they come, those that are chosen, and what one can do with them.

import { detail, outcome } from "./detail.js";
import { lanes, legend, row } from "./diagram.js";
import { element } from "./dom.js";

const at = (id) => document.getElementById(id);
const [list, scroll, aside, flow, person, replay] = ["hops", "scroll", "detail", "flow", "person", "replay"].map(at);
const BEAT = 600;
const hops = new Map();
let [selected, timer] = [undefined, undefined];

at("lanes").append(lanes());
at("legend").append(...legend());

const isShown = (hop) => [[flow, "flow"], [person, "person"]].every(([select, name]) => !select.value || hop[name] === select.value);
const shown = () => [...hops.values()].filter(isShown).sort((a, b) => a.number - b.number);

/** A hop that is new, or better known than before. */
function hear(hop) {
  const isAtEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 120;
  hops.set(hop.number, hop);
  // A flow that no browser has begun is of no interest.
  for (const [select, value] of [[flow, hop.from === "browser" && hop.flow], [person, hop.person]]) {
    if (value && ![...select.options].some((option) => option.value === value)) select.append(element("option", { value }, value.slice(0, 24)));
  }
  if (timer) return;
  const before = at(`hop-${hop.number}`);
  if (!isShown(hop)) before?.remove();
  else if (before) before.replaceWith(row(hop));
  else {
    const next = [...list.children].find((it) => Number(it.id.slice(4)) > hop.number);
    list.insertBefore(row(hop), next ?? null);
  }
  if (selected === hop.number) choose(hop.number);
  count();
  if (isAtEnd) scroll.scrollTop = scroll.scrollHeight;
}

function drawAll() {
  list.replaceChildren(...shown().map(row));
  if (selected !== undefined && at(`hop-${selected}`)) choose(selected);
  count();
}

/** How many there are, how long it took, and how much of that was the person's own time. */
function count() {
  const all = shown();
  at("empty").hidden = hops.size > 0;
  if (!all.length) return void (at("count").textContent = "");
  const ended = (hop) => hop.at + (hop.milliseconds ?? 0);
  const visits = all.filter((hop) => hop.from === "browser");
  let own = 0;
  for (const [number, visit] of visits.entries()) {
    if (number) own += Math.max(0, visit.at - Math.max(...visits.slice(0, number).map(ended)));
  }
  const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(1)} s`;
  const whole = Math.max(...all.map(ended)) - all[0].at;
  at("count").textContent = `${all.length} hops · ${seconds(whole)} (${seconds(own)} yours)`;
}

function choose(number) {
  selected = number;
  list.querySelectorAll("[aria-selected=true]").forEach((it) => it.setAttribute("aria-selected", "false"));
  const chosen = at(`hop-${number}`);
  if (!chosen) return;
  chosen.setAttribute("aria-selected", "true");
  list.setAttribute("aria-activedescendant", chosen.id);
  aside.replaceChildren(...detail(hops.get(number)));
}

list.addEventListener("click", (event) => {
  const hop = event.target.closest(".hop");
  if (hop) choose(Number(hop.id.slice(4)));
});
list.addEventListener("keydown", (event) => {
  const rows = [...list.children];
  const now = rows.findIndex((it) => it.id === `hop-${selected}`);
  const next = { ArrowDown: now + 1, ArrowUp: Math.max(now - 1, 0), Home: 0, End: rows.length - 1 }[event.key];
  if (next === undefined || !rows[next]) return;
  event.preventDefault();
  choose(Number(rows[next].id.slice(4)));
  rows[next].scrollIntoView({ block: "nearest" });
});
for (const select of [flow, person]) select.addEventListener("change", drawAll);

/** One hop after another; what happens meanwhile is shown afterwards. */
function play() {
  if (timer) return stop();
  const all = shown();
  list.replaceChildren();
  replay.textContent = "Stop";
  const next = () => {
    const hop = all.shift();
    if (!hop) return stop();
    list.append(row(hop));
    choose(hop.number);
    list.lastChild.scrollIntoView({ block: "nearest" });
    timer = setTimeout(next, BEAT);
  };
  next();
}

function stop() {
  clearTimeout(timer);
  timer = undefined;
  replay.textContent = "Replay slowly";
  drawAll();
}
replay.addEventListener("click", play);

const post = (path) => fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });

at("clear").addEventListener("click", async () => {
  await post("/clear");
  aside.replaceChildren();
  selected = undefined;
});
at("mermaid").addEventListener("click", async ({ target }) => {
  const reply = await fetch(`/mermaid?${new URLSearchParams({ flow: flow.value, person: person.value })}`);
  await navigator.clipboard.writeText(await reply.text());
  target.textContent = "Copied";
  setTimeout(() => (target.textContent = "Copy as Mermaid"), 2000);
});

const [menu, attacks] = [at("attack"), at("attacks")];
function toggle(isOpen) {
  attacks.hidden = !isOpen;
  menu.setAttribute("aria-expanded", isOpen);
}
menu.addEventListener("click", () => toggle(attacks.hidden));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || attacks.hidden) return;
  toggle(false);
  menu.focus();
});

async function run(attack) {
  toggle(false);
  menu.focus();
  menu.disabled = true;
  aside.replaceChildren(element("h2", {}, attack.title), element("p", {}, attack.story), element("p", { role: "status" }, "The attack is running …"));
  selected = undefined;
  try {
    const reply = await post(`/attacks/${attack.name}`);
    const told = await reply.json();
    aside.replaceChildren(...(reply.ok ? outcome(attack, told) : [element("h2", {}, attack.title), element("p", { role: "alert" }, told.detail)]));
  } catch (error) {
    aside.replaceChildren(element("p", { role: "alert" }, `The attack could not be run: ${error.message}`));
  }
  menu.disabled = false;
}

fetch("/attacks").then((reply) => (reply.ok ? reply.json() : [])).then((all) => {
  menu.hidden = !all.length;
  attacks.append(...all.map((attack) => element("li", {}, element("button", { type: "button", onclick: () => run(attack) }, attack.title, element("small", {}, attack.row)))));
});

const events = new EventSource("/events");
const live = at("live");
events.addEventListener("open", () => {
  live.textContent = "● live";
  live.className = "on";
});
events.addEventListener("error", () => {
  live.textContent = "not connected, trying again …";
  live.className = "";
});
events.addEventListener("hop", (event) => hear(JSON.parse(event.data)));
events.addEventListener("cleared", () => {
  hops.clear();
  if (!timer) drawAll();
});
