// The official client of 2026-07-28, which shows its user the address of a page (`input_required`): TOOL
// ARGUMENTS.

import { createInterface } from "node:readline";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

const [, , tool, input] = process.argv;
const { COUNTERSIGN_URL, COUNTERSIGN_TOKEN } = process.env;
const headers = { authorization: `Bearer ${COUNTERSIGN_TOKEN}` };
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Prints one line for the test, and waits for it to say that the user has done it. */
async function told(said) {
  console.log(JSON.stringify(said));
  return ((await lines.next()).value ?? "").trim();
}

const client = new Client(
  { name: "Official client", version: "1.0.0" },
  { capabilities: { elicitation: { url: {} } }, versionNegotiation: { mode: "auto" } },
);
let shown;
client.setRequestHandler("elicitation/create", async ({ params }) => {
  shown = params.url;
  return { action: "cancel" };
});
await client.connect(new StreamableHTTPClientTransport(new URL(COUNTERSIGN_URL), { requestInit: { headers } }));
for (;;) {
  shown = undefined;
  let said;
  try {
    said = JSON.stringify(await client.callTool({ name: tool, arguments: JSON.parse(input) }));
  } catch (error) {
    said = `${error.message} ${JSON.stringify(error.data ?? null)}`;
  }
  if (!(await told(shown ? `elicited ${shown}` : said))) break;
}
await client.close();
