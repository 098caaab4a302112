// What only the user can do: a consent, an approval. One card at a time.

import { connected } from "./aside.js";
import { asJson, button, duration, element, plainly } from "./dom.js";
import { form } from "./forms.js";
import { act, label, scopeWords, toolWords } from "./words.js";

const { name } = document.body.dataset;

/**
 * Shows `interrupt` as a card. `answer(status, payload)` resolves or cancels it; `goOn()` tries again
 * whether a consent was given; `waiting` are the names of the tools that wait for it.
 */
export function card(interrupt, { waiting, position, answer, goOn }) {
  const make = { authorization_required: consent, confirmation_required: approval }[interrupt.reason] ?? form;
  const heading = element("h3", { tabindex: "-1" });
  const made = element("section", { class: "card", "aria-label": "Waiting for you" }, heading);
  const left = element("small");
  if (position) made.append(element("p", {}, position));
  make(interrupt, { made, heading, left, waiting, answer, goOn });
  countDown(interrupt.expiresAt ?? interrupt.metadata?.urlExpiresAt, { made, left, goOn });
  return made;
}

/** Says how long it is good for, and renews it in the end. */
function countDown(until, { made, left, goOn }) {
  // A clock that is wrong must not renew it again and again.
  if (!(Date.parse(until) > Date.now())) return;
  const timer = setInterval(() => {
    const rest = Date.parse(until) - Date.now();
    if (!made.isConnected) return clearInterval(timer);
    left.textContent = `good for ${duration(Math.max(rest, 0))}`;
    if (rest > 0) return;
    clearInterval(timer);
    goOn();
  }, 1000);
}

function field(list, term, ...contents) {
  list.append(element("dt", {}, term), element("dd", {}, ...contents));
}

function consent({ metadata }, { made, heading, left, waiting, answer, goOn }) {
  const provider = label(metadata.provider);
  heading.append(`Connect ${provider} to go on`);
  made.append(element("p", {}, `${provider} opens in a new tab and asks you. This conversation goes on by itself when you come back.`));
  const list = element("dl");
  if (waiting.length) field(list, "To", waiting.map(toolWords).join(", "));
  if (metadata.scopes.length) asked(list, provider, metadata.scopes);
  const before = element("span", {}, "…");
  field(list, "Allowed before", before);
  connected().then((all) => {
    const known = all.find((it) => it.provider === metadata.provider);
    before.textContent = known?.account ? `${known.scopes?.join(", ") || "what you chose there"}, as ${known.account}` : "nothing";
  });
  if (metadata.choice) field(list, "You choose", ...linked(metadata.choice));
  field(list, "Kept by", "Amazon Bedrock AgentCore Identity, for ", element("b", {}, name), " only. The language model never sees it.");
  field(list, "You leave for", element("b", {}, provider), element("small", {}, " (check the address there)"));
  made.append(list);
  const row = element("div", { class: "row" });
  if (metadata.url.startsWith(`${location.origin}/`)) {
    row.append(element("a", { class: "button main", href: metadata.url, target: "_blank", rel: "noopener" }, `Connect ${provider}`));
  } else {
    made.append(element("p", {}, "The link leads elsewhere: it is not shown."));
  }
  row.append(button("Not now", () => answer("cancelled")), button("I have connected it", goOn), left);
  made.append(row);
}

/** A sentence of the service's own; the address in it is a link that shows itself. */
function linked(text) {
  return text.split(/(https?:\/\/[^\s()]+)/).map((part, at) => (at % 2 ? element("a", { href: part, target: "_blank", rel: "noopener noreferrer" }, part) : part));
}

function asked(list, provider, scopes) {
  const each = scopes.flatMap((scope) => {
    const words = scopeWords(scope);
    return [element("code", {}, scope), words ? ` — ${words}. ` : " "];
  });
  field(list, `${provider} will ask for`, ...each, element("small", {}, "Every change still needs your approval."));
}

function approval({ metadata }, { made, heading, left, answer }) {
  const { tool, input, account, details } = metadata;
  const { question, act: label } = act(tool);
  heading.append(question);
  const list = element("dl");
  field(list, "As", element("b", {}, plainly(account)));
  const { owner, repo, ...rest } = input;
  const isPlace = typeof owner === "string" && typeof repo === "string";
  if (isPlace) field(list, "In", plainly(`${owner}/${repo}`));
  for (const [key, value] of Object.entries(details ?? {})) field(list, named(key), plainly(String(value)));
  for (const [key, value] of Object.entries(isPlace ? rest : input)) {
    const text = typeof value === "string" ? plainly(value) : asJson(value);
    field(list, named(key), text || element("i", {}, "empty"));
  }
  const sent = element("code", { class: "sent" }, asJson(input));
  made.append(list, element("details", {}, element("summary", {}, "Exactly what is sent"), element("p", {}, plainly(tool)), element("pre", {}, sent)));
  const reason = element("input", { "aria-label": "Why not? (optional)", placeholder: "Why not? (optional)", maxlength: "500" });
  const why = () => ({ reason: reason.value.trim() || undefined });
  const declining = element("div", { class: "row", hidden: true }, reason, button("Decline", () => answer("cancelled", why())));
  const decline = button("Don’t", () => {
    declining.hidden = false;
    reason.focus();
  });
  reason.addEventListener("keydown", (event) => {
    if (event.key === "Enter") answer("cancelled", why());
  });
  made.append(element("div", { class: "row" }, button(label, () => answer("resolved"), { class: "main" }), decline, left), declining);
}

/** `issue_title` is "Issue title" to people. */
function named(key) {
  const words = plainly(key).replaceAll("_", " ").replace(/([a-z])([A-Z])/g, (_, a, b) => `${a} ${b.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}
