// The inspector (M19): what happens appears as it happens, in words, without a secret.
//
//   node inspector.mjs PATH-OF-LOCAL-BINARY PATH-OF-CHROMIUM [FOLDER-FOR-SCREENSHOTS]

import assert from "node:assert/strict";
import { join } from "node:path";
import { accessible, answered, connect, say, signIn } from "./chat.mjs";
import { newPage, step, withWorld } from "./world.mjs";

const [, , local, executablePath, screenshots] = process.argv;
const problems = [];

await withWorld({ local, executablePath, options: ["--port", "0"] }, async ({ browser, application, inspector }) => {
  const page = await newPage(browser, "the inspector", problems, { viewport: { width: 1600, height: 950 } });
  await page.goto(inspector);
  await page.getByText("Nothing has happened yet").waitFor();
  await page.getByText("● live").waitFor();
  await accessible(page, "the empty inspector");
  step("an inspector that has seen nothing says what to do");

  const alice = await signIn(browser, "Alice Example", application, problems);
  const secrets = new Set();
  alice.context().on("request", (request) => {
    for (const name of ["session_id", "request_uri", "state", "code", "flow"]) {
      const value = new URL(request.url()).searchParams.get(name);
      if (value && value.length > 8) secrets.add(value);
    }
  });
  await alice.getByText("GitHub: not connected").waitFor();
  await page.getByRole("button", { name: "Clear" }).click();
  await say(alice, "Which repositories do I have, private ones too?");
  const hop = (name) => page.getByRole("option", { name }).last();
  await hop(/Agent to AgentCore Identity, GetResourceOauth2Token \[read:user repo\], no token → consent/).waitFor();
  await connect(alice);
  await answered(alice, "octo-alice/diary");
  await hop(/Agent to GitHub, GET \/user\/repos/).waitFor();
  const names = await page.locator(".hop .unseen").allTextContents();
  const order = [
    /Browser to Load balancer, POST \/invocations, “Which repositories/, /Load balancer to Agent, POST \/invocations/, /Agent to S3, GetObject/,
    /Agent to Bedrock, ConverseStream, wants github_list_repositories/,
    /GetResourceOauth2Token .*no token → consent/, /Agent to S3, PutObject If-None-Match/, /Browser to Load balancer, GET \/consent/,
    /Browser to AgentCore Identity, authorize/, /Browser to GitHub, consent page/, /Browser to AgentCore Identity, code/,
    /Load balancer to Session Binding, GET \/oauth2\/session-binding, session ✓ person ✓ browser ✓ age ✓ state ✓/,
    /Session Binding to AgentCore Identity, CompleteResourceTokenAuth/, /AgentCore Identity to GitHub, POST \/login\/oauth\/access_token/,
    /GetResourceOauth2Token .*a token: ●/, /Agent to GitHub, GET \/user\/repos, 200 · x-github-request-id/, /Agent to Bedrock, ConverseStream, “/,
  ];
  let from = -1;
  for (const expected of order) {
    const found = names.findIndex((name, number) => number > from && expected.test(name));
    assert.ok(found > from, `${expected} after\n${names.slice(0, from + 1).join("\n")}\nin\n${names.slice(from + 1).join("\n")}`);
    from = found;
  }
  assert.ok((await page.evaluate(() => fetch("/mermaid").then((it) => it.text()))).includes("sequenceDiagram"));
  step("question, consent, binding and answer appear as they happen, in their order");

  await page.getByRole("listbox").focus();
  const binders = names.findIndex((name) => /Session Binding, GET .*state ✓/.test(name));
  await page.keyboard.press("Home");
  for (let down = 0; down < binders; down++) await page.keyboard.press("ArrowDown");
  const aside = page.getByRole("complementary");
  for (const words of ["Load balancer → Session Binding", "identity: passed", "person: passed", "browser: passed", "state: passed", "session: passed", "age: passed", "event=bound user=alice flow="]) {
    await aside.getByText(words).waitFor();
  }
  await accessible(page, "a hop");
  if (screenshots) await page.screenshot({ path: join(screenshots, "inspector.png") });
  step("by the keyboard alone one reaches the binder's visit: each check, and the line of the audit trail");

  for (const cookie of await alice.context().cookies()) if (cookie.value.length > 8) secrets.add(cookie.value);
  assert.ok(secrets.size > 6, `only ${secrets.size} secrets are known`);
  const told = await page.evaluate(async () => {
    const reader = (await fetch("/events")).body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("/user/repos")) text += (await reader.read()).value;
    return text + document.body.textContent;
  });
  for (const secret of secrets) assert.ok(![secret, encodeURIComponent(secret)].some((it) => told.includes(it)), `${secret} is told`);
  step("no address's or cookie's secret is told");

  const count = await page.locator(".hop").count();
  await page.getByRole("button", { name: "Replay slowly" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".hop").length === 3);
  await page.getByRole("button", { name: "Pause" }).click();
  assert.ok((await page.locator(".hop").count()) < count);
  await page.getByRole("button", { name: "Stop" }).click();
  assert.equal(await page.locator(".hop").count(), count);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"], { origin: inspector });
  await page.getByRole("button", { name: "Copy as Mermaid" }).click();
  await page.locator("#said").getByText("Copied").waitFor();
  const diagram = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(diagram, /^sequenceDiagram\n {4}participant Browser/);
  assert.match(diagram, /Binder->>Agentcore: CompleteResourceTokenAuth/);
  step("it is replayed hop by hop, and copied as Mermaid");

  await page.getByLabel("Flow").selectOption({ index: 1 });
  assert.ok((await page.locator(".hop").filter({ hasText: "CompleteResourceTokenAuth" }).count()) === 1);
  assert.equal(await page.locator(".hop").filter({ hasText: "GetObject" }).count(), 0);
  await page.getByLabel("Flow").selectOption("");
  step("the hops of one flow can be seen alone");

  for (const [title, check] of [[/link/i, "person"], [/state|completes|someone/i, "state"]]) {
    await page.getByRole("button", { name: "Attack this flow" }).click();
    const attack = page.locator("#attacks").getByRole("button", { name: title }).first();
    await attack.click();
    await aside.getByText(`Stopped by: ${check}`, { exact: true }).waitFor();
  }
  await accessible(page, "an attack");
  await page.getByLabel("Person").selectOption("alice");
  assert.ok((await page.locator(".hop").count()) > 10);
  step("attacks run from the menu, and the check that stopped each is named");

  await page.setViewportSize({ width: 500, height: 900 });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `${wide} pixels too wide`);
  const reply = await page.request.get(inspector, { headers: { host: "evil.example" } });
  assert.equal(reply.status(), 403, "another name of this machine");
  assert.deepEqual(problems, []);
  step("it fits a narrow window, answers to its own name alone, and complains of nothing");
});
