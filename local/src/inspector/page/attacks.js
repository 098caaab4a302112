// The menu of attacks, and what is told of the one that was run.

import { element } from "./dom.js";
import { outcome } from "./detail.js";

const [menu, list] = ["attack", "attacks"].map((id) => document.getElementById(id));
let isRunning = false;

function open(isOpen) {
  list.hidden = !isOpen;
  menu.setAttribute("aria-expanded", isOpen);
}

async function run(attack, { post, show, say }) {
  open(false);
  menu.focus();
  if (isRunning) return;
  isRunning = true;
  menu.setAttribute("aria-disabled", "true");
  const about = [element("h2", {}, attack.title), element("p", {}, attack.story)];
  show([...about, element("p", { class: "verdict" }, "The attack is running …")]);
  say("The attack is running …");
  try {
    const reply = await post(`/attacks/${encodeURIComponent(attack.name)}`);
    const told = await reply.json();
    if (!reply.ok) throw new Error(told.detail);
    const { verdict, contents } = outcome(attack, told);
    show(contents);
    say(verdict);
  } catch (error) {
    const words = `The attack could not be run: ${error.message}`;
    show([...about, element("p", { class: "verdict bad" }, words)]);
    say(words);
  }
  isRunning = false;
  menu.removeAttribute("aria-disabled");
}

/** Offers the attacks, if there are any. */
export async function offer(acts) {
  const reply = await fetch("/attacks");
  const all = reply.ok ? await reply.json() : [];
  const item = (attack) => element("li", {}, element("button", { type: "button", onclick: () => run(attack, acts) }, attack.title, element("small", {}, attack.row)));
  list.replaceChildren(...all.map(item));
  menu.hidden = !all.length;
}

menu.addEventListener("click", () => !isRunning && open(list.hidden));
document.addEventListener("click", (event) => {
  if (!event.target.closest(".menu")) open(false);
});
document.addEventListener("keydown", (event) => {
  if (list.hidden) return;
  const items = [...list.querySelectorAll("button")];
  const to = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Escape") {
    open(false);
    menu.focus();
  } else if (to && event.target.closest(".menu")) {
    event.preventDefault();
    const at = items.indexOf(document.activeElement);
    items[(Math.max(at, to < 0 ? 0 : -1) + to + items.length) % items.length].focus();
  }
});
