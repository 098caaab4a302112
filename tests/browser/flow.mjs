// The whole flow in a real browser (M1 to M11, M16): what the pages' own scripts do.
//
//   node flow.mjs PATH-OF-LOCAL-BINARY PATH-OF-CHROMIUM [FOLDER-FOR-SCREENSHOTS]

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const [, , local, executablePath, screenshots] = process.argv;
const TIMEOUT = 60_000;
const data = mkdtempSync(join(tmpdir(), "countersign-browser-"));
const server = spawn(local, ["--port", "0", "--data", data], { stdio: ["ignore", "pipe", "ignore"] });
const problems = [];

async function address() {
  for await (const line of createInterface({ input: server.stdout })) {
    const open = line.match(/Open (http:\S+)/);
    if (open) return open[1];
  }
  throw new Error("the local stand-in has ended");
}

/** A browser of its own, whose every complaint and every request to elsewhere is a problem. */
async function person(browser, name, application) {
  const context = await browser.newContext();
  context.setDefaultTimeout(TIMEOUT);
  context.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    const here = protocol === "data:" || ["localhost", "127.0.0.1"].includes(hostname);
    if (!here) problems.push(`${name} asked for ${request.url()}`);
  });
  context.on("weberror", (error) => problems.push(`${name}: ${error.error()}`));
  context.on("console", (message) => {
    // A page that refuses somebody has a status that Chromium notes as an error.
    const isStatus = message.text().startsWith("Failed to load resource: the server responded");
    if (message.type() === "error" && !isStatus) problems.push(`${name}: ${message.text()}`);
  });
  const page = await context.newPage();
  await page.goto(application);
  await page.getByRole("button", { name: `Sign in as ${name}` }).click();
  await page.getByText(`Signed in as ${name}`).waitFor();
  return page;
}

async function say(page, text) {
  await page.getByLabel("Your message").fill(text);
  await page.getByLabel("Your message").press("Enter");
}

let shots = 0;
async function shoot(page, name) {
  if (screenshots) await page.screenshot({ path: join(screenshots, `${++shots}-${name}.png`) });
}

const step = (text) => console.log(`ok - ${text}`);

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
try {
  const application = await address();
  const alice = await person(browser, "Alice Example", application);
  await say(alice, "Hello!");
  await alice.getByText("I am the scripted model").waitFor();
  step("alice signs in and is answered");

  await say(alice, "Which repositories do I have?");
  const link = alice.getByRole("link", { name: "Authorize github" });
  await link.waitFor();
  await shoot(alice, "interrupted");
  const address_of_link = await link.getAttribute("href");
  step("the turn is interrupted with a link");

  const bob = await person(browser, "Bob Example", application);
  await bob.goto(address_of_link);
  await bob.getByRole("heading", { name: "This request is not yours" }).waitFor();
  await shoot(bob, "refused");
  step("bob can't follow alice's link");

  const [github] = await Promise.all([alice.context().waitForEvent("page"), link.click()]);
  await shoot(github, "github");
  await github.getByLabel("octo-alice").check();
  await github.getByRole("button", { name: "Authorize" }).click();
  await github.getByRole("heading", { name: "You are connected" }).waitFor();
  assert.equal(new URL(github.url()).search, "?result=connected");
  await shoot(github, "connected");
  step("alice consents and is connected");

  await alice.getByText("octo-alice/garden").waitFor();
  assert.equal(await alice.getByText("needs your consent").count(), 0);
  await shoot(alice, "answered");
  step("the conversation goes on by itself");

  await github.reload();
  await github.getByRole("heading", { name: "You are connected" }).waitFor();
  await say(alice, "List my repositories again.");
  await alice.getByText("octo-alice/diary").nth(1).waitFor();
  step("the next turn needs no consent");

  await alice.goto(new URL("/docs/", application).href);
  await alice.getByText("/invocations").first().waitFor();
  await shoot(alice, "docs");
  step("the API is an interactive page, out of the binary alone");

  assert.deepEqual(problems, []);
  step("no page complains, and none asks for anything elsewhere");
} finally {
  await browser.close();
  server.kill("SIGINT");
  rmSync(data, { recursive: true, force: true });
}
