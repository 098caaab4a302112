// What the tests of pages share: a person at the chat page, and the rules of axe-core.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { newPage } from "./world.mjs";

export const RUN = "**/invocations";
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export async function signIn(browser, name, application, problems, options) {
  const page = await newPage(browser, name, problems, options);
  await page.goto(application);
  await page.getByRole("button", { name: `Sign in as ${name}` }).click();
  await page.getByRole("button", { name: "Send" }).waitFor();
  return page;
}

export async function say(page, text) {
  await page.getByRole("button", { name: "Send" }).waitFor();
  await page.getByLabel("Your message").fill(text);
  await page.getByLabel("Your message").press("Enter");
}

export const answered = (page, text) => page.locator(".prose").getByText(text).last().waitFor();
export const asked = (page, text) => page.locator(".user").getByText(text).waitFor();

export async function connect(page) {
  const link = page.getByRole("link", { name: "Connect GitHub" });
  const [github] = await Promise.all([page.context().waitForEvent("page"), link.click()]);
  await github.getByRole("button", { name: "Authorize as octo-alice" }).click();
  await github.getByRole("heading", { name: "You are connected" }).waitFor();
  await github.close();
}

/** No serious violation, by the rules of axe-core. */
export async function accessible(page, what) {
  await page.evaluate(axe);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    const serious = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
    const told = serious.map(({ id, nodes }) => `${id}: ${nodes.map((it) => it.html + it.failureSummary).join("\n")}`);
    assert.deepEqual(told, [], `${what}, ${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: null });
}

/** Answers the next run with `events` instead of the service. */
export async function answerWith(page, events) {
  const body = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
  await page.route(RUN, (route) => route.fulfill({ contentType: "text/event-stream", body }), { times: 1 });
}
