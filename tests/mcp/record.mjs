// What both servers share: they keep every request that reached them, so that a test can look, and
// show it at GET /control. A token is kept as a fingerprint only.

import { createHash } from "node:crypto";
import { parseArgs } from "node:util";

/** The first 8 hexadecimal digits of the SHA-256 of a bearer token, or null where there is none. */
export function fingerprint(authorization) {
  const token = authorization?.replace(/^bearer /i, "");
  return token ? createHash("sha256").update(token).digest("hex").slice(0, 8) : null;
}

/** The body of a request as text. */
export async function textOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** JSON or undefined. */
export function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Every request to a server, in the order of arrival. */
export class Record {
  requests = [];

  /** Keeps a request whose body is `message`; its status is added once it was answered. */
  keep(request, response, message) {
    const { headers } = request;
    const kept = {
      http: request.method,
      path: request.url,
      method: message?.method ?? null,
      tool: message?.method === "tools/call" ? (message.params?.name ?? null) : null,
      arguments: message?.params?.arguments ?? null,
      inputResponses: message?.params?.inputResponses ?? null,
      requestState: message?.params?.requestState ?? null,
      // Only an answer to a request of the server has one of these.
      result: message?.result ?? null,
      error: message?.error ?? null,
      authorization: fingerprint(headers.authorization),
      protocolVersion: headers["mcp-protocol-version"] ?? message?.params?.protocolVersion ?? null,
      mcpMethod: headers["mcp-method"] ?? null,
      mcpName: headers["mcp-name"] ?? null,
      session: headers["mcp-session-id"] ?? null,
      capabilities:
        message?.params?._meta?.["io.modelcontextprotocol/clientCapabilities"] ??
        message?.params?.capabilities ??
        null,
      status: null,
    };
    this.requests.push(kept);
    response.on("close", () => {
      kept.status = response.headersSent ? response.statusCode : null;
    });
    return kept;
  }

  /** The requests that call a tool. */
  get calls() {
    return this.requests.filter(({ method }) => method === "tools/call");
  }
}

/** Answers with JSON. */
export function sendJson(response, status, body, headers = {}) {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

/** The options of a command line such as `--port 0 --introspect URL`. */
export function options(named) {
  return parseArgs({ options: named }).values;
}

/** Listens on 127.0.0.1 and returns the port. */
export async function listen(server, port) {
  server.listen(Number(port), "127.0.0.1");
  await new Promise((resolve, reject) => server.once("listening", resolve).once("error", reject));
  return server.address().port;
}

/** One line that says that a server is ready, and where. */
export function ready(ports) {
  console.log(JSON.stringify(ports));
}
