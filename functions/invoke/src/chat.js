"use strict";
const log = document.getElementById("log");
const form = document.getElementById("say");
const field = document.getElementById("message");
const send = document.getElementById("send");
const KEY = "countersign-session";
const WAITS = "countersign-waits";
const MARK = "countersign-mark";
// Somebody else's conversation is not gone on with.
let session = (sessionStorage.getItem(MARK) === log.dataset.mark && sessionStorage.getItem(KEY)) || begin();
let busy = false;

// Every request says for whom this page was made: somebody else may have signed in since.
function request(path, body) {
  const headers = { accept: "application/json", "x-countersign-user": log.dataset.mark };
  if (body) headers["content-type"] = "application/json";
  return fetch(path, { method: "POST", headers, body: body && JSON.stringify(body) });
}

function begin() {
  const id = crypto.randomUUID ? crypto.randomUUID() : String(Date.now());
  sessionStorage.setItem(KEY, id);
  sessionStorage.setItem(MARK, log.dataset.mark);
  sessionStorage.removeItem(WAITS);
  return id;
}

function show(kind, text) {
  const entry = document.createElement("p");
  entry.className = kind;
  entry.textContent = text;
  log.append(entry);
  entry.scrollIntoView({ block: "nearest" });
  return entry;
}

function button(label, action) {
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = label;
  element.addEventListener("click", action);
  return element;
}

function answer(interrupt, status) {
  if (!busy) invoke({ sessionId: session, resume: [{ interruptId: interrupt.id, status }] });
}

// Nothing in an action may be hidden from the person who approves it: invisible characters, and
// those that turn the direction of writing, are shown by their code.
function plainly(value) {
  const hidden = /[^\S\n ]|[\p{Default_Ignorable_Code_Point}\p{C}\p{Zl}\p{Zp}\u2800]/gu;
  const hex = (c) => c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
  const code = (c) => (c === "\n" ? c : `⟨U+${hex(c)}⟩`);
  return JSON.stringify(value, null, 2).replace(hidden, code);
}

function askConsent(interrupt) {
  const scopes = interrupt.scopes.length ? ` (${interrupt.scopes.join(", ")})` : "";
  const choice = interrupt.choice ? ` ${interrupt.choice}` : "";
  const entry = show("consent", `To go on, ${log.dataset.agent} needs your consent at ${interrupt.provider}${scopes}.${choice} What you allow there is kept for ${log.dataset.name}. `);
  if (interrupt.url.startsWith(location.origin + "/")) {
    const link = document.createElement("a");
    link.href = interrupt.url;
    link.target = "_blank";
    link.rel = "noopener";
    link.textContent = `Authorize ${interrupt.provider}`;
    entry.append(link);
  }
  entry.append(" ", button("Continue", resume), " ");
  entry.append(button("Don’t allow", () => answer(interrupt, "cancelled")));
}

function askApproval(interrupt) {
  const entry = show("consent", `${log.dataset.agent} wants to do this as ${plainly(interrupt.account)}: ${plainly(interrupt.tool)}\n`);
  const input = document.createElement("code");
  input.textContent = plainly(interrupt.input);
  entry.append(input, "\n");
  for (const [name, value] of Object.entries(interrupt.details)) {
    entry.append(`${plainly(name)}: ${plainly(value)}\n`);
  }
  entry.append(button("Approve", () => answer(interrupt, "resolved")), " ");
  entry.append(button("Decline", () => answer(interrupt, "cancelled")));
}

function ask(interrupt) {
  if (interrupt.reason === "authorization_required") askConsent(interrupt);
  if (interrupt.reason === "confirmation_required") askApproval(interrupt);
  // All of it, with its buttons.
  log.lastElementChild.scrollIntoView({ block: "nearest" });
}

async function invoke(body) {
  busy = send.disabled = true;
  const working = show("quiet", "Working …");
  let stale = false;
  try {
    const reply = await request("/invocations", body);
    if (reply.status === 401) {
      show("problem", "You are signed out. Reload this page to sign in again.");
      return false;
    }
    const said = await reply.json();
    if (!reply.ok) {
      const entry = show("problem", `${said.detail} (request ${said.requestId}) `);
      stale = said.code === "interrupt_not_open" || said.code === "interrupt_expired";
      if (said.code === "another_user") entry.append(button("Reload", () => location.reload()));
      if (said.code === "turn_unfinished") {
        sessionStorage.setItem(WAITS, "yes");
        entry.append(button("Go on", resume));
      }
      return false;
    }
    if (said.message) show("assistant", said.message);
    log.querySelectorAll(".consent").forEach((old) => old.remove());
    if (said.status === "interrupted") sessionStorage.setItem(WAITS, "yes");
    else sessionStorage.removeItem(WAITS);
    said.interrupts.forEach(ask);
    return true;
  } catch {
    show("problem", "The service can't be reached. Try again.");
    return false;
  } finally {
    working.remove();
    busy = send.disabled = false;
    if (stale) {
      log.querySelectorAll(".consent").forEach((old) => old.remove());
      resume();
    }
  }
}

function resume() {
  if (!busy && sessionStorage.getItem(WAITS)) invoke({ sessionId: session });
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const message = field.value.trim();
  if (!message || busy) return;
  show("user", message);
  field.value = "";
  if (!(await invoke({ sessionId: session, message }))) field.value = message;
});

field.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    form.requestSubmit();
  }
});

document.getElementById("new").addEventListener("click", () => {
  session = begin();
  log.replaceChildren();
  field.focus();
});

document.getElementById("sign-out").addEventListener("click", async () => {
  try {
    const reply = await request("/sign-out");
    if (reply.status === 401) return location.reload();
    const said = await reply.json();
    const entry = show(reply.ok ? "quiet" : "problem", `${said.message || said.detail} `);
    const again = reply.ok ? "Sign in again" : "Reload";
    entry.append(button(again, () => location.reload()));
    if (reply.ok) form.hidden = true;
  } catch {
    show("problem", "The service can't be reached. You are still signed in. Try again.");
  }
});

new BroadcastChannel("countersign").addEventListener("message", resume);
resume();
