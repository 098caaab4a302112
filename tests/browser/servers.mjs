// Tools of an MCP server in the chat page (M22, M23): two providers in one turn, a scope that is asked for
// once it is needed, and a question of the server's.
//
//   node servers.mjs PATH-OF-LOCAL-BINARY PATH-OF-CHROMIUM

import assert from "node:assert/strict";
import { accessible, answered, connect, say, signIn } from "./chat.mjs";
import { step, withWorld } from "./world.mjs";

const [, , local, executablePath] = process.argv;
const BOTH = "Which private repositories do I have, and what is in my calendar?";

/** Consents at the calendar's own page. */
async function connectCalendar(page) {
  const link = page.getByRole("link", { name: /Connect calendar/i });
  const [calendar] = await Promise.all([page.context().waitForEvent("page"), link.click()]);
  await calendar.getByRole("button", { name: "Allow as alice@calendar.example" }).waitFor();
  await accessible(calendar, "the calendar's consent");
  await calendar.getByRole("button", { name: "Allow as alice@calendar.example" }).click();
  await calendar.getByRole("heading", { name: "You are connected" }).waitFor();
  await calendar.close();
}

const problems = [];
await withWorld({ local, executablePath, options: ["--port", "0"] }, async ({ browser, application }) => {
  const alice = await signIn(browser, "alice", application, problems);
  const card = alice.locator(".card");
  await alice.getByRole("button", { name: BOTH }).click();
  await card.getByText("1 of 2 that wait for you").waitFor();
  await connectCalendar(alice);
  await connect(alice);
  await answered(alice, "octo-alice/diary");
  await answered(alice, "Team meeting");
  step("one question uses two providers, each after its own consent");

  // At the time of her dentist.
  const tomorrow = new Date(Date.now() + 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
  await say(alice, `Add an event: Gardening on ${tomorrow} at 09:00`);
  await card.getByText("create_event").first().waitFor();
  await card.getByRole("button", { name: /^(Approve|Do it|Create|Allow|Yes)/ }).first().click();
  await connectCalendar(alice);
  await card.getByRole("button", { name: /^(Approve|Do it|Create|Allow|Yes)/ }).first().click();
  await card.getByRole("heading", { name: "calendar asks you" }).waitFor();
  await accessible(alice, "a question of the calendar's");
  await card.getByRole("checkbox").check();
  await card.getByRole("button", { name: "Send" }).click();
  await answered(alice, "Gardening");
  step("what changes something is approved, needs a wider consent, and is answered for in a form");
  assert.deepEqual(problems, []);
});
