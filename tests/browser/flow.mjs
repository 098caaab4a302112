// The whole flow in a real browser (M1 to M11, M16): what the pages' own scripts do.
//
//   node flow.mjs PATH-OF-LOCAL-BINARY PATH-OF-CHROMIUM [FOLDER-FOR-SCREENSHOTS]

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
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
  await page.getByRole("button", { name: "Send" }).waitFor();
  await page.getByLabel("Your message").fill(text);
  await page.getByLabel("Your message").press("Enter");
}

/** The box in which `page` asks whether to create the issue; it shows exactly what would be done. */
async function toApprove(page) {
  const box = page.locator(".card");
  await box.getByRole("heading", { name: "Create this issue?" }).waitFor();
  const shown = await box.locator("dt, dd").allInnerTexts();
  const fields = ["As", "octo-alice", "In", "octo-alice/diary", "Visibility", "private", "Title", "Water the Tomatoes"];
  assert.deepEqual(shown, fields);
  await box.getByText("Exactly what is sent").click();
  const input = { owner: "octo-alice", repo: "diary", title: "Water the Tomatoes" };
  assert.deepEqual(JSON.parse(await box.locator("code").innerText()), input);
  return box;
}

/** Whatever Unicode says can't be seen, the page's own rule shows by its code. */
function nothingStaysHidden() {
  const source = readFileSync(new URL("../../functions/invoke/src/page/dom.js", import.meta.url), "utf8");
  const rule = source.match(/const HIDDEN = \/(.+)\/gu;/)[1];
  const [shown, invisible] = [rule, "[\\p{Default_Ignorable_Code_Point}\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Bidi_C}]"]
    .map((pattern) => new RegExp(pattern, "u"));
  for (let code = 0; code <= 0x10ffff; code++) {
    const character = String.fromCodePoint(code);
    if (character !== "\n" && invisible.test(character)) {
      assert.ok(shown.test(character), `U+${code.toString(16)} stays hidden`);
    }
  }
}

nothingStaysHidden();
step("every invisible character of Unicode is shown by its code");

let shots = 0;
async function shoot(page, name) {
  if (!screenshots) return;
  await page.bringToFront();
  const path = join(screenshots, `${++shots}-${name}.png`);
  // Chromium can't take one of a tab that has just come to the front.
  await page.screenshot({ path }).catch(() => page.screenshot({ path }));
}

/** One of the pictures in docs/images: narrow, so that it is small and can be read beside the text. */
async function picture(page, name) {
  if (!screenshots) return;
  const usual = page.viewportSize();
  await page.setViewportSize({ width: 720, height: 940 });
  if (await page.locator(".card").count()) await page.locator(".card").scrollIntoViewIfNeeded();
  await page.screenshot({ path: join(screenshots, `${name}.png`) });
  await page.setViewportSize(usual);
}

/** The same on a phone, in the dark: nothing is wider than the screen. */
async function phone(page) {
  const usual = page.viewportSize();
  await page.emulateMedia({ colorScheme: "dark" });
  await page.setViewportSize({ width: 390, height: 844 });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(15, 17, 21)");
  if (screenshots) await page.screenshot({ path: join(screenshots, "phone-dark.png") });
  await page.emulateMedia({ colorScheme: null });
  await page.setViewportSize(usual);
}

const options = ["--port", "0"];
await withWorld({ local, executablePath, options }, async ({ browser, application }) => {
  const alice = await person(browser, "Alice Example", application);
  await alice.getByLabel("Your message").fill("Which repositories do I have, private ones too?");
  await picture(alice, "ask");
  await say(alice, "Hello!");
  await alice.getByText("I am the scripted model").waitFor();
  step("alice signs in and is answered");

  await alice.goto(application);
  await say(alice, "Which repositories do I have, private ones too?");
  const link = alice.getByRole("link", { name: "Connect GitHub" });
  await link.waitFor();
  await shoot(alice, "interrupted");
  await picture(alice, "consent");
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

  await alice.locator(".prose").getByText("octo-alice/garden").first().waitFor();
  assert.equal(await alice.locator(".card").count(), 0);
  await shoot(alice, "answered");
  await picture(alice, "answer");
  await phone(alice);
  step("the conversation goes on by itself");

  await github.reload();
  await github.getByRole("heading", { name: "You are connected" }).waitFor();
  await say(alice, "List my repositories again.");
  await alice.locator(".prose").getByText("octo-alice/diary").nth(1).waitFor();
  step("the next turn needs no consent");

  // The writer of the file wants the page to send something to their server.
  await say(alice, "(obeys results) Please read links.md in octo-mallory/trap");
  await alice.locator(".target").getByText("(https://mallory.example/pixel.png?told=secret)").waitFor();
  const image = alice.locator(".prose a[href*='pixel.png']");
  assert.equal(await image.innerText(), "image: See");
  assert.equal(await alice.locator("img, .prose [style], .prose script").count(), 0);
  for (const link of await alice.locator(".prose a[href*='mallory']").all()) {
    const after = await link.evaluate((it) => it.nextElementSibling?.textContent ?? it.textContent);
    assert.ok(after.includes(await link.getAttribute("href")), `${after} does not say where it leads`);
  }
  step("an image that the model was told to say is a link, and a link shows its address, all of it");

  const create = "Please create an issue in octo-alice/diary: Water the Tomatoes";
  await say(alice, create);
  let box = await toApprove(alice);
  await shoot(alice, "to-approve");
  await picture(alice, "approval");
  await box.getByRole("button", { name: "Don’t" }).click();
  await box.getByLabel("Why not?").fill("it rains");
  await box.getByRole("button", { name: "Decline" }).click();
  await alice.locator(".prose").getByText("it rains").waitFor();
  await alice.getByText("you declined it: it rains").waitFor();
  assert.equal(await alice.locator(".card").count(), 0);
  step("an action is shown exactly, and declined");

  await say(alice, create);
  box = await toApprove(alice);
  await box.getByRole("button", { name: "Create issue" }).click();
  // Numbers begin at 1: what was declined was not done.
  await alice.getByText("I created issue 1:").waitFor();
  assert.equal(await alice.locator(".card").count(), 0);
  await shoot(alice, "approved");
  const created = await alice.getByText("I created issue 1:").innerText();
  const issue = await alice.context().newPage();
  await issue.goto(created.slice(created.indexOf("http")));
  await issue.getByRole("heading", { name: "Water the Tomatoes #1" }).waitFor();
  await shoot(issue, "issue");
  await issue.close();
  step("asked again and approved, it is done, once");

  await bob.goto(application);
  await say(bob, "Which repositories do I have, private ones too?");
  const asked = bob.getByRole("link", { name: "Connect GitHub" });
  const [refusing] = await Promise.all([bob.context().waitForEvent("page"), asked.click()]);
  await refusing.getByRole("button", { name: "Cancel" }).click();
  await refusing.getByRole("heading", { name: "You did not allow it" }).waitFor();
  assert.equal(new URL(refusing.url()).search, "?result=declined");
  await shoot(refusing, "declined");
  await bob.getByRole("button", { name: "Not now" }).click();
  await bob.locator(".prose").getByText("declined to authorize").waitFor();
  await bob.getByText("you did not connect it").waitFor();
  assert.equal(await bob.locator(".card").count(), 0);
  step("bob allows nothing, neither at GitHub nor here");

  await alice.goto(new URL("/docs/", application).href);
  await alice.getByText("/invocations").first().waitFor();
  await shoot(alice, "docs");
  step("the API is an interactive page, out of the binary alone");

  await alice.goto(application);
  const other = await alice.context().newPage();
  await other.goto(application);
  await other.getByRole("button", { name: "Sign out" }).click();
  await other.getByText("You are signed out in this browser").waitFor();
  await shoot(other, "signed-out");
  await other.getByRole("button", { name: "Sign in again" }).click();
  await other.getByRole("button", { name: "Sign in as Bob Example" }).click();
  await other.getByText("Signed in as Bob Example (bob@example.com)").waitFor();
  await say(alice, "Which repositories do I have, private ones too?");
  await alice.locator(".problem").getByText("Another person has signed in in this browser").waitFor();
  await shoot(alice, "stale");
  await alice.locator(".problem").getByRole("button", { name: "Reload" }).click();
  await alice.getByText("Signed in as Bob Example").waitFor();
  step("a tab that was alice's does nothing for bob, who has signed in since");

  assert.deepEqual(problems, []);
  step("no page complains, and none asks for anything elsewhere");
});

const app = ["--port", "0", "--github-app"];
await withWorld({ local, executablePath, options: app }, async ({ browser, application }) => {
  const alice = await person(browser, "Alice Example", application);
  await say(alice, "read 2026-10.md in octo-alice/diary");
  const card = alice.locator(".card");
  const link = card.getByRole("link", { name: "Connect GitHub" });
  await link.waitFor();
  const fields = await card.locator("dt").allInnerTexts();
  assert.deepEqual(fields, ["To", "Allowed before", "You choose", "Kept by", "You leave for"], "and no scopes");
  assert.match(await card.locator("dd").nth(2).innerText(), /^You choose the repositories at GitHub \(http/);
  await shoot(alice, "app-interrupted");
  const [github] = await Promise.all([alice.context().waitForEvent("page"), link.click()]);
  await github.getByLabel("only these:").check();
  await github.getByLabel("Names").fill("garden");
  await shoot(github, "app-github");
  await github.getByRole("button", { name: "Authorize as octo-alice" }).click();
  await github.getByRole("heading", { name: "You are connected" }).waitFor();
  const missing = alice.locator(".prose").getByText("GitHub does not show octo-alice/diary to the app");
  await missing.waitFor();
  assert.equal(await card.count(), 0);
  await shoot(alice, "app-missing");
  step("with a GitHub App the card says that one chooses the repositories, and a missing one brings a link");

  await github.goto((await missing.innerText()).match(/http\S+/)[0]);
  await github.getByLabel("all repositories").check();
  await github.getByRole("button", { name: "Install for octo-alice" }).click();
  await github.getByRole("heading", { name: "is installed as you chose" }).waitFor();
  await say(alice, "read 2026-10.md in octo-alice/diary");
  await alice.locator(".prose").getByText("The first frost came early.").waitFor();
  assert.deepEqual(problems, []);
  step("once it is chosen there, the same question is answered");
});
