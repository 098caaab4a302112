// The official conformance tests of MCP servers, at `POST /mcp` (M21): those that need no tools of their own.
// They bring no token, so that a proxy adds alice's. The last version that runs on Node 20 is used.
//
//   node conformance.mjs PATH-OF-LOCAL-BINARY

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const SCENARIOS = ["server-initialize", "ping", "tools-list", "tools-call-error", "dns-rebinding-protection"];
const [, , local] = process.argv;
const main = fileURLToPath(new URL("node_modules/@modelcontextprotocol/conformance/dist/index.js", import.meta.url));

async function listening(server) {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server.address().port;
}

/** A port that is free now, and with luck those after it. */
async function freePort() {
  const server = createServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Passes everything on to `port` with `token`; its own name is the application's there. */
function proxy(port, token) {
  const server = createServer((asked, answer) => {
    const own = `localhost:${server.address().port}`;
    const renamed = (value) => value?.replace(own, `localhost:${port}`).replace(own.replace("localhost", "127.0.0.1"), `localhost:${port}`);
    const headers = { ...asked.headers, authorization: `Bearer ${token}` };
    for (const name of ["host", "origin"]) if (headers[name]) headers[name] = renamed(headers[name]);
    const there = request({ host: "localhost", port, path: asked.url, method: asked.method, headers }, (told) => {
      answer.writeHead(told.statusCode, told.headers);
      told.pipe(answer);
    });
    asked.pipe(there);
  });
  return server;
}

const data = mkdtempSync(join(tmpdir(), "countersign-conformance-"));
const port = String(await freePort());
const world = spawn(local, ["--data", data, "--port", port], { stdio: ["ignore", "pipe", "ignore"] });
try {
  for await (const line of createInterface({ input: world.stdout })) if (line.includes("Open http")) break;
  const token = execFileSync(local, ["--port", port, "token", "alice"], { encoding: "utf8" }).trim();
  const server = proxy(port, token);
  const url = `http://localhost:${await listening(server)}/mcp`;
  for (const scenario of SCENARIOS) {
    // Asynchronous, because the proxy is in this process.
    const tests = spawn(process.execPath, [main, "server", "--url", url, "--scenario", scenario]);
    let told = "";
    for (const stream of [tests.stdout, tests.stderr]) stream.on("data", (text) => (told += text));
    const status = await new Promise((resolve) => tests.on("close", resolve));
    if (status !== 0 || !/\b0 failed/.test(told)) throw new Error(`${scenario} fails:\n${told}`);
    console.log(`ok - MCP's own conformance tests: ${scenario}`);
  }
  server.close();
  server.closeAllConnections();
} finally {
  world.kill("SIGINT");
  rmSync(data, { recursive: true, force: true });
}
