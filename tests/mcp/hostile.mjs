// An MCP server that does what no client should trust, by path: /{mode}/mcp.
//
//   node hostile.mjs --port 0
//
// Prints {"port":N,"elsewhere":M} when it is ready; M is another origin, to which some modes lead.
// What reached either is at GET /control of the first. `/{mode}/{name}/mcp` is the same mode with a
// state of its own, and `/{fault}-call/mcp` is harmless until a tool is called. README.md has the modes.

import { createServer } from "node:http";
import { faults } from "./hostile/faults.mjs";
import { older } from "./hostile/older.mjs";
import { respond } from "./hostile/rpc.mjs";
import { modes } from "./hostile/tools.mjs";
import { listen, options, parsed, ready, Record, sendJson, textOf } from "./record.mjs";

const PATH = /^\/([^/]+)\/(?:[^/]+\/)?mcp$/;
const CALL = /-call$/;

const { port } = options({ port: { type: "string", default: "0" } });
const here = new Record();
const there = new Record();
const states = new Map();
const [server, second] = [createServer(), createServer()];
const origin = `http://127.0.0.1:${await listen(server, port)}`;
const elsewhere = `http://127.0.0.1:${await listen(second, 0)}`;

/** What one path remembers: its tools, and the state of its mode. */
function addressOf(path, mode) {
  if (!states.has(path)) {
    const tools = (modes[mode] ?? modes.benign)(elsewhere);
    states.set(path, { path, origin, elsewhere, tools, state: {} });
  }
  return states.get(path);
}

/** The fault that befalls this message, if one does. */
function faultOf(mode, message) {
  if (faults[mode]) return faults[mode];
  const isCall = message?.method === "tools/call";
  return isCall && CALL.test(mode) ? faults[mode.replace(CALL, "")] : undefined;
}

function isMode(mode) {
  return [modes, older, faults].some((all) => all[mode] || all[mode?.replace(CALL, "")]);
}

/** Serves the tools of an address as a server without faults does. */
function serve({ tools }, request, response, message) {
  if (request.method !== "POST") return response.writeHead(405, { allow: "POST" }).end();
  if (!message) return sendJson(response, 400, { error: "no JSON" });
  const answer = respond(tools, message);
  return answer ? sendJson(response, 200, answer) : response.writeHead(202).end();
}

const handle = (record) => async (request, response) => {
  const { pathname } = new URL(request.url, origin);
  if (pathname === "/control") {
    const { requests, calls } = here;
    return sendJson(response, 200, { requests, calls, elsewhere: there.requests });
  }
  const message = parsed(await textOf(request));
  record.keep(request, response, message);
  const mode = PATH.exec(pathname)?.[1];
  if (!isMode(mode)) return sendJson(response, 404, { error: "not found" });
  const address = addressOf(pathname, mode);
  const act = older[mode] ?? faultOf(mode, message);
  if (act && act(request, response, message, address) !== false) return undefined;
  return serve(address, request, response, message);
};

server.on("request", handle(here));
second.on("request", handle(there));
ready({ port: server.address().port, elsewhere: second.address().port });
