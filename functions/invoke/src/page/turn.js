// One turn as it is seen: the question, the answer's words, the steps between, and how it ended.

import { asJson, button, duration, element, plainly } from "./dom.js";
import { Prose } from "./prose.js";
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

  /** The result of a call. `took` is left out for what happened earlier. */
  result(id, content, isLive) {
    const step = this.steps.get(id);
    if (!step) return;
    // What a tool found is JSON; why it did not is a sentence.
    step.state = /^[[{]/.test(content) ? "done" : "failed";
    step.root.className = step.state;
    step.root.lastChild.replaceChildren(
      step.decision ? ` · ${step.decision}` : "",
      isLive ? ` · ${duration(Date.now() - step.began)} ` : " ",
      element("details", {}, element("summary", {}, "details"), element("pre", {}, `${plainly(step.name)} ${pretty(step.input)}\n→ ${pretty(content)}`)),
    );
  }

  /** The calls that have no result, when the turn waits. */
  wait(why) {
    for (const step of this.open()) {
      step.root.className = "waits";
      step.root.lastChild.replaceChildren(` · waiting for you: ${why(step)}`);
    }
  }

  /** What the user has said to a call; it stays in the log. */
  decide(id, decision) {
    const step = this.steps.get(id);
    if (!step) return;
    step.decision = decision;
    step.began = Date.now();
    step.root.className = "";
    step.root.lastChild.replaceChildren(` · ${decision}`);
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

const plainlySaid = (text) => element("span", { dir: "auto" }, text);

function pretty(text) {
  try {
    return asJson(JSON.parse(text));
  } catch {
    return plainly(text);
  }
}
