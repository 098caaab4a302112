// What check.mjs needs besides the official client: the servers as processes, an endpoint that knows
// the tokens, and a `fetch` that keeps what goes over the wire.

import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { listen, sendJson } from "./record.mjs";

const HEADERS = /^(accept|authorization|content-type|mcp-|www-authenticate|allow|last-event-id)/;
const TOKENS = {
  "alice-reads": { login: "alice", scopes: [] },
  "alice-writes": { login: "alice", scopes: ["notes.write"] },
  "bob-reads": { login: "bob", scopes: [] },
};

/** Starts a server of this folder; returns its ports and a way to end it. */
export async function start(file, ...parameters) {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const server = spawn(process.execPath, [path, ...parameters], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: server.stdout })) {
    return { ...JSON.parse(line), end: () => server.kill() };
  }
  throw new Error(`${file} has ended`);
}

/** The endpoint that says whose token this is. */
export async function introspection() {
  const server = createServer((request, response) => {
    const token = new URL(request.url, "http://localhost").searchParams.get("token");
    const known = TOKENS[token];
    sendJson(response, known ? 200 : 404, known ?? { error: "unknown" });
  });
  return { url: `http://127.0.0.1:${await listen(server, 0)}/`, end: () => server.close() };
}

function shown(headers) {
  return Object.fromEntries([...new Headers(headers)].filter(([name]) => HEADERS.test(name)));
}

/** Every exchange over the wire, as text. */
export class Wire {
  exchanges = [];

  fetch = async (url, init) => {
    const answer = await fetch(url, init);
    const exchange = {
      request: {
        method: init.method ?? "GET",
        path: new URL(url).pathname,
        headers: shown(init.headers),
        body: init.body,
      },
      answer: { status: answer.status, headers: shown(answer.headers) },
    };
    this.exchanges.push(exchange);
    const isOpen = init.method !== "POST" && answer.ok;
    if (!isOpen)
      exchange.answer.body = answer
        .clone()
        .text()
        .catch(() => null);
    return answer;
  };

  /** The exchanges so far, with the bodies of the answers. */
  async read() {
    for (const { answer } of this.exchanges) answer.body = await answer.body;
    return this.exchanges;
  }
}

/** An official client with the user's answers to questions; `mode` is auto, legacy or { pin }. */
export async function connect(
  url,
  { token, mode = "auto", answer, wire, capabilities, options, timeout },
) {
  const client = new Client(
    { name: "check", version: "1.0.0" },
    {
      versionNegotiation: { mode },
      capabilities: capabilities ?? { elicitation: { form: {}, url: {} } },
      ...options,
    },
  );
  if (answer) client.setRequestHandler("elicitation/create", ({ params }) => answer(params));
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers },
    ...(wire && { fetch: wire.fetch }),
  });
  await client.connect(transport, { timeout });
  return client;
}

/** The text of a tool's result. */
export const textOf = ({ content }) => content.map(({ text }) => text).join("\n");
