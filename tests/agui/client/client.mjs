// AG-UI's own client through the whole flow: ask, consent, resume, approve, decline, repeat, reload, stop.
//
//   node client.mjs ADDRESS COOKIES FILE-FOR-THE-EVENTS [PLATFORM]
//
// A function behind a load balancer does not learn that its caller is gone: on `lambda` nothing is stopped.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { HttpAgent } from "@ag-ui/client";
import { Person } from "./person.mjs";

const [, , address, cookies, file, platform] = process.argv;
const person = new Person(address, cookies);
const seen = [];
const ISSUE = "create an issue in octo-alice/garden:";

function agent(threadId) {
  return new HttpAgent({
    url: `${address}/invocations`,
    headers: { cookie: person.cookies(address) },
    threadId,
  });
}

/** Runs `agent`; returns how the run ended, and what was said in it. */
async function run(agent, parameters = {}, heard = () => {}) {
  const result = { said: "", events: [] };
  await agent.runAgent(parameters, {
    onEvent: ({ event }) => {
      seen.push(event);
      result.events.push(event);
      if (event.type === "TEXT_MESSAGE_CONTENT") result.said += event.delta;
      heard(event);
    },
    onRunFinishedEvent: ({ outcome }) => {
      result.outcome = outcome;
    },
  });
  return result;
}

function say(agent, content) {
  agent.addMessage({ id: randomUUID(), role: "user", content });
  return run(agent);
}

const resolved = ({ id }) => ({ interruptId: id, status: "resolved" });
const declined = ({ id }, reason) => ({ interruptId: id, status: "cancelled", payload: { reason } });
const step = (text) => console.log(`ok - ${text}`);

const alice = agent("ag-ui");
let answer = await say(alice, "Hello!");
assert.equal(answer.outcome, "success");
assert.match(alice.messages.at(-1).content, /message 1 of yours/);
step("a message is answered");

answer = await say(alice, "Which repositories do I have, private ones too?");
assert.equal(answer.outcome, "interrupt");
const [consent] = alice.pendingInterrupts;
assert.equal(consent.reason, "authorization_required");
const page = await person.consent(consent.metadata.url, "octo-alice");
assert.match(page.text, /You are connected/);
answer = await run(alice, { resume: [resolved(consent)] });
assert.equal(answer.outcome, "success");
assert.match(answer.said, /octo-alice\/diary/);
const calls = alice.messages.flatMap(({ toolCalls }) => toolCalls ?? []);
assert.equal(calls.length, 1);
assert.deepEqual(JSON.parse(calls[0].function.arguments), { visibility: "all" });
assert.equal(alice.messages.filter(({ role }) => role === "tool").length, 1);
step("a consent is given, and the run resumed: one call, one result");

answer = await say(alice, `${ISSUE} Water the tomatoes`);
const [approval] = alice.pendingInterrupts;
assert.equal(approval.metadata.input.title, "Water the tomatoes");
answer = await run(alice, { resume: [resolved(approval)] });
assert.match(answer.said, /I created issue/);
step("an action is approved and done");

answer = await say(alice, `${ISSUE} Mow the lawn`);
answer = await run(alice, { resume: [declined(alice.pendingInterrupts[0], "it rains")] });
assert.equal(answer.outcome, "success");
assert.match(answer.said, /you declined it, because “it rains”/);
step("an action is declined, and the model is told why");

answer = await say(alice, `${ISSUE} One; ${ISSUE} Two`);
assert.equal(alice.pendingInterrupts.length, 2);
const [one, two] = alice.pendingInterrupts;
await assert.rejects(run(alice, { resume: [resolved(one)] }), "the client answers all or none");
answer = await run(alice, { resume: [resolved(one), declined(two, "one is enough")] });
assert.equal(answer.outcome, "success");
assert.equal(answer.events.filter(({ type }) => type === "TOOL_CALL_RESULT").length, 2);
step("two interrupts at once are answered each by its own");

const repeated = agent("ag-ui");
repeated.addMessage(alice.messages[0]);
answer = await run(repeated);
assert.match(answer.said, /message 1 of yours/);
step("a repeated run gets the stored answer");

await say(alice, `${ISSUE} Rake the leaves`);
const reloaded = agent("ag-ui");
answer = await run(reloaded);
assert.equal(answer.outcome, "interrupt");
assert.equal(reloaded.pendingInterrupts[0].id, alice.pendingInterrupts[0].id);
const users = (messages) => messages.filter(({ role }) => role === "user").map(({ id }) => id);
assert.deepEqual(users(reloaded.messages), users(alice.messages));
answer = await run(reloaded, { resume: [declined(reloaded.pendingInterrupts[0], "no")] });
assert.equal(answer.outcome, "success");
step("a reloaded client has the messages and what is open, and goes on");

await assert.rejects(say(agent("../bob"), "Hello!"), /400/);
step("what is refused is an HTTP status");

if (platform !== "lambda") {
  const stopped = agent("stopped");
  stopped.addMessage({ id: randomUUID(), role: "user", content: "Please think forever" });
  await run(stopped, {}, ({ type }) => type === "RUN_STARTED" && stopped.abortRun());
  const headers = { cookie: person.cookies(address), accept: "application/json" };
  let saved;
  do {
    const read = await fetch(`${address}/sessions/stopped`, { headers });
    saved = read.ok ? await read.json() : undefined;
  } while (!saved?.messages.length);
  assert.match(saved.messages.at(-1).text, /Stopped/);
  step("a run that the client aborts is stopped, and saved as such");
}

const terminal = ({ type }) => type === "RUN_FINISHED" || type === "RUN_ERROR";
writeFileSync(file, seen.map((event) => `${JSON.stringify(event)}\n`).join(""));
console.log(`ok - ${seen.length} events, ${seen.filter(terminal).length} runs`);
