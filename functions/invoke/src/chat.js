"use strict";
const log = document.getElementById("log");
const form = document.getElementById("say");
const field = document.getElementById("message");
const send = document.getElementById("send");
const KEY = "countersign-session";
let session = sessionStorage.getItem(KEY) || begin();
let busy = false;
let waits = false;

function begin() {
  const id = crypto.randomUUID ? crypto.randomUUID() : String(Date.now());
  sessionStorage.setItem(KEY, id);
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

function ask(interrupt) {
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
  const go = document.createElement("button");
  go.type = "button";
  go.textContent = "Continue";
  go.addEventListener("click", resume);
  entry.append(" ", go);
}

async function invoke(body) {
  busy = send.disabled = true;
  const working = show("quiet", "Working …");
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
    const answer = await reply.json();
    if (!reply.ok) {
      show("problem", `${answer.detail} (request ${answer.requestId})`);
      return false;
    }
    if (answer.message) show("assistant", answer.message);
    log.querySelectorAll(".consent").forEach((old) => old.remove());
    waits = answer.status === "interrupted";
    answer.interrupts.forEach(ask);
    return true;
  } catch {
    show("problem", "The service can't be reached. Try again.");
    return false;
  } finally {
    working.remove();
    busy = send.disabled = false;
  }
}

function resume() {
  if (!busy && waits) invoke({ sessionId: session });
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
  waits = false;
  log.replaceChildren();
  field.focus();
});

new BroadcastChannel("countersign").addEventListener("message", resume);
