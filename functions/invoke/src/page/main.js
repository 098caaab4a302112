// The chat page: which conversation is open, what is typed, what one can do now.

import { showConnections, showHistory, signOut } from "./aside.js";
import { Conversation } from "./conversation.js";
import { button } from "./dom.js";
import { id } from "./run.js";

const at = (name) => document.getElementById(name);
const [log, form, field, send, stop, status, empty, aside, menu] =
  ["log", "say", "message", "send", "stop", "status", "empty", "aside", "menu"].map(at);
const { mark } = document.body.dataset;
const conversations = new Map();
let current;

// What another person typed in this tab is not shown.
if (sessionStorage.getItem("countersign-mark") !== mark) {
  sessionStorage.clear();
  sessionStorage.setItem("countersign-mark", mark);
}

const named = () => location.pathname.match(/^\/c\/([A-Za-z0-9_-]{1,128})$/)?.[1];
const draft = () => `countersign-draft-${current.isNew ? "" : current.threadId}`;

/** Shows a conversation; `undefined` begins one. */
function open(threadId, { keepsAddress } = {}) {
  if (!keepsAddress) window.history.pushState(null, "", threadId ? `/c/${threadId}` : "/");
  const isNew = threadId === undefined;
  const name = threadId ?? id();
  if (!conversations.has(name)) {
    const made = new Conversation(name, changed);
    made.isNew = isNew;
    conversations.set(name, made);
    if (!isNew) made.load().then(() => scroll(made));
  }
  current = conversations.get(name);
  log.querySelector(".talk")?.remove();
  log.append(current.root);
  field.value = sessionStorage.getItem(draft()) ?? "";
  aside.classList.remove("open");
  menu.setAttribute("aria-expanded", "false");
  changed(current);
  showHistory(name, open);
  field.focus();
}

function changed(conversation) {
  if (conversation !== current) return;
  empty.hidden = !(current.isNew && current.turns.length === 0);
  status.textContent = current.status;
  send.hidden = current.isBusy;
  stop.hidden = !current.isBusy;
  scroll(conversation);
  settle();
}

/** What had the focus may be gone: one goes on at the message, but a phone's keyboard stays down. */
function settle() {
  if (document.activeElement === document.body && matchMedia("(pointer: fine)").matches) field.focus({ preventScroll: true });
}

/** To its end, unless one has scrolled up to read. */
function scroll(conversation) {
  if (conversation !== current) return;
  const rest = log.scrollHeight - log.scrollTop - log.clientHeight;
  if (conversation.card?.isConnected) conversation.card.scrollIntoView({ block: "nearest" });
  else if (rest < 400) log.scrollTop = log.scrollHeight;
}
new MutationObserver(() => scroll(current)).observe(log, { childList: true, subtree: true, characterData: true });

async function say(text) {
  const conversation = current;
  if (!text || conversation.isBusy) return;
  sessionStorage.removeItem(draft());
  field.value = "";
  const wasNew = conversation.isNew;
  if (wasNew) {
    conversation.isNew = false;
    window.history.replaceState(null, "", `/c/${conversation.threadId}`);
  }
  await conversation.say(text);
  if (wasNew) showHistory(current.threadId, open);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  say(field.value.trim());
});
field.addEventListener("input", () => sessionStorage.setItem(draft(), field.value));
field.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});
stop.addEventListener("click", () => {
  current.stop();
  field.focus();
});
at("new").addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(undefined);
});
menu.addEventListener("click", () => menu.setAttribute("aria-expanded", aside.classList.toggle("open")));
at("sign-out").addEventListener("click", () => signOut((isOut, text) => {
  const again = button(isOut ? "Sign in again" : "Reload", () => location.reload());
  status.replaceChildren(text, " ", again);
  if (isOut) form.querySelector(".box").hidden = true;
}));
window.addEventListener("popstate", () => open(named(), { keepsAddress: true }));

/** A consent was given in another tab. */
async function comeBack() {
  const waiting = [...conversations.values()].filter((it) => it.waitsForConsent && !it.isBusy);
  await Promise.all(waiting.map((it) => it.load()));
  showConnections(true);
}
new BroadcastChannel("countersign").addEventListener("message", comeBack);

for (const it of at("suggestions").children) it.addEventListener("click", () => say(it.firstChild.textContent));
form.hidden = false;
open(named(), { keepsAddress: true });
showConnections();
