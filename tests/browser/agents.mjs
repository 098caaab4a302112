// Agents that nobody here wrote, at `POST /mcp` (M21): each asks, its user consents in a browser, it calls
// again and has the answer; what changes something is approved on our page, and done once.
//
//   node agents.mjs PATH-OF-LOCAL-BINARY PATH-OF-CHROMIUM PATH-OF-PYTHON

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { newPage, step, withWorld } from "./world.mjs";

const [, , local, executablePath, python] = process.argv;
const STAND_INS = 11;

async function freePort() {
  for (;;) {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address();
    await new Promise((resolve) => server.close(resolve));
    if (port + STAND_INS < 65_536) return port;
  }
}

/** An agent that calls `tool` whenever its user speaks. */
class Agent {
  constructor(script, tool, input, env) {
    const path = fileURLToPath(new URL(`../agents/${script}.py`, import.meta.url));
    const stdio = ["pipe", "pipe", "inherit"];
    this.process = spawn(python, [path, tool, JSON.stringify(input)], { stdio, env });
    this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  }

  /** What it says next. */
  async says() {
    const { value } = await this.lines.next();
    assert(value !== undefined, "the agent has ended");
    return JSON.parse(value);
  }

  /** The user speaks: it calls again. */
  async calledAgain() {
    this.process.stdin.write("I have done it.\n");
    return this.says();
  }

  end() {
    this.process.stdin.end("\n");
  }
}

/** The address of the page that an agent shows. */
function link(said) {
  const found = said.match(/https?:\/\/localhost:\d+\/(?:consent|confirm)\?[^\s"\\]+/);
  assert(found, `no link in: ${said}`);
  return found[0];
}

/** Signs alice in in `page`, if nobody is. */
async function signIn(page, application) {
  await page.goto(application);
  await page.getByRole("button", { name: "alice" }).click();
  await page.getByLabel("Your message").waitFor();
}

const port = String(await freePort());
const problems = [];
const AGENTS = ["with_strands", "with_langchain", "with_mcp"];
await withWorld({ local, executablePath, options: ["--port", port] }, async ({ browser, application }) => {
  const token = execFileSync(local, ["--port", port, "token", "alice"], { encoding: "utf8" }).trim();
  const env = { ...process.env, COUNTERSIGN_URL: new URL("/mcp", application).href, COUNTERSIGN_TOKEN: token };
  const alice = await newPage(browser, "alice", problems);
  await signIn(alice, application);
  for (const [at, script] of AGENTS.entries()) {
    const asking = new Agent(script, "github_list_repositories", { visibility: "all" }, env);
    const said = await asking.says();
    if (at === 0) {
      const early = await asking.calledAgain();
      await alice.goto(link(early));
      await alice.getByText("A client asks for it in your name.").waitFor();
      await alice.getByRole("button", { name: "Continue" }).click();
      await alice.getByRole("button", { name: "octo-alice", exact: false }).first().click();
      await alice.getByText("You are connected").first().waitFor();
      assert((await asking.calledAgain()).includes("octo-alice/diary"));
    } else {
      assert(said.includes("octo-alice/diary"), said);
    }
    asking.end();
    step(`${script}: asks, is given a link, and has the answer once alice has consented`);

    const title = `Asked ${script}`;
    const acting = new Agent(script, "github_create_issue", { owner: "octo-alice", repo: "garden", title }, env);
    await alice.goto(link(await acting.says()));
    await alice.getByText(title).waitFor();
    await alice.getByRole("button", { name: "Approve" }).click();
    await alice.getByText("Done. Go back to your client").waitFor();
    assert((await acting.calledAgain()).includes("/issues/"));
    // The same call made once more is another one, and is not approved.
    link(await acting.calledAgain());
    acting.end();
    step(`${script}: what changes something is approved on our page, and done once`);
  }
  assert.deepEqual(problems, []);
});
