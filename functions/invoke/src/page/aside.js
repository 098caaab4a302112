// Beside the conversation: earlier ones, what is connected, who is signed in.

import { button, element, plainly } from "./dom.js";
import { ask, request } from "./run.js";
import { label } from "./words.js";

const history = document.getElementById("history");
const connections = document.getElementById("connections");
const DAY = 86_400_000;
const KEPT = "countersign-connections";

function day(time) {
  const midnight = new Date().setHours(0, 0, 0, 0);
  if (time >= midnight) return "Today";
  return time >= midnight - DAY ? "Yesterday" : "Earlier";
}

/** The newest conversations, so many pages of them, and whether there are more. */
async function sessions(pages) {
  const all = [];
  let page = "";
  do {
    const { sessions, next } = await ask(`/sessions?limit=25${page && `&page=${page}`}`);
    all.push(...sessions);
    page = next;
  } while (page && --pages);
  return [all, page];
}

/** The list of conversations; `now` is the one that is open. */
export async function showHistory(now, open, pages = 1) {
  const lists = new Map();
  let next;
  try {
    const [all, more] = await sessions(pages);
    next = more;
    for (const session of all) {
      const when = day(Date.parse(session.updatedAt));
      if (!lists.has(when)) lists.set(when, element("ul"));
      lists.get(when).append(entry(session, now, open));
    }
  } catch (error) {
    history.replaceChildren(element("p", { class: "quiet" }, error.message));
    return;
  }
  history.replaceChildren(...[...lists].flatMap(([when, list]) => [element("h2", {}, when), list]));
  if (next) history.append(button("Show more", () => showHistory(now, open, pages + 1)));
}

function entry({ sessionId, title, updatedAt }, now, open) {
  const isNow = sessionId === now;
  const link = element("a", {
    href: `/c/${sessionId}`,
    "aria-current": isNow && "page",
    onclick: (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      open(sessionId);
    },
  }, title ? plainly(title) : new Date(updatedAt).toLocaleString());
  const item = element("li", { class: isNow ? "now" : "" }, link);
  const remove = button("Delete", async () => {
    if (!remove.classList.contains("sure")) {
      remove.classList.add("sure");
      remove.textContent = "Delete it?";
      return;
    }
    try {
      await ask(`/sessions/${sessionId}`, { method: "DELETE" });
      item.remove();
      document.getElementById("new").focus();
      if (isNow) open(undefined);
    } catch (error) {
      remove.textContent = error.message;
    }
  }, { "aria-label": `Delete “${title ?? sessionId}”` });
  remove.addEventListener("blur", () => {
    remove.classList.remove("sure");
    remove.textContent = "Delete";
  });
  item.append(remove);
  return item;
}

/** What is connected, as it was at most five minutes ago, unless that has changed since. */
export async function connected(hasChanged) {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
  if (!hasChanged && Date.now() - kept.at < 300_000) return kept.connections;
  const known = await ask("/connections").catch(() => undefined);
  if (known) sessionStorage.setItem(KEPT, JSON.stringify({ at: Date.now(), connections: known.connections }));
  return known?.connections ?? [];
}

/** What the user has allowed, and how they take it back. */
export async function showConnections(hasChanged) {
  connections.replaceChildren(...(await connected(hasChanged)).map(connection));
}

const STATES = { not_connected: "not connected", refused: "no longer allowed there", unknown: "not known at the moment" };

function connection({ provider, status, account, scopes }) {
  const name = label(provider);
  if (status !== "connected") return element("p", { class: "chip" }, `${name}: ${STATES[status] ?? status}`);
  const disconnect = button("Disconnect", async () => {
    if (!disconnect.dataset.sure) {
      disconnect.dataset.sure = "yes";
      disconnect.textContent = "Disconnect it?";
      return;
    }
    try {
      const { message } = await ask(`/connections/${encodeURIComponent(provider)}`, { method: "DELETE" });
      await showConnections(true);
      const said = element("p", { class: "chip", role: "status", tabindex: "-1" }, message);
      connections.append(said);
      said.focus();
    } catch (error) {
      disconnect.textContent = error.message;
    }
  });
  return element("p", { class: "chip", title: scopes?.join(", ") }, `${name}: `, element("b", {}, account), " ", disconnect);
}

/** Ends the session in this browser; `done` hides what only the signed-in can use. */
export async function signOut(done) {
  try {
    const reply = await request("/sign-out", { method: "POST" });
    if (reply.status === 401) return location.reload();
    const said = await reply.json();
    done(reply.ok, said.message ?? said.detail);
  } catch {
    done(false, "The service can’t be reached. You are still signed in.");
  }
}
