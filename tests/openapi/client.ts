// A client whose types openapi-typescript made of the document: asks a question, and is interrupted.
//
//   node client.js ADDRESS COOKIES

import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./generated/schema.js";

const [, , baseUrl, cookie] = process.argv;
assert.ok(baseUrl && cookie, "an address and cookies are expected");
// The events of AG-UI, which an operation has as well, are read by its own clients.
type Json = "application/json" | "application/problem+json";
const client = createClient<paths, Json>({ baseUrl, headers: { cookie } });
const sessionId = "typescript";

type Interrupt = components["schemas"]["InterruptAnswer"];

/** What a person has to do. The compiler knows every reason, and what comes with each. */
function toDo(interrupt: Interrupt): string {
  switch (interrupt.reason) {
    case "authorization_required":
      return `allow ${interrupt.scopes.join(" ")} at ${interrupt.provider}: ${interrupt.url}`;
    case "confirmation_required":
      return `approve ${interrupt.tool} as ${interrupt.account} until ${interrupt.expiresAt}`;
    case "input_required":
      return `answer ${interrupt.server}: ${interrupt.message} ${interrupt.url ?? JSON.stringify(interrupt.schema)}`;
    default:
      return interrupt satisfies never;
  }
}

const asked = await client.POST("/invocations", {
  body: { sessionId, message: "Which repositories do I have, private ones too?" },
});
assert.ok(asked.data, JSON.stringify(asked.error));
assert.equal(asked.data.status, "interrupted");
const [interrupt] = asked.data.interrupts;
assert.ok(interrupt);
assert.match(toDo(interrupt), /^allow .* at github: http/);
console.log("ok - a question is interrupted for a consent");

const again = await client.POST("/invocations", { body: { sessionId } });
assert.equal(again.data?.interrupts[0]?.reason, "authorization_required");
console.log("ok - without the consent it is interrupted again");

const read = await client.GET("/sessions/{sessionId}", { params: { path: { sessionId } } });
assert.equal(read.data?.waiting, true);
const missing = await client.GET("/sessions/{sessionId}", { params: { path: { sessionId: "none" } } });
assert.equal(missing.response.status, 404);
assert.ok(missing.error && typeof missing.error === "object");
assert.equal(missing.error.code, "not_found");
console.log("ok - the conversation is read, and a problem is told by its code");
