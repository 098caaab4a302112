// Attacks with two people's browsers (M9): nothing is bound to the wrong person, or to the wrong browser.
//
//   node attacks.mjs PATH-OF-LOCAL-BINARY PATH-OF-CHROMIUM

import assert from "node:assert/strict";
import { asked, say, signIn } from "./chat.mjs";
import { step, withWorld } from "./world.mjs";

const [, , local, executablePath] = process.argv;
const problems = [];
const QUESTION = "Which repositories do I have, private ones too?";

/** Asks in a new conversation, and returns the link of the consent that this needs. */
async function linkOf(page) {
  await say(page, QUESTION);
  return page.getByRole("link", { name: "Connect GitHub" }).getAttribute("href");
}

/** Whether `page`'s user is still asked for a consent when they try again. */
async function staysUnconnected(page) {
  await page.getByRole("button", { name: "I have connected it" }).click();
  await asked(page, QUESTION);
  await page.getByRole("heading", { name: "Connect GitHub to go on" }).waitFor();
}

/** The address of the provider's page that `link` leads to, which is not opened. */
async function providersPage(page, link) {
  const reply = await page.context().request.get(link, { maxRedirects: 0 });
  assert.equal(reply.status(), 303);
  return reply.headers().location;
}

await withWorld({ local, executablePath, options: ["--port", "0"] }, async ({ browser, application }) => {
  const alice = await signIn(browser, "Alice Example", application, problems);
  const bob = await signIn(browser, "Bob Example", application, problems);

  const link = await linkOf(bob);
  const tab = await alice.context().newPage();
  await tab.goto(link);
  await tab.getByRole("heading", { name: "This request is not yours" }).waitFor();
  step("bob's link does nothing for alice");

  const consent = await providersPage(bob, link);
  let back;
  tab.on("request", (request) => {
    if (request.url().includes("/oauth2/session-binding?session_id=")) back ??= request.url();
  });
  await tab.goto(consent);
  await tab.getByRole("button", { name: "Authorize as octo-alice" }).click();
  await tab.getByRole("heading", { name: "This request is no longer open" }).waitFor();
  step("alice, who consents on bob's address of the provider, is refused");

  // Bob knows the session by his own link, and not the state that alice's browser brought back.
  const session = new URL(back).searchParams.get("session_id");
  const his = await bob.context().newPage();
  await his.goto(new URL(`/oauth2/session-binding?session_id=${encodeURIComponent(session)}&state=guessed`, application).href);
  await his.getByRole("heading", { name: "This is not where you consented" }).waitFor();
  await staysUnconnected(bob);
  step("bob can't complete what alice has consented to");

  await linkOf(alice);
  await staysUnconnected(alice);
  step("… and alice is connected by none of it");

  // Login CSRF: somebody signs alice's browser in as themselves, and lets her consent to their flow.
  const fresh = await linkOf(await signIn(browser, "Bob Example", application, problems));
  await tab.goto(application);
  await tab.getByRole("button", { name: "Sign out" }).click();
  await tab.getByRole("button", { name: "Sign in again" }).click();
  await tab.getByRole("button", { name: "Sign in as Bob Example" }).click();
  await tab.getByText("Signed in as Bob Example").waitFor();
  await tab.goto(fresh);
  await tab.getByRole("heading", { name: "This was not asked for in this browser" }).waitFor();
  step("a flow that bob began in his browser is refused in alice's, although she is signed in as bob there");

  await say(alice, "Am I still alice?");
  await alice.locator(".problem").getByText("Another person has signed in in this browser").waitFor();
  step("her tab of before does nothing for bob");

  assert.deepEqual(problems, []);
  step("no page complains, and none asks for anything elsewhere");
});
