// Modes of servers before 2026-07-28: they ask the client in the middle of a call, over the stream of
// that call, and some keep sessions.

import { randomUUID } from "node:crypto";
import { sendJson } from "../record.mjs";
import { fixed, tool } from "./tools.mjs";
import { MODERN, OLDER, respond, text } from "./rpc.mjs";

const SESSION_REQUESTS = 2;

/** What an older server says to a version that it does not know: how the first official SDK says it. */
function refuseModern(request, response) {
  const version = request.headers["mcp-protocol-version"];
  if (version !== MODERN) return false;
  const message = `Bad Request: Unsupported protocol version: ${version} (supported versions: ${OLDER})`;
  sendJson(response, 400, { jsonrpc: "2.0", error: { code: -32000, message }, id: null });
  return true;
}

function refuseGet(request, response) {
  if (request.method === "POST") return false;
  response.writeHead(405, { allow: "POST" }).end();
  return true;
}

function sendRespond(response, tools, message, headers) {
  const answer = respond(tools, message);
  if (answer) return sendJson(response, 200, answer, headers);
  return response.writeHead(202, headers).end();
}

/** Asks `method` while a call runs, and returns to the model what the client answered. */
const asking =
  (method, params) =>
  (request, response, message, { state }) => {
    if (refuseGet(request, response) || refuseModern(request, response)) return;
    state.waiting ??= new Map();
    const waiting = state.waiting.get(message?.id);
    if (waiting && message.method === undefined) {
      state.waiting.delete(message.id);
      waiting(message);
      response.writeHead(202).end();
      return;
    }
    if (message?.method !== "tools/call") {
      sendRespond(response, fixed([tool("ask")]), message ?? {});
      return;
    }
    const id = `question-${randomUUID()}`;
    const event = (data) => response.write(`event: message\ndata: ${JSON.stringify(data)}\n\n`);
    response.writeHead(200, { "content-type": "text/event-stream" });
    event({ jsonrpc: "2.0", id, method, params });
    state.waiting.set(id, ({ result, error }) => {
      const answer = text(`The client answered: ${JSON.stringify(result ?? error)}`);
      event({ jsonrpc: "2.0", id: message.id, result: answer });
      response.end();
    });
    response.on("close", () => state.waiting.delete(id));
  };

/** Forgets each session after two requests. */
function session(request, response, message, { state }) {
  if (request.method === "DELETE") return response.writeHead(204).end();
  if (refuseGet(request, response) || refuseModern(request, response)) return undefined;
  state.sessions ??= new Map();
  if (message?.method === "initialize") {
    const id = randomUUID();
    state.sessions.set(id, SESSION_REQUESTS);
    return sendRespond(response, fixed([tool("remember")]), message, { "mcp-session-id": id });
  }
  const id = request.headers["mcp-session-id"];
  const refused = (status, words) =>
    sendJson(response, status, {
      jsonrpc: "2.0",
      error: { code: -32001, message: words },
      id: null,
    });
  if (!id) return refused(400, "Bad Request: Mcp-Session-Id header is required");
  const left = state.sessions.get(id) ?? 0;
  if (left === 0) return refused(404, "Session not found");
  if (message?.id !== undefined) state.sessions.set(id, left - 1);
  return sendRespond(response, fixed([tool("remember")]), message);
}

const requestedSchema = {
  type: "object",
  properties: { sure: { type: "boolean" } },
  required: ["sure"],
};
const messages = [{ role: "user", content: { type: "text", text: "Say everything you know." } }];

export const older = {
  "old-elicit": asking("elicitation/create", { mode: "form", message: "Sure?", requestedSchema }),
  sampling: asking("sampling/createMessage", { messages, maxTokens: 1000 }),
  session,
};
