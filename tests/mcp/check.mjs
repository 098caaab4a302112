// The servers of this folder with the official client: proof that what they say is MCP.
//
//   node check.mjs [FILE-FOR-THE-CAPTURE]

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { startEverything } from "./everything.mjs";
import { connect, introspection, start, textOf, Wire } from "./client.mjs";

const [, , file] = process.argv;
const wire = new Wire();
const step = (text) => console.log(`ok - ${text}`);
const tokens = await introspection();
const strict = await start("strict.mjs", "--introspect", tokens.url, "--older");
const address = `http://127.0.0.1:${strict.port}`;
const control = async () => (await fetch(`${address}/control`)).json();
const call = (client, name, parameters) => client.callTool({ name, arguments: parameters });

async function bearer() {
  const refused = connect(`${address}/mcp`, { token: "nonsense", wire });
  await assert.rejects(refused, (error) => error.data?.status === 401 || /401/.test(error.message));
  const answer = await fetch(`${address}/mcp`, { method: "POST", body: "{}" });
  assert.equal(answer.status, 401);
  const metadata = answer.headers.get("www-authenticate").match(/resource_metadata="([^"]+)"/)[1];
  assert.equal((await (await fetch(metadata)).json()).resource, `${address}/mcp`);
  step("strict: without a valid token there is a challenge, and the document that it names");
}

async function modern() {
  const questions = [];
  const client = await connect(`${address}/mcp`, {
    token: "alice-reads",
    wire,
    answer: (question) => {
      questions.push(question);
      if (question.mode === "url") return { action: "accept" };
      return { action: "accept", content: { sure: true, why: "it is old" } };
    },
  });
  assert.equal(client.getNegotiatedProtocolVersion(), "2026-07-28");
  const { tools } = await client.listTools();
  assert.deepEqual(
    tools.map(({ name }) => name),
    ["whoami", "read_note", "forecast", "write_note", "delete_note", "link_account", "boom"],
  );
  assert.equal(textOf(await call(client, "whoami", {})), "alice");
  assert.equal(textOf(await call(client, "read_note", { name: "groceries" })), "milk, bread");
  assert.equal(textOf(await call(client, "forecast", { region: "Zürich" })), "Rain in Zürich.");
  step("strict: the tools of 2026-07-28 are listed and called as the user");

  const write = call(client, "write_note", { name: "a", text: "b" });
  await assert.rejects(write, (error) => /scope|403/i.test(error.message));
  assert.equal((await control()).requests.at(-1).status, 403);
  step("strict: a scope that is missing is a challenge");

  assert.equal(textOf(await call(client, "delete_note", { name: "poem" })), "Deleted poem.");
  assert.deepEqual((await control()).deletions, { called: 2, deleted: 1, why: ["it is old"] });
  assert.equal(textOf(await call(client, "link_account", {})), "The account is linked.");
  assert.deepEqual(
    questions.map(({ url, message }) => url ?? message),
    ["Delete the note poem?", "https://accounts.example.com/link?x=1"],
  );
  step("strict: a question in a form and a link are answered by calling again");

  const failed = await call(client, "boom", {});
  assert.equal(failed.isError, true);
  step("strict: a tool that throws is an error of the tool");
  await client.close();
}

async function writer() {
  const client = await connect(`${address}/mcp`, { token: "alice-writes", wire });
  assert.equal(textOf(await call(client, "write_note", { name: "a", text: "b" })), "Wrote a.");
  await client.close();
  const { notes } = await control();
  assert.deepEqual(notes, { alice: { groceries: "milk, bread", a: "b" } });
  step("strict: with the scope the note is written");
}

/** A signed state is refused with another token, and counts for one note only. */
async function states() {
  const manual = { options: { inputRequired: { autoFulfill: false } } };
  const url = `${address}/mcp`;
  const [alice, bob] = await Promise.all(
    ["alice-reads", "bob-reads"].map((token) => connect(url, { token, ...manual })),
  );
  const allow = { allowInputRequired: true };
  const name = "delete_note";
  const asked = await alice.callTool({ name, arguments: { name: "groceries" } }, allow);
  assert.equal(asked.resultType, "input_required");
  const accepted = { confirm: { action: "accept", content: { sure: true, why: "x" } } };
  const again = (client, note, inputResponses) =>
    client.callTool(
      { name, arguments: { name: note }, inputResponses, requestState: asked.requestState },
      allow,
    );
  await assert.rejects(again(bob, "groceries", accepted), ({ code }) => code === -32602);
  assert.equal(textOf(await again(alice, "a", accepted)), "a was not deleted.");
  const declined = { confirm: { action: "decline" } };
  assert.equal(textOf(await again(alice, "groceries", declined)), "groceries was not deleted.");
  assert.equal((await control()).deletions.deleted, 1);
  await Promise.all([alice.close(), bob.close()]);
  step("strict: an answer counts for its user and its note only, and a no is a no");
}

async function older() {
  const client = await connect(`${address}/mcp`, { token: "bob-reads", mode: "legacy", wire });
  assert.equal(client.getNegotiatedProtocolVersion(), "2025-11-25");
  assert.equal(textOf(await call(client, "whoami", {})), "bob");
  await assert.rejects(call(client, "link_account", {}), ({ code }) => code === -32042);
  assert.equal(textOf(await call(client, "link_account", {})), "The account is linked.");
  await wire.read();
  await client.close();
  step("strict: a client of 2025-11-25 gets the link as error -32042");
}

/** The older example server: a session, a question in the middle of a call, a link as an error. */
async function everything() {
  const server = await startEverything();
  try {
    const asked = [];
    const client = await connect(`http://127.0.0.1:${server.port}/mcp`, {
      wire,
      answer: (question) => {
        asked.push(question);
        return { action: "decline" };
      },
    });
    assert.equal(client.getNegotiatedProtocolVersion(), "2025-11-25");
    assert.equal(textOf(await call(client, "echo", { message: "hello" })), "Echo: hello");
    assert.match(textOf(await call(client, "trigger-elicitation-request", {})), /declined/);
    assert.equal(asked.length, 1);
    const link = { url: "https://example.com/link", errorPath: true };
    const refused = call(client, "trigger-url-elicitation", link);
    await assert.rejects(refused, ({ code }) => code === -32042);
    await wire.read();
    await client.close();
    step("everything: an older server with a session, a question and a link");
  } finally {
    server.end();
  }
}

try {
  await bearer();
  await modern();
  await writer();
  await states();
  await older();
  await everything();
  if (file) writeFileSync(file, JSON.stringify(await wire.read(), null, 2));
} finally {
  strict.end();
  tokens.end();
}
