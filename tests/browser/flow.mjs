// The whole flow in a real browser (M1 to M11, M16): what the pages' own scripts do.
//
//   node flow.mjs PATH-OF-LOCAL-BINARY PATH-OF-CHROMIUM [FOLDER-FOR-SCREENSHOTS]

import assert from "node:assert/strict";
import { join } from "node:path";
import { newPage, step, withWorld } from "./world.mjs";

const [, , local, executablePath, screenshots] = process.argv;
const problems = [];

async function person(browser, name, application) {
  const page = await newPage(browser, name, problems);
  await page.goto(application);
  await page.getByRole("button", { name: `Sign in as ${name}` }).click();
  await page.getByText(`Signed in as ${name}`).waitFor();
  return page;
}

async function say(page, text) {
  await page.getByLabel("Your message").fill(text);
  await page.getByLabel("Your message").press("Enter");
}

/** The box in which `page` asks whether to create the issue; it shows exactly what would be done. */
async function toApprove(page) {
  const box = page.locator(".consent");
  await box.getByRole("button", { name: "Approve" }).waitFor();
  const said = (await box.innerText()).split("{")[0].trim();
  assert.equal(said, 'The assistant wants to do this as "octo-alice": "github_create_issue"');
  const input = { owner: "octo-alice", repo: "diary", title: "Water the Tomatoes" };
  assert.deepEqual(JSON.parse(await box.locator("code").innerText()), input);
  return box;
}

let shots = 0;
async function shoot(page, name) {
  if (screenshots) await page.screenshot({ path: join(screenshots, `${++shots}-${name}.png`) });
}

const options = ["--port", "0"];
await withWorld({ local, executablePath, options }, async ({ browser, application }) => {
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
  await github.getByRole("button", { name: "Authorize as octo-alice" }).click();
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

  const create = "Please create an issue in octo-alice/diary: Water the Tomatoes";
  await say(alice, create);
  let box = await toApprove(alice);
  await shoot(alice, "to-approve");
  await box.getByRole("button", { name: "Decline" }).click();
  await alice.getByText("the user declined it").waitFor();
  assert.equal(await alice.locator(".consent").count(), 0);
  step("an action is shown exactly, and declined");

  await say(alice, create);
  box = await toApprove(alice);
  await box.getByRole("button", { name: "Approve" }).click();
  // Numbers begin at 1: what was declined was not done.
  await alice.getByText("I created issue 1:").waitFor();
  assert.equal(await alice.locator(".consent").count(), 0);
  await shoot(alice, "approved");
  step("asked again and approved, it is done, once");

  await bob.goto(application);
  await say(bob, "Which repositories do I have?");
  const asked = bob.getByRole("link", { name: "Authorize github" });
  const [refusing] = await Promise.all([bob.context().waitForEvent("page"), asked.click()]);
  await refusing.getByRole("button", { name: "Cancel" }).click();
  await refusing.getByRole("heading", { name: "You did not allow it" }).waitFor();
  assert.equal(new URL(refusing.url()).search, "?result=declined");
  await shoot(refusing, "declined");
  await bob.getByRole("button", { name: "Don’t allow" }).click();
  await bob.getByText("declined to authorize").waitFor();
  assert.equal(await bob.locator(".consent").count(), 0);
  step("bob allows nothing, neither at GitHub nor here");

  await alice.goto(new URL("/docs/", application).href);
  await alice.getByText("/invocations").first().waitFor();
  await shoot(alice, "docs");
  step("the API is an interactive page, out of the binary alone");

  assert.deepEqual(problems, []);
  step("no page complains, and none asks for anything elsewhere");
});
