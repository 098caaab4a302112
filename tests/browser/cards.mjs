// The cards of the chat page (M7, M10): what only the user can do, one at a time, and what is connected.
//
//   node cards.mjs PATH-OF-LOCAL-BINARY PATH-OF-CHROMIUM

import assert from "node:assert/strict";
import { RUN, accessible, answerWith, answered, connect, say, signIn } from "./chat.mjs";
import { step, withWorld } from "./world.mjs";

const [, , local, executablePath] = process.argv;
const problems = [];

const started = { type: "RUN_STARTED", threadId: "t", runId: "r" };
const waitsFor = (...interrupts) => ({ type: "RUN_FINISHED", threadId: "t", runId: "r", outcome: { type: "interrupt", interrupts } });

/** The body of the next run that `page` asks for; it is answered by `events`. */
function nextRun(page, ...events) {
  return new Promise((resolve) => {
    const body = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
    page.route(RUN, (route) => {
      resolve(route.request().postDataJSON());
      return route.fulfill({ contentType: "text/event-stream", body });
    }, { times: 1 });
  });
}

await withWorld({ local, executablePath, options: ["--port", "0"] }, async ({ browser, application }) => {
  const alice = await signIn(browser, "Alice Example", application, problems);
  const card = alice.locator(".card");
  await say(alice, "Who am I at GitHub?");
  await card.getByText("nothing", { exact: true }).waitFor();
  await connect(alice);
  await answered(alice, "You are octo-alice");
  await alice.getByText("GitHub: @octo-alice").waitFor();
  await say(alice, "Which repositories do I have, private ones too?");
  await card.getByText("read:user, as @octo-alice").waitFor();
  await connect(alice);
  await answered(alice, "octo-alice/diary");
  step("a consent says what was allowed before, and what is connected is shown");

  await say(alice, "Create an issue in octo-alice/garden: One; issue in octo-alice/diary: Two");
  await card.getByText("1 of 2 that wait for you").waitFor();
  assert.equal(await card.count(), 1, "one card at a time");
  await card.getByRole("button", { name: "Create issue" }).click();
  await card.getByText("octo-alice/diary").waitFor();
  assert.equal(await card.getByText(/of 2/).count(), 0, "this is the last");
  await card.getByRole("button", { name: "Don’t" }).click();
  await card.getByRole("button", { name: "Decline" }).click();
  await answered(alice, "I created issue 1");
  await alice.reload();
  await alice.getByText(/you approved it, as octo-alice, \d/).waitFor();
  await alice.getByText(/you declined it, \d/).waitFor();
  const other = await (await browser.newContext({ storageState: await alice.context().storageState() })).newPage();
  await other.goto(alice.url());
  await other.getByText(/you approved it, as octo-alice, \d/).waitFor();
  await other.close();
  step("of two that wait each is decided for itself, and another browser of hers shows what was decided");

  const asked = {
    id: "i", reason: "input_required", message: "Where shall it go?\u202E", metadata: { server: "calendar" },
    responseSchema: {
      type: "object", required: ["title", "room"],
      properties: {
        title: { type: "string", title: "Title", minLength: 2 }, room: { type: "string", enum: ["a", "b"], enumNames: ["Attic", "Barn"] },
        guests: { type: "integer", minimum: 1, maximum: 9 }, mail: { type: "boolean", description: "to all" }, note: { type: "string" },
      },
    },
  };
  await answerWith(alice, [started, waitsFor(asked)]);
  await say(alice, "Plan a party.");
  await card.getByRole("heading", { name: "calendar asks you" }).waitFor();
  await card.getByText("Where shall it go?⟨U+202E⟩").waitFor();
  await accessible(alice, "a form of a tool's server");
  await card.getByRole("button", { name: "Send" }).click();
  assert.equal(await card.getByLabel("Title").evaluate((it) => it.validity.valueMissing), true, "nothing is sent without it");
  await card.getByLabel("Title").fill("Party");
  await card.getByLabel("room").selectOption({ label: "Barn" });
  await card.getByLabel("guests").fill("4");
  const visit = { id: "j", reason: "input_required", message: "Sign here.", metadata: { server: "calendar", url: "https://sign.calendar.example.evil.example/x?y" } };
  const sent = nextRun(alice, started, waitsFor(visit));
  await card.getByRole("button", { name: "Send" }).click();
  assert.deepEqual((await sent).resume, [{ interruptId: "i", status: "resolved", payload: { title: "Party", room: "b", guests: 4, mail: false } }]);
  await card.getByText("You leave for sign.calendar.example.evil.example: https://sign.calendar.example.evil.example/x?y").waitFor();
  const refused = nextRun(alice, started, waitsFor({ ...visit, metadata: { ...visit.metadata, url: "javascript:alert(1)" } }));
  await card.getByRole("button", { name: "I have done it" }).click();
  assert.deepEqual((await refused).resume, [{ interruptId: "j", status: "resolved" }]);
  await card.getByText("The link is not shown").waitFor();
  assert.equal(await card.getByRole("link").count(), 0);
  const left = nextRun(alice, started, { type: "RUN_FINISHED", threadId: "t", runId: "r", outcome: { type: "success" } });
  await card.getByRole("button", { name: "Don’t" }).click();
  assert.deepEqual((await left).resume, [{ interruptId: "j", status: "cancelled" }]);
  step("a tool's server asks by a form, whose link shows its whole domain, and only pages are linked");

  await alice.clock.install();
  const soon = await alice.evaluate(() => new Date(Date.now() + 60_000).toISOString());
  const consent = { id: "c", reason: "authorization_required", message: "m", metadata: { provider: "github", scopes: ["repo"], url: new URL("/consent?flow=old", application).href, urlExpiresAt: soon } };
  await answerWith(alice, [started, waitsFor(consent)]);
  await say(alice, "Something that needs a consent.");
  await card.getByRole("heading", { name: "Connect GitHub to go on" }).waitFor();
  const fresh = { ...consent, metadata: { ...consent.metadata, url: new URL("/consent?flow=new", application).href, urlExpiresAt: "2999-01-01T00:00:00Z" } };
  const renewed = nextRun(alice, started, waitsFor(fresh));
  await alice.clock.runFor(61_000);
  assert.deepEqual((await renewed).messages, [], "it asks for what waits, and says nothing");
  await alice.locator("a[href$='flow=new']").waitFor();
  step("a card whose link has expired renews itself");

  const past = {
    id: "i", reason: "confirmation_required", message: "m", expiresAt: "2020-01-01T00:00:00Z",
    metadata: { tool: "github_create_issue", input: { title: "Late" }, account: "octo-alice", details: {} },
  };
  await alice.getByRole("link", { name: "New conversation" }).click();
  await answerWith(alice, [started, waitsFor(past)]);
  await say(alice, "Something that was asked long ago.");
  await card.getByRole("heading", { name: "Create this issue?" }).waitFor();
  let runs = 0;
  alice.on("request", (request) => (runs += request.url().endsWith("/invocations")));
  await alice.clock.runFor(30_000);
  assert.equal(runs, 0, "it asks again and again");
  step("a card of long ago, or a clock that is wrong, makes the page ask nobody");

  await alice.goto(application);
  const disconnect = alice.getByRole("button", { name: /^Disconnect/ });
  await disconnect.click();
  await alice.getByRole("button", { name: "Disconnect it?" }).click();
  await alice.getByText("GitHub: not connected").waitFor();
  await alice.locator("#connections [role=status]").waitFor();
  await say(alice, "Who am I at GitHub?");
  await card.getByRole("heading", { name: "Connect GitHub to go on" }).waitFor();
  step("after a disconnect, with a second click, the next question asks for a consent");

  assert.deepEqual(problems, []);
  step("no page complains, and none asks for anything elsewhere");
});
