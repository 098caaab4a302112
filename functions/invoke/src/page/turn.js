// One turn as it is seen: the question, the answer's words, the steps between, and how it ended.

import { asJson, button, duration, element, plainly } from "./dom.js";
import { Prose } from "./prose.js";
import { id } from "./run.js";
import { toolWords } from "./words.js";

const { agent } = document.body.dataset;

export class Turn {
  constructor(messageId, text) {
    this.messageId = messageId;
    this.text = text;
    this.root = element("article", { class: "turn" });
    if (text !== undefined) this.root.append(element("div", { class: "user" }, element("span", { class: "unseen" }, "You: "), plainlySaid(text)));
    this.answer = element("div", { class: "assistant", hidden: true }, element("p", { class: "who" }, agent));
    this.root.append(this.answer);
    this.steps = new Map();
    this.words = new Map();
  }

  /** Forgets the answer, to hear it again from its beginning. */
  clear() {
    for (const node of [...this.answer.children].slice(1)) node.remove();
    this.steps.clear();
    this.words.clear();
    this.list = undefined;
    this.unremark();
  }

  begin(messageId) {
    const prose = new Prose();
    this.words.set(messageId, prose);
    this.list = undefined;
    this.show(prose.root);
  }

  say(messageId, delta) {
    this.words.get(messageId)?.add(delta);
  }

  end(messageId) {
    this.words.get(messageId)?.end();
  }

  /** Nothing more is said. */
  close() {
    this.words.forEach((prose) => prose.end());
  }

  /** The answer is whole: it can be taken along. */
  done() {
    const text = [...this.words.values()].map((prose) => prose.text).join("\n\n");
    if (!text || !navigator.clipboard) return;
    this.tools?.remove();
    const copy = button("Copy", async () => {
      await navigator.clipboard.writeText(text);
      copy.textContent = "Copied";
    });
    this.tools = element("div", { class: "tools" }, copy);
    this.show(this.tools);
  }

  discard(messageId) {
    this.words.get(messageId)?.root.remove();
    this.words.delete(messageId);
  }

  /** What was said earlier, and with which tools. */
  told(text, tools) {
    const name = id();
    if (text) {
      this.begin(name);
      this.say(name, text);
      this.end(name);
    }
    tools.forEach(({ name: tool, input, status, decision }, number) => {
      const call = `${name}.${number}`;
      this.call(call, tool);
      this.input(call, JSON.stringify(input));
      if (decision) this.decide(call, decision);
      if (status !== "waiting") this.ended(call, status === "success" ? "done" : "failed");
    });
  }

  /** A call begins. */
  call(id, name) {
    if (!this.list) {
      this.list = element("ul", { class: "steps" });
      this.show(this.list);
    }
    const root = element("li", {}, element("b", {}, plainly(toolWords(name))), element("span"));
    this.list.append(root);
    this.steps.set(id, { root, name, input: "", began: Date.now(), state: "runs" });
  }

  input(id, delta) {
    const step = this.steps.get(id);
    if (step) step.input += delta;
  }

  /** The result of a call. */
  result(id, content, isLive) {
    // What a tool found is JSON; why it did not is a sentence.
    this.ended(id, /^[[{]/.test(content) ? "done" : "failed", content, isLive);
  }

  /** A call is `done` or `failed`. How long it took is known of what happens now. */
  ended(id, state, content, isLive) {
    const step = this.steps.get(id);
    if (!step) return;
    Object.assign(step, { state, content, why: undefined });
    if (isLive) step.took = duration(Date.now() - step.began);
    draw(step);
  }

  /** The calls that have no result, when the turn waits. */
  wait(why) {
    for (const step of this.open()) {
      step.why = why(step);
      draw(step);
    }
  }

  /** What the user has said to a call; it stays in the log. */
  decide(id, decision) {
    const step = this.steps.get(id);
    if (step) draw(Object.assign(step, { decision, why: undefined, began: Date.now() }));
  }

  open() {
    return [...this.steps.values()].filter((step) => step.state === "runs");
  }

  /** How it ended, if not with an answer. */
  remark(kind, text, ...buttons) {
    this.unremark();
    this.note = element("p", { class: kind }, text, ...buttons);
    this.root.append(this.note);
  }

  unremark() {
    this.note?.remove();
  }

  show(node) {
    this.answer.hidden = false;
    this.answer.append(node);
  }
}

/** Shows how far a step is, and what was said to it. */
function draw({ root, name, input, state, decision, why, took, content }) {
  root.className = why ? "waits" : state;
  const facts = [decision, why && `waiting for you: ${why}`, took].filter((it) => it);
  root.lastChild.replaceChildren(facts.map((it) => ` · ${it}`).join(""), " ");
  if (state === "runs") return;
  const result = content === undefined ? "" : `\n→ ${pretty(content)}`;
  root.lastChild.append(element("details", {}, element("summary", {}, "details"), element("pre", {}, `${plainly(name)} ${pretty(input)}${result}`)));
}

const plainlySaid = (text) => element("span", { dir: "auto" }, text);

function pretty(text) {
  try {
    return asJson(JSON.parse(text));
  } catch {
    return plainly(text);
  }
}
