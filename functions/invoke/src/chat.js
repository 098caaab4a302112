"use strict";
const log = document.getElementById("log");
const form = document.getElementById("say");
const field = document.getElementById("message");
const send = document.getElementById("send");
const KEY = "countersign-session";
const WAITS = "countersign-waits";
let session = sessionStorage.getItem(KEY) || begin();
let busy = false;

function begin() {
  const id = crypto.randomUUID ? crypto.randomUUID() : String(Date.now());
  sessionStorage.setItem(KEY, id);
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

// Nothing in an action may be hidden from whoever approves it: invisible characters, and those
// that turn the direction of writing, are shown by their code.
function plainly(value) {
  const hidden = /[^\S\n ]|[\p{Cc}\p{Cf}\p{Co}\p{Cn}\u115f\u1160\u2800\u3164\ufe00-\ufe0f\uffa0]/gu;
  const code = (c) => (c === "\n" ? c : `\\u{${c.codePointAt(0).toString(16)}}`);
  return JSON.stringify(value, null, 2).replace(hidden, code);
}

function askConsent(interrupt) {
  const what = interrupt.scopes.join(", ");
  const entry = show("consent", `To go on, the assistant needs your consent at ${interrupt.provider} (${what}). `);
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
  const entry = show("consent", `The assistant wants to do this as ${plainly(interrupt.account)}: ${plainly(interrupt.tool)}\n`);
  const input = document.createElement("code");
  input.textContent = plainly(interrupt.input);
  entry.append(input, "\n");
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
    const reply = await fetch("/invocations", {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(body),
    });
    if (reply.status === 401) {
      show("problem", "You are signed out. Reload this page to sign in again.");
      return false;
    }
    const said = await reply.json();
    if (!reply.ok) {
      show("problem", `${said.detail} (request ${said.requestId})`);
      stale = said.code === "interrupt_not_open" || said.code === "interrupt_expired";
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

new BroadcastChannel("countersign").addEventListener("message", resume);
resume();
