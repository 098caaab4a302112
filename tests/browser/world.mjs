// What both browser tests share: the local stand-in as a process, and a browser whose every complaint
// counts.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const TIMEOUT = 60_000;

/** Runs `act({ browser, application, inspector })` against a stand-in that was started with `options`. */
export async function withWorld({ local, executablePath, options, env = {} }, act) {
  const data = mkdtempSync(join(tmpdir(), "countersign-browser-"));
  const server = spawn(local, ["--data", data, ...options], {
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, ...env },
  });
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    await act({ browser, ...(await addresses(server)) });
  } catch (error) {
    await tellPages(browser);
    throw error;
  } finally {
    await browser.close();
    server.kill("SIGINT");
    rmSync(data, { recursive: true, force: true });
  }
}

/** What every page shows when something has gone wrong. */
async function tellPages(browser) {
  for (const page of browser.contexts().flatMap((context) => context.pages())) {
    const text = await page.innerText("body", { timeout: 1000 }).catch((error) => error.message);
    console.error(`--- ${page.url()}\n${text}`);
  }
}

/** The addresses of the application and of the inspector, as the greeting tells them. */
async function addresses(server) {
  let application;
  for await (const line of createInterface({ input: server.stdout })) {
    application ??= line.match(/Open (http:\S+)/)?.[1];
    const inspector = line.match(/hop by hop: (http:\S+)/)?.[1];
    if (inspector) return { application, inspector };
  }
  throw new Error("the local stand-in has ended");
}

/** A browser of somebody's own; what it complains of or asks for elsewhere goes to `problems`. */
export async function newPage(browser, name, problems, options = {}) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(TIMEOUT);
  context.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    const here = ["blob:", "data:"].includes(protocol) || ["localhost", "127.0.0.1"].includes(hostname);
    if (!here) problems.push(`${name} asked for ${request.url()}`);
  });
  context.on("weberror", (error) => problems.push(`${name}: ${error.error()}`));
  context.on("console", (message) => {
    // A page that refuses somebody has a status that Chromium notes as an error.
    const isStatus = message.text().startsWith("Failed to load resource: the server responded");
    if (message.type() === "error" && !isStatus) problems.push(`${name}: ${message.text()}`);
  });
  return context.newPage();
}

export const step = (text) => console.log(`ok - ${text}`);
