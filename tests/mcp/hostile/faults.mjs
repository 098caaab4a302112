// Modes that fail below the protocol: no answer, half of one, another status, another place. Each is
// (request, response, message, address) and ends the exchange itself.

import { sendJson } from "../record.mjs";

const SECOND = 1000;

function slow(_request, response) {
  // The connection is held until the client leaves.
  response.on("close", () => {});
}

/** A stream of events whose one event comes a byte each second. */
function trickle(_request, response, message) {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const event = { jsonrpc: "2.0", id: message?.id, result: { words: "x".repeat(10_000) } };
  const bytes = [...`event: message\ndata: ${JSON.stringify(event)}\n\n`];
  const timer = setInterval(() => response.write(bytes.shift() ?? ":"), SECOND);
  response.flushHeaders();
  response.on("close", () => clearInterval(timer));
}

/** A body that says it is longer than it is, and then stops. */
function cut(_request, response) {
  response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
  response.write('{"jsonrpc":"2.0",');
  setTimeout(() => response.destroy(), SECOND / 10);
}

/** A stream of events that ends without the response. */
function streamWithoutAnswer(_request, response) {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.end(": nothing\n\n");
}

const send = (status, body, headers) => (_request, response) => {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(body);
};

const HTML = "<!doctype html><title>Welcome</title><script>alert(1)</script>";

const challenge =
  (status, parameters) =>
  (_request, response, _message, { origin, path }) => {
    const metadata = `${origin}/.well-known/oauth-protected-resource${path}`;
    const all = { ...parameters, resource_metadata: metadata };
    const said = Object.entries(all).map(([name, value]) => `${name}="${value}"`);
    const headers = { "www-authenticate": `Bearer ${said.join(", ")}` };
    sendJson(response, status, { error: parameters.error }, headers);
  };

const redirect = (to) => (_request, response, _message, address) => {
  response.writeHead(307, { location: `${to(address)}/benign/mcp` });
  response.end();
};

/** Refuses the first request of an address, and serves it from then on. */
function busyOnce(request, response, message, address) {
  if (address.state.isServing) return false;
  address.state.isServing = true;
  return faults["429"](request, response, message, address);
}

export const faults = {
  slow,
  trickle,
  down: (request) => request.socket.destroy(),
  cut,
  "stream-without-answer": streamWithoutAnswer,
  "garbage-html": send(200, HTML, { "content-type": "text/html" }),
  "garbage-json": send(200, '{"jsonrpc":"2.0","id":'),
  "garbage-empty": send(200, ""),
  "garbage-array": send(200, "[[[[]]]]"),
  "garbage-id": (_request, response, message) =>
    sendJson(response, 200, { jsonrpc: "2.0", id: `not ${message?.id}`, result: { tools: [] } }),
  "garbage-stream": send(200, "data: nonsense\n\ndata: {}\n\n", {
    "content-type": "text/event-stream",
  }),
  redirect: redirect(({ elsewhere }) => elsewhere),
  "redirect-same": redirect(({ origin }) => origin),
  "redirect-loop": (_request, response, _message, { path }) => {
    response.writeHead(307, { location: path });
    response.end();
  },
  500: send(500, '{"error":"internal"}'),
  429: send(429, '{"error":"busy"}', { "retry-after": "1" }),
  "429-once": busyOnce,
  404: send(404, '{"error":"not found"}'),
  401: challenge(401, { error: "invalid_token", error_description: "expired" }),
  "403-any-scope": challenge(403, { error: "insufficient_scope", scope: "admin:everything" }),
  403: send(403, '{"error":"forbidden"}'),
};
faults.garbage = faults["garbage-html"];
