// The page in a real browser: ask, consent, resume, decline, approve (M3, M7, M10).
//
//   node check.mjs PATH-OF-LOCAL-BINARY PATH-OF-CHROMIUM

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { createServer } from "vite";
import { newPage, step, withWorld } from "../../tests/browser/world.mjs";

const [, , local, executablePath] = process.argv;
const root = fileURLToPath(new URL(".", import.meta.url));
const problems = [];

const options = ["--port", "0"];
await withWorld({ local, executablePath, options }, async ({ browser, application }) => {
  process.env.APPLICATION = application;
  const vite = await createServer({ root, server: { strictPort: false, hmr: false } });
  await vite.listen();
  try {
    const page = await newPage(browser, "Alice Example", problems);
    await page.goto(vite.resolvedUrls.local[0]);
    await flow(page);
  } finally {
    await vite.close();
  }
});
assert.deepEqual(problems, []);

/** Follows `link`, which opens a page of its own. */
async function follow(page, link) {
  const [opened] = await Promise.all([page.context().waitForEvent("page"), link.click()]);
  return opened;
}

async function say(page, text) {
  await page.getByLabel("Your message").fill(text);
  await page.getByLabel("Your message").press("Enter");
}

async function flow(page) {
  const chat = await follow(page, page.getByRole("link", { name: "sign in" }));
  await chat.getByRole("button", { name: "Sign in as Alice Example" }).click();
  await chat.getByText("Signed in as Alice Example").waitFor();
  await say(page, "Hello!");
  await page.getByText("I am the scripted model").waitFor();
  step("a message is answered");

  await say(page, "Which repositories do I have, private ones too?");
  const github = await follow(page, page.getByRole("link", { name: "Authorize github" }));
  await github.getByRole("button", { name: "Authorize as octo-alice" }).click();
  await github.getByRole("heading", { name: "You are connected" }).waitFor();
  await page.getByRole("button", { name: "I have authorized it" }).click();
  await page.getByText("You have 3 repositories").waitFor();
  assert.equal(await page.locator("aside").count(), 0);
  step("a consent is given, and the run resumed");

  const create = "Please create an issue in octo-alice/diary: Water the Tomatoes";
  await say(page, create);
  const input = { owner: "octo-alice", repo: "diary", title: "Water the Tomatoes" };
  assert.deepEqual(JSON.parse(await page.locator("aside code").innerText()), input);
  page.once("dialog", (dialog) => dialog.accept("it rains"));
  await page.getByRole("button", { name: "Decline" }).click();
  await page.getByText("you declined it").waitFor();
  step("an action is shown exactly, and declined with a reason");

  await say(page, create);
  await page.getByRole("button", { name: "Approve" }).click();
  await page.getByText("I created issue").waitFor();
  assert.equal(await page.locator("aside").count(), 0);
  step("an action is approved, and done");
}
