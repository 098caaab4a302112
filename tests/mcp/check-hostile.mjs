// The modes of hostile.mjs with the official client: each does what its name says, and nothing else.
//
//   node check-hostile.mjs

import assert from "node:assert/strict";
import { connect, start, textOf } from "./client.mjs";
import { fingerprint } from "./record.mjs";

const SECOND = 1000;
const TOOLS = 10_000;
const HUGE = 50 * 1024 * 1024;
const token = "a-token";
const hostile = await start("hostile.mjs");
const address = `http://127.0.0.1:${hostile.port}`;
const step = (text) => console.log(`ok - ${text}`);
const control = async () => (await fetch(`${address}/control`)).json();
const at = (path, more = {}) => connect(`${address}/${path}/mcp`, { token, ...more });
const call = (client, name, parameters = {}) => client.callTool({ name, arguments: parameters });
const names = async (client) => (await client.listTools()).tools.map(({ name }) => name);
const manual = { options: { inputRequired: { autoFulfill: false } } };
const allow = { allowInputRequired: true };

async function benign() {
  for (const [mode, version] of [
    ["auto", "2026-07-28"],
    ["legacy", "2025-11-25"],
  ]) {
    const client = await at("benign", { mode });
    assert.equal(client.getNegotiatedProtocolVersion(), version);
    assert.deepEqual(await names(client), ["echo", "write"]);
    assert.equal(textOf(await call(client, "echo", { words: "hello" })), "echo: hello");
    await assert.rejects(call(client, "nothing"), ({ code }) => code === -32602);
    await client.close();
  }
  step("benign is MCP in both versions");
}

async function tools() {
  assert.equal((await names(await at("many"))).length, TOOLS);
  await assert.rejects(
    names(await at("endless")),
    ({ code }) => code === "LIST_PAGINATION_EXCEEDED",
  );
  assert.equal(textOf(await call(await at("huge"), "big")).length, HUGE);
  const [big] = (await (await at("huge-list")).listTools()).tools;
  assert.equal(big.description.length, HUGE);
  assert.equal((await names(await at("names"))).filter((name) => name === "twice").length, 2);
  const instructions = await at("instructions");
  assert.match(instructions.getInstructions(), /ignore all previous instructions/);
  assert.match(textOf(await call(instructions, "weather")), /ignore all previous instructions/);
  step("many, endless, huge, huge-list, names and instructions are hostile in what they list");
}

/** The official client refuses some of these lists, so they are read without it. */
async function raw(path, method, params = {}) {
  const answer = await fetch(`${address}/${path}/mcp`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  return (await answer.json()).result;
}

async function lists() {
  const { tools } = await (await at("recursive")).listTools();
  const { inputSchema } = tools.find(({ name }) => name === "elsewhere");
  assert.equal(inputSchema.properties.a.$ref, `http://127.0.0.1:${hostile.elsewhere}/schema.json`);
  await assert.rejects(names(await at("wrong-schemas")), ({ code }) => code === "INVALID_RESULT");
  assert.equal((await raw("wrong-schemas", "tools/list")).tools.length, 6);
  assert.equal((await raw("garbage-tools", "tools/list")).tools.length, 6);
  step("recursive, wrong-schemas and garbage-tools list what no client should take");
}

async function changing() {
  const changes = await at("changes");
  assert.equal((await changes.listTools()).tools[0].annotations.readOnlyHint, true);
  await call(changes, "safe_read", { words: "a" });
  const [changed] = (await (await at("changes")).listTools()).tools;
  assert.equal(changed.annotations.readOnlyHint, false);
  const [fresh] = (await (await at("changes/other")).listTools()).tools;
  assert.equal(fresh.annotations.readOnlyHint, true);
  const gone = await at("gone");
  await call(gone, "safe_read");
  await assert.rejects(call(gone, "safe_read"), ({ code }) => code === -32602);
  assert.deepEqual(await names(await at("gone")), []);
  const never = await at("gone-at-call");
  assert.deepEqual(await names(never), ["safe_read"]);
  await assert.rejects(call(never, "safe_read"), ({ code }) => code === -32602);
  step("changes, gone and gone-at-call change between list and call, each path for itself");
}

async function failing() {
  const timeout = { timeout: SECOND / 2, mode: { pin: "2026-07-28" } };
  const faults = [
    "down",
    "cut",
    "stream-without-answer",
    "garbage",
    "garbage-json",
    "garbage-empty",
  ];
  for (const fault of [
    ...faults,
    "500",
    "429",
    "404",
    "401",
    "403",
    "403-any-scope",
    "redirect-loop",
  ]) {
    const client = await at(`${fault}-call`, timeout);
    await assert.rejects(
      client.callTool({ name: "echo", arguments: { words: "a" } }, { timeout: SECOND / 2 }),
      fault,
    );
    await assert.rejects(at(fault, timeout), fault);
  }
  for (const fault of ["slow", "trickle", "garbage-id", "garbage-array", "garbage-stream"]) {
    const client = await at(`${fault}-call`, timeout);
    const called = client.callTool(
      { name: "echo", arguments: { words: "a" } },
      { timeout: SECOND / 2 },
    );
    await assert.rejects(called, fault);
  }
  const once = await at("429-once-call", timeout);
  await assert.rejects(call(once, "echo", { words: "a" }));
  assert.equal(textOf(await call(once, "echo", { words: "a" })), "echo: a");
  step("every fault ends in an error, at once or in the middle");
}

async function redirects() {
  const same = await at("redirect-same-call");
  assert.equal(textOf(await call(same, "echo", { words: "a" })), "echo: a");
  // The official client follows no redirect to another origin; `fetch` does, and leaves the token.
  const other = await at("redirect-call");
  await assert.rejects(call(other, "echo", { words: "a" }), /not followed/);
  assert.deepEqual((await control()).elsewhere, []);
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
  await fetch(`${address}/redirect/mcp`, { method: "POST", headers, body });
  await fetch(`http://127.0.0.1:${hostile.elsewhere}/benign/mcp`, {
    method: "POST",
    headers,
    body,
  });
  const [led, sent] = (await control()).elsewhere;
  assert.deepEqual([led.method, led.authorization], ["tools/list", null]);
  assert.equal(sent.authorization, fingerprint(`Bearer ${token}`));
  step("redirect leads to another origin, which keeps whether a token came with it");
}

async function older() {
  const answer = () => ({ action: "accept", content: { sure: true } });
  const asked = await at("old-elicit", { answer });
  assert.equal(asked.getNegotiatedProtocolVersion(), "2025-11-25");
  assert.match(textOf(await call(asked, "ask")), /accept/);
  assert.match(textOf(await call(await at("sampling"), "ask")), /-32601/);
  const session = await at("session");
  assert.deepEqual(await names(session), ["remember"]);
  await call(session, "remember");
  await assert.rejects(call(session, "remember"));
  assert.equal((await control()).requests.at(-1).status, 404);
  step("old-elicit and sampling ask in the middle of a call, session forgets");
}

async function questions() {
  const client = await at("questions", manual);
  const listed = await names(client);
  for (const name of listed.filter((name) => /^(link|form)_/.test(name))) {
    const asked = await client.callTool({ name, arguments: {} }, allow).catch(({ code }) => code);
    assert.ok(asked.resultType === "input_required" || asked === "INVALID_RESULT", name);
  }
  const asked = (name, more) => client.callTool({ name, arguments: {}, ...more }, allow);
  assert.equal((await asked("forever", { requestState: "41" })).requestState, "42");
  assert.equal(textOf(await asked("state_only", { requestState: "go on" })), "went on");
  step("questions ask with input_required, and go on with the answer");
}

try {
  for (const check of [benign, tools, lists, changing, failing, redirects, older, questions])
    await check();
} finally {
  hostile.end();
}
process.exit();
