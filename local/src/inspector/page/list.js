// The rows: drawn when something has changed, and walked by mouse and keyboard.

import { row, WIDTH } from "./diagram.js";

const [list, scroll] = ["hops", "scroll"].map((id) => document.getElementById(id));
/** How near the end one is where the newest hop stays in sight. */
const NEAR = 120;
const PAGE = 10;
let rows = new WeakMap();
let width = 0;
let selected;

const numberOf = (node) => Number(node.id.slice(4));

function rowOf(hop) {
  if (!rows.has(hop)) rows.set(hop, row(hop, width));
  return rows.get(hop);
}

/** Shows `hops`. Rows that are there already stay, so that what one looks at does not move. */
export function draw(hops) {
  const isAtEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR;
  const now = Math.max(WIDTH, scroll.clientWidth);
  if (now !== width) [width, rows] = [now, new WeakMap()];
  const wanted = hops.map(rowOf);
  const kept = new Set(wanted);
  for (const node of [...list.children]) if (!kept.has(node)) node.remove();
  let next = list.firstElementChild;
  for (const node of wanted) {
    if (node === next) next = next.nextElementSibling;
    else list.insertBefore(node, next);
  }
  mark();
  if (isAtEnd) scroll.scrollTop = scroll.scrollHeight;
}

function mark() {
  list.removeAttribute("aria-activedescendant");
  for (const node of list.children) {
    const isIt = numberOf(node) === selected;
    node.setAttribute("aria-selected", isIt);
    if (isIt) list.setAttribute("aria-activedescendant", node.id);
  }
}

export const chosen = () => selected;

export function choose(number) {
  selected = number;
  mark();
  document.getElementById(`hop-${number}`)?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** Calls `act` with the number of the hop that is clicked on or walked to. */
export function onChoice(act) {
  list.addEventListener("click", (event) => {
    const node = event.target.closest(".hop");
    if (node) act(numberOf(node));
  });
  list.addEventListener("keydown", (event) => {
    const nodes = [...list.children];
    const last = nodes.length - 1;
    const at = nodes.findIndex((node) => numberOf(node) === selected);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + PAGE, PageUp: at - PAGE, Home: 0, End: last }[event.key];
    if (to === undefined || last < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    act(numberOf(nodes[Math.min(Math.max(to, 0), last)]));
  });
}
