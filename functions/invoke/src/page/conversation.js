// One conversation: what was said, what is at work, what waits. Its requests are its own, so that
// nothing of another one lands here.

import { card } from "./cards.js";
import { button, clock, element } from "./dom.js";
import { Refusal, ask, id, run } from "./run.js";
import { Turn } from "./turn.js";

/** What the service itself asks for. */
const WAITS = { authorization_required: "not connected yet", confirmation_required: "this changes something" };
/** How often a lost answer is fetched, and after how many milliseconds the first time. */
const TRIES = 4;
const PAUSE = 800;
const SILENCE = 10_000;
/** After how many milliseconds to look again whether another tab's request is done. */
const AT_WORK = 3_000;

export class Conversation {
  /** `changed(conversation)` is called when what one can do has changed. */
  constructor(threadId, changed) {
    this.threadId = threadId;
    this.changed = changed;
    this.root = element("div", { class: "talk col", role: "log", "aria-label": "Conversation", "aria-live": "polite" });
    this.turns = [];
    this.interrupts = [];
    this.status = "";
  }

  get isBusy() {
    return this.abort !== undefined;
  }

  get last() {
    return this.turns.at(-1);
  }

  /** Whether a consent is open, which may have been given in another tab. */
  get waitsForConsent() {
    return this.interrupts.some((interrupt) => interrupt.reason === "authorization_required");
  }

  /** What was said, from the service. */
  load() {
    return this.go({});
  }

  say(text) {
    const turn = new Turn(id(), text);
    this.add(turn);
    keep(this.threadId, [...this.unanswered(), { messageId: turn.messageId, text }]);
    return this.ask(turn);
  }

  /** Asks; the message's id counts once, so that this can be done again. */
  ask(turn) {
    const messages = [{ id: turn.messageId, role: "user", content: turn.text }];
    return this.go({ messages }, turn);
  }

  stop() {
    this.abort?.abort();
  }

  add(turn) {
    this.turns.push(turn);
    this.root.append(turn.root);
  }

  /** One run, to its end: an answer that was lost on the way is fetched again. */
  async go(input, turn) {
    if (this.isBusy) return;
    this.abort = new AbortController();
    this.note("Working …");
    turn?.unremark();
    this.root.setAttribute("aria-busy", "true");
    let [ended, wasStopped] = [false, false];
    try {
      for (let tries = 0; !ended && tries < TRIES; tries++) {
        if (tries) {
          this.note("The connection was lost. Fetching the answer …");
          await new Promise((resolve) => setTimeout(resolve, PAUSE * 2 ** tries));
          if (this.abort.signal.aborted) break;
          turn?.clear();
          // What the lost run did is done. Without a message the next tells what was said.
          if (!turn) input = {};
        }
        ended = await this.hear(input);
      }
      if (!ended) this.failed(new Refusal("unreachable", "The service can’t be reached. Nothing is lost: your message counts once, however often it is sent."), turn);
    } catch (error) {
      wasStopped = this.abort.signal.aborted;
      if (!wasStopped) this.failed(error, turn);
    } finally {
      clearTimeout(this.silence);
      wasStopped ||= this.abort.signal.aborted;
      this.abort = undefined;
      this.root.removeAttribute("aria-busy");
      this.note("");
      if (wasStopped) this.stopped();
    }
  }

  /** Hears one run. Returns whether it came to its end. */
  async hear(input) {
    let isLast = false;
    this.heard();
    for await (const event of run({ threadId: this.threadId, ...input }, this.abort.signal)) {
      this.heard();
      isLast ||= this.take(event);
    }
    if (!isLast && this.abort.signal.aborted) throw new DOMException("stopped", "AbortError");
    return isLast;
  }

  /** Something came. If nothing does for a while, that is said. */
  heard() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.note("Still at work: nothing came for ten seconds. You can wait, or stop it."), SILENCE);
  }

  /** Returns whether `event` is the last. */
  take(event) {
    const turn = this.last ?? this.first();
    switch (event.type) {
      case "MESSAGES_SNAPSHOT": this.restore(event.messages); break;
      case "TEXT_MESSAGE_START": turn.begin(event.messageId); break;
      case "TEXT_MESSAGE_CONTENT": turn.say(event.messageId, event.delta); break;
      case "TEXT_MESSAGE_END": turn.end(event.messageId); break;
      case "CUSTOM": if (event.name === "text_discarded") turn.discard(event.value.messageId); else if (event.name === "history") this.history(event.value); break;
      case "TOOL_CALL_START": this.note("Using a tool …"); turn.call(event.toolCallId, event.toolCallName); break;
      case "TOOL_CALL_ARGS": turn.input(event.toolCallId, event.delta); break;
      case "TOOL_CALL_RESULT": this.note("Working …"); turn.result(event.toolCallId, event.content, true); break;
      case "RUN_FINISHED": this.finished(event.outcome); return true;
      case "RUN_ERROR": throw new Refusal(event.code, event.message);
    }
    return false;
  }

  /** A turn whose question is not known here. */
  first() {
    this.add(new Turn());
    return this.last;
  }

  restore(messages) {
    this.turns = [];
    this.root.replaceChildren();
    for (const message of messages) {
      if (message.role === "user") this.add(new Turn(message.id, message.content));
      const turn = this.last ?? this.first();
      if (message.role === "assistant") {
        if (message.content) {
          turn.begin(message.id);
          turn.say(message.id, message.content);
          turn.end(message.id);
        }
        for (const call of message.toolCalls ?? []) {
          turn.call(call.id, call.function.name);
          turn.input(call.id, call.function.arguments);
        }
      }
      if (message.role === "tool") turn.result(message.toolCallId, message.content, false);
    }
    this.turns.filter((turn) => !turn.open().length).forEach((turn) => turn.done());
    const lost = this.unanswered().filter((sent) => !this.turns.some((turn) => turn.messageId === sent.messageId));
    for (const { messageId, text } of lost) {
      const turn = new Turn(messageId, text);
      this.add(turn);
      turn.remark("problem", "This was not answered. ", button("Try again", () => this.ask(turn)));
    }
    keep(this.threadId, lost);
  }

  /** What was decided, and what came before the messages that were told. */
  history({ decisions, earlier, earlierTurnsRemoved }) {
    for (const [call, decision] of Object.entries(decisions)) this.turns.forEach((turn) => turn.decide(call, said(decision)));
    const older = element("p", { class: "quiet older" });
    if (earlier) older.append(button("Show earlier messages", () => this.showEarlier(earlier, older)));
    else if (earlierTurnsRemoved) older.append("The oldest messages were removed, because this conversation had become too long.");
    else return;
    this.root.prepend(older);
  }

  async showEarlier(before, older) {
    try {
      const { messages, earlier, earlierTurnsRemoved } = await ask(`/sessions/${this.threadId}?before=${before}`);
      const turns = [];
      for (const { role, text, tools = [] } of messages) {
        if (role === "user" || !turns.length) turns.push(new Turn(undefined, role === "user" ? text : undefined));
        if (role === "assistant") turns.at(-1).told(text, tools.map((tool) => ({ ...tool, decision: tool.decision && said(tool.decision) })));
      }
      older.remove();
      this.root.prepend(...turns.map((turn) => turn.root));
      this.history({ decisions: {}, earlier, earlierTurnsRemoved });
    } catch (error) {
      older.append(` ${error.message}`);
    }
  }

  finished(outcome) {
    this.card?.remove();
    this.interrupts = outcome?.type === "interrupt" ? outcome.interrupts : [];
    const turn = this.last;
    keep(this.threadId, this.unanswered().filter((sent) => !this.turns.some((turn) => turn.messageId === sent.messageId)));
    if (outcome?.type === "cancelled") this.stopped();
    if (!this.interrupts.length) return void turn?.done();
    const ofCall = (step) => this.interrupts.find((interrupt) => interrupt.toolCallId && turn.steps.get(interrupt.toolCallId) === step);
    turn?.wait((step) => WAITS[ofCall(step)?.reason] ?? "it asks you");
    this.showCard();
  }

  showCard() {
    const [interrupt] = this.interrupts;
    const count = this.interrupts.length;
    const waiting = (this.last?.open() ?? []).map((step) => step.name);
    this.card = card(interrupt, {
      waiting: [...new Set(waiting)],
      position: count > 1 ? `1 of ${count} that wait for you` : undefined,
      answer: (status, payload) => this.answer(interrupt, status, payload),
      goOn: () => this.load(),
    });
    this.root.append(this.card);
    this.card.scrollIntoView({ block: "nearest" });
    this.card.querySelector("h3").focus({ preventScroll: true });
  }

  /** The user's answer to what waits. */
  answer(interrupt, status, payload) {
    if (this.isBusy) return;
    const resume = [{ interruptId: interrupt.id, status, payload }];
    const { account } = interrupt.metadata;
    if (interrupt.toolCallId && WAITS[interrupt.reason]) this.last?.decide(interrupt.toolCallId, said({ approved: status === "resolved", at: Date.now(), account, ...payload }));
    this.card?.remove();
    this.interrupts = [];
    return this.go({ resume });
  }

  stopped() {
    const turn = this.last;
    turn?.close();
    if (!turn?.text) return;
    turn.remark("quiet", "You stopped this. What was said until then is kept. ", button("Ask again", () => this.say(turn.text)));
  }

  failed(error, turn) {
    this.last?.close();
    const { code, message, requestId } = error;
    const text = `${message}${requestId ? ` (request ${requestId})` : ""} `;
    if (code === "interrupt_not_open" || code === "interrupt_expired") return void setTimeout(() => this.load());
    if (code === "turn_in_progress" && !turn) {
      this.note("Something is at work in this conversation.");
      return void setTimeout(() => this.load(), AT_WORK);
    }
    const at = turn ?? this.last ?? this.first();
    at.remark("problem", text, remedy(code, () => (turn ? this.ask(turn) : this.load())));
  }

  note(text) {
    this.status = text;
    this.changed(this);
  }

  /** The messages of this tab that have no answer yet: a reload, or a new sign-in, shows them again. */
  unanswered() {
    return JSON.parse(sessionStorage.getItem(`countersign-unanswered-${this.threadId}`) ?? "[]");
  }
}

/** What one has said to a call, in words. */
function said({ approved, at, account, reason }) {
  const declined = account ? `you declined it${reason ? `: ${reason}` : ""}` : "you did not connect it";
  return `${approved ? `you approved it, as ${account}` : declined}, ${clock(at)}`;
}

function keep(threadId, unanswered) {
  const key = `countersign-unanswered-${threadId}`;
  if (unanswered.length) sessionStorage.setItem(key, JSON.stringify(unanswered));
  else sessionStorage.removeItem(key);
}

/** What can be done about a failure. */
function remedy(code, again) {
  if (code === "signed_out") return button("Sign in again", () => location.reload());
  if (code === "another_user") return button("Reload", () => location.reload());
  if (code === "turn_unfinished") return button("Go on", again);
  return button("Try again", again);
}
