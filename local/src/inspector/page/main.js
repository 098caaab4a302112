// The inspector: hops as they come, those that are chosen, and what one can do with them.

import { offer } from "./attacks.js";
import { detail, hint } from "./detail.js";
import { lanes, legend, lines } from "./diagram.js";
import { element } from "./dom.js";
import * as hops from "./hops.js";
import * as list from "./list.js";
import * as replay from "./replay.js";

const at = (id) => document.getElementById(id);
const [aside, flow, person, live] = ["detail", "flow", "person", "live"].map(at);
const FRAME = 16;
/** After everything was forgotten, all that is kept is told again: it is drawn at once. */
const ALL = 100;
let timer;
let told;

at("lines").append(lines());
at("legend").append(...legend());

function soon(wait = FRAME) {
  if (wait === ALL) clearTimeout(timer);
  else if (timer) return;
  timer = setTimeout(draw, wait);
}

function draw() {
  clearTimeout(timer);
  timer = undefined;
  const replayed = replay.part();
  const all = replayed ?? hops.shown();
  list.draw(all);
  if (replayed) list.choose(replayed.at(-1)?.number);
  offerChoices();
  at("count").textContent = hops.figures(all);
  const persons = new Set(all.map((hop) => hop.person).filter(Boolean));
  at("lanes").replaceChildren(lanes(persons.size === 1 ? [...persons][0] : ""));
  const isFiltered = Boolean(flow.value || person.value);
  at("empty").hidden = Boolean(all.length) || isFiltered;
  at("unmatched").hidden = Boolean(all.length) || !isFiltered;
  tell();
}

/** The chosen hop, as it is known now; an attack's end stays until something is chosen. */
function tell() {
  const number = list.chosen();
  if (number === undefined) return;
  const hop = hops.get(number);
  if (hop === told) return;
  told = hop;
  if (!hop) list.choose(undefined);
  aside.replaceChildren(...(hop ? detail(hop) : hint()));
}

function offerChoices() {
  const choices = hops.choices();
  for (const select of [flow, person]) {
    const offered = choices[select.id];
    if (select.value && !offered.has(select.value)) offered.set(select.value, select.selectedOptions[0].text);
    for (const option of [...select.options].slice(1)) if (!offered.has(option.value)) option.remove();
    for (const [value, text] of offered) {
      const known = [...select.options].find((option) => option.value === value);
      if (!known) select.append(element("option", { value }, text));
      else if (known.text !== text) known.text = text;
    }
  }
}

list.onChoice((number) => {
  list.choose(number);
  tell();
});

function filter() {
  replay.halt();
  hops.show({ flow: flow.value, person: person.value });
  draw();
}
for (const select of [flow, person]) select.addEventListener("change", filter);
addEventListener("resize", () => soon());
replay.begin(hops.shown, draw);

const say = (words) => (at("said").textContent = words);
const post = (path) => fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });

function show(contents) {
  list.choose(undefined);
  told = undefined;
  aside.replaceChildren(...contents);
  aside.scrollTop = 0;
}

/** Runs `act`, and says how it ended. */
const attempt = (act, done, failed) => async () => {
  try {
    await act();
    say(done);
  } catch (error) {
    say(`${failed}: ${error.message}`);
  }
};
at("clear").addEventListener("click", attempt(async () => {
  const reply = await post("/clear");
  if (!reply.ok) throw new Error(reply.statusText);
  flow.value = person.value = "";
  filter();
  show(hint());
}, "Cleared", "Not cleared"));
at("mermaid").addEventListener("click", attempt(async () => {
  const reply = await fetch(`/mermaid?${new URLSearchParams({ flow: flow.value, person: person.value })}`);
  if (!reply.ok) throw new Error(reply.statusText);
  await navigator.clipboard.writeText(await reply.text());
}, "Copied", "Not copied"));

offer({ post, show, say }).catch((error) => say(`The attacks are not known: ${error.message}`));

let events;

function connect() {
  events = new EventSource("/events");
  events.addEventListener("open", () => {
    live.textContent = "● live";
    live.className = "on";
    hops.forget();
    soon(ALL);
  });
  events.addEventListener("error", () => {
    live.textContent = "○ reconnecting …";
    live.className = "";
  });
  events.addEventListener("hop", (event) => {
    hops.hear(JSON.parse(event.data));
    soon();
  });
  events.addEventListener("forgotten", (event) => {
    hops.remove(Number(event.data));
    soon();
  });
  events.addEventListener("cleared", () => {
    hops.forget();
    soon(ALL);
  });
}

// A browser has six connections to one address: a tab that nobody looks at keeps none of them.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) events.close();
  else connect();
});
connect();
