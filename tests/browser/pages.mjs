// Every page beside the chat: how a consent ended, what is refused and why, the API, and the stand-ins'
// own pages (M8, M9, M16). Each says what happened by an icon and in words, and what to do next.
//
//   node pages.mjs PATH-OF-LOCAL-BINARY PATH-OF-CHROMIUM [FOLDER-FOR-SCREENSHOTS]

import assert from "node:assert/strict";
import { join } from "node:path";
import { accessible, answered, say, signIn } from "./chat.mjs";
import { newPage, step, withWorld } from "./world.mjs";

const [, , local, executablePath, screenshots] = process.argv;
const problems = [];
const BACK = "Back to the conversation";
const options = { reducedMotion: "reduce" };

async function shoot(page, name) {
  if (!screenshots) return;
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(screenshots, `page-${name}-${colorScheme}.png`) });
  }
  await page.emulateMedia({ colorScheme: null });
}

/** The page says `heading`, by `icon` too, and what to do next; a failure names its request. */
async function says(page, name, { heading, icon, next = BACK, failed = true }) {
  await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
  await page.getByRole("img", { name: icon, exact: true }).waitFor();
  assert.equal(await page.getByRole("link", { name: next }).getAttribute("href"), "/");
  assert.equal(await page.getByText(/request [0-9a-f-]{36}/).count(), failed ? 1 : 0, "the request's id");
  await shoot(page, name);
  await accessible(page, name);
  const usual = page.viewportSize();
  await page.setViewportSize({ width: 320, height: 700 });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `${name} is ${wide} pixels too wide for a phone`);
  await page.setViewportSize(usual);
}

/** A page of a stand-in, which says that it is one. */
async function standIn(page, what) {
  await page.getByText(/^A stand-in for .*Nothing here is real\.$/).waitFor();
  await shoot(page, what);
  await accessible(page, what);
}

await withWorld({ local, executablePath, options: ["--port", "0"] }, async ({ browser, application }) => {
  const at = (path) => new URL(path, application).href;
  const stranger = await newPage(browser, "stranger", problems, options);
  await stranger.goto(application);
  const issuer = new URL(stranger.url()).origin;
  await standIn(stranger, "sign-in");
  await stranger.goto(`${issuer}/authorize`);
  await standIn(stranger, "sign-in-refused");
  step("the identity provider's pages have no serious violation, and say that they are a stand-in's");

  const alice = await signIn(browser, "Alice Example", application, problems, options);
  await say(alice, "Which repositories do I have, private ones too?");
  const link = alice.getByRole("link", { name: "Connect GitHub" });
  await link.waitFor();
  const consent = await link.getAttribute("href");

  const bob = await signIn(browser, "Bob Example", application, problems, options);
  await bob.goto(consent);
  await says(bob, "another-person", { heading: "This request is not yours", icon: "Refused: another person's" });
  await bob.getByText("Signed in as Bob Example").waitFor();
  const elsewhere = await signIn(browser, "Alice Example", application, problems, options);
  await elsewhere.goto(consent);
  await says(elsewhere, "another-browser", { heading: "This was not asked for in this browser", icon: "Refused: another browser's" });
  await elsewhere.goto(at("/consent?flow=x"));
  await says(elsewhere, "incomplete", { heading: "This link is incomplete", icon: "Refused: wrong link" });
  await elsewhere.goto(at("/oauth2/session-binding?session_id=urn:ietf:params:oauth:request_uri:none&state=s"));
  await says(elsewhere, "no-flow", { heading: "This request is no longer open", icon: "Refused: too late" });
  assert.equal(new URL(elsewhere.url()).search, "?result=no_flow");
  await elsewhere.goto(at("/oauth2/session-binding?result=connected"));
  await says(elsewhere, "nothing", { heading: "Nothing has happened here", icon: "Note", failed: false });
  await elsewhere.goto(at("/c/no/conversation"));
  await says(elsewhere, "not-found", { heading: "Page not found", icon: "Not found" });
  await elsewhere.goto(at("/invocations"));
  await says(elsewhere, "no-page", { heading: "This is no page", icon: "Refused" });
  await elsewhere.getByRole("link", { name: BACK }).click();
  await elsewhere.getByRole("button", { name: "Send" }).waitFor();
  step("each refusal has its icon, plain words, who is signed in, its request's id and the way back");

  const [github] = await Promise.all([alice.context().waitForEvent("page"), link.click()]);
  const way = [];
  github.on("request", (request) => way.push(new URL(request.url())));
  await standIn(github, "consent");
  await github.getByRole("button", { name: "Authorize as octo-alice" }).click();
  await says(github, "connected", { heading: "You are connected", icon: "Done", failed: false });
  await answered(alice, "octo-alice/garden");
  await github.reload();
  await says(github, "still-connected", { heading: "You are connected", icon: "Done", failed: false });
  step("the page after a consent says so, and the conversation goes on");

  const [hub, core] = [/\/login\/oauth\//, /\/identities\//].map((path) => way.find((it) => path.test(it.pathname)).origin);
  for (const [what, address] of [
    ["account", `${hub}/octo-alice`],
    ["repository", `${hub}/octo-alice/garden`],
    ["file", `${hub}/octo-alice/diary/blob/main/2026-10.md`],
    ["consent-refused", `${hub}/login/oauth/authorize`],
    ["agentcore-refused", `${core}/identities/oauth2/authorize?request_uri=none`],
  ]) {
    await github.goto(address);
    await standIn(github, what);
  }
  step("so do the pages of GitHub's and AgentCore Identity's stand-ins");

  await alice.goto(at("/docs/"));
  await alice.getByText("/invocations").first().waitFor();
  await accessible(alice, "the API");
  await alice.emulateMedia({ colorScheme: "dark" });
  await alice.waitForFunction(() => {
    const [red, green, blue, alpha = 1] = getComputedStyle(document.documentElement).backgroundColor.match(/[\d.]+/g).map(Number);
    return alpha === 1 && Math.max(red, green, blue) < 64;
  });
  await alice.emulateMedia({ colorScheme: null });
  await alice.getByRole("button", { name: /sessions/ }).first().click();
  await alice.getByRole("button", { name: "Try it out" }).click();
  await alice.getByRole("button", { name: "Execute" }).click();
  await alice.getByText("Response headers").waitFor();
  await shoot(alice, "docs");
  await accessible(alice, "an operation of the API");
  step("the API's page is dark where the system is, and an operation can be tried");

  assert.deepEqual(problems, []);
  step("no page complains, and none asks for anything elsewhere");
});
