// The official example server, which has everything of 2025-11-25: sessions, questions in the middle
// of a call, links to open. It can't say which port it got, so a free one is looked for.

import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { listen } from "./record.mjs";

const MAIN = "node_modules/@modelcontextprotocol/server-everything/dist/index.js";
const READY = /^MCP Streamable HTTP Server listening on port (\d+)$/;

async function freePort() {
  const server = createServer();
  const port = await listen(server, 0);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts it; returns its port and a way to end it. It is ready once it says so on stderr. */
export async function startEverything() {
  const path = fileURLToPath(new URL(MAIN, import.meta.url));
  const env = { ...process.env, PORT: String(await freePort()) };
  const server = spawn(process.execPath, [path, "streamableHttp"], {
    stdio: ["ignore", "ignore", "pipe"],
    env,
  });
  for await (const line of createInterface({ input: server.stderr })) {
    const port = READY.exec(line)?.[1];
    if (port) return { port, end: () => server.kill("SIGKILL") };
  }
  throw new Error("server-everything has ended");
}
