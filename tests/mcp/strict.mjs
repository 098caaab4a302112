// A well-behaved MCP server for tests, on the official packages: bearer tokens, scope challenges and
// questions to the user (`input_required`) as MCP 2026-07-28 has them.
//
//   node strict.mjs --port 0 --introspect URL [--older]
//
// Prints {"port":N} when it is ready; the server is at /mcp, what reached it at GET /control. A token
// is valid if GET URL?token=… answers 200 with {"login":"alice","scopes":["notes.write"]}. With
// --older it serves clients of 2025-11-25 as well, without sessions.

import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { localhostHostValidation, toNodeHandler } from "@modelcontextprotocol/node";
import {
  createMcpHandler,
  getOAuthProtectedResourceMetadataUrl,
  oauthMetadataResponse,
  OAuthError,
  OAuthErrorCode,
  requireBearerAuth,
} from "@modelcontextprotocol/server";
import { listen, options, parsed, ready, Record, sendJson, textOf } from "./record.mjs";
import { Notebook, notesServer } from "./notes.mjs";

const { port, introspect, older } = options({
  port: { type: "string", default: "0" },
  introspect: { type: "string" },
  older: { type: "boolean", default: false },
});

/** Asks the test's own endpoint whose token this is. */
async function verifyAccessToken(token) {
  const address = new URL(introspect);
  address.searchParams.set("token", token);
  const answer = await fetch(address);
  if (answer.status !== 200) throw new OAuthError(OAuthErrorCode.InvalidToken, "unknown token");
  const { login, scopes } = await answer.json();
  const expiresAt = Math.floor(Date.now() / 1000) + 3600;
  return { token, clientId: "test", scopes, expiresAt, extra: { login } };
}

const record = new Record();
const notebook = new Notebook();
const key = randomBytes(32);
const server = createServer();
const origin = `http://127.0.0.1:${await listen(server, port)}`;
const resource = new URL("/mcp", origin);
const resourceMetadataUrl = getOAuthProtectedResourceMetadataUrl(resource);
const gate = requireBearerAuth({ verifier: { verifyAccessToken }, resourceMetadataUrl });
const mcp = toNodeHandler(
  createMcpHandler((context) => notesServer(notebook, key, context.era), {
    legacy: older ? "stateless" : "reject",
  }),
);
const isLocal = localhostHostValidation();

/** The documents of RFC 9728 and RFC 8414; its authorization server is the test's endpoint. */
function metadata(request) {
  const issuer = new URL(introspect).origin;
  return oauthMetadataResponse(
    new Request(new URL(request.url, origin), { method: request.method }),
    {
      oauthMetadata: {
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        response_types_supported: ["code"],
      },
      resourceServerUrl: resource,
      scopesSupported: ["notes.write"],
    },
  );
}

async function sendResponse(response, answer) {
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(await answer.text());
}

async function serveMcp(request, response) {
  const body = parsed(await textOf(request));
  record.keep(request, response, body);
  const { authorization } = request.headers;
  const headers = authorization === undefined ? {} : { authorization };
  const caller = await gate(new Request(resource, { headers }));
  if (caller instanceof Response) return sendResponse(response, caller);
  request.auth = caller;
  return mcp(request, response, body);
}

server.on("request", async (request, response) => {
  if (!isLocal(request, response)) return undefined;
  const { pathname } = new URL(request.url, origin);
  if (pathname === "/control") {
    const { requests, calls } = record;
    return sendJson(response, 200, { requests, calls, ...notebook.seen() });
  }
  if (pathname === "/mcp") return serveMcp(request, response);
  const document = metadata(request);
  return document
    ? sendResponse(response, document)
    : sendJson(response, 404, { error: "not found" });
});
ready({ port: server.address().port });
