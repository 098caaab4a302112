// A person's browser, as far as a consent needs one: it keeps cookies and sends the form of a page.

import { once } from "node:events";
import { request } from "node:http";
import { text as readable } from "node:stream/consumers";

/** `cookies` are those of the application at `address`, `name=value; …`. */
export class Person {
  constructor(address, cookies) {
    this.jars = new Map([[new URL(address).hostname, new Map()]]);
    for (const cookie of cookies.split("; ")) this.keep(address, cookie);
  }

  keep(address, cookie) {
    const { hostname } = new URL(address);
    if (!this.jars.has(hostname)) this.jars.set(hostname, new Map());
    const [pair] = cookie.split(";");
    const at = pair.indexOf("=");
    this.jars.get(hostname).set(pair.slice(0, at), pair.slice(at + 1));
  }

  cookies(address) {
    const jar = this.jars.get(new URL(address).hostname) ?? new Map();
    return [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  /** Follows `address` to the page at which it ends. */
  async open(address, form) {
    for (let redirects = 0; redirects < 20; redirects += 1) {
      const { status, headers, text } = await visit(address, this.cookies(address), form);
      for (const cookie of headers["set-cookie"] ?? []) this.keep(address, cookie);
      if (!headers.location) return { address, status, text };
      address = new URL(headers.location, address).href;
      form = undefined;
    }
    throw new Error("too many redirects");
  }

  /** Consents at the provider to which `link` leads. */
  async consent(link, account) {
    const page = await this.open(link);
    const form = page.text.match(/<form[^>]*>[^]*?<\/form>/)?.[0] ?? "";
    const attribute = (tag, name) => unescape(tag.match(new RegExp(` ${name}="([^"]*)"`))?.[1] ?? "");
    const hidden = form.match(/<input[^>]*type="hidden"[^>]*>/g) ?? [];
    const body = new URLSearchParams(hidden.map((tag) => [attribute(tag, "name"), attribute(tag, "value")]));
    body.append("account", account);
    const action = new URL(attribute(form.match(/<form[^>]*>/)?.[0] ?? "", "action"), page.address);
    return this.open(action.href, body.toString());
  }
}

/** One request as a person's navigation makes it, which `fetch` can't say it is. */
async function visit(address, cookie, form) {
  const headers = {
    accept: "text/html",
    cookie,
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "document",
    ...(form && { "content-type": "application/x-www-form-urlencoded" }),
  };
  const asked = request(address, { method: form ? "POST" : "GET", headers });
  asked.end(form);
  const [answer] = await once(asked, "response");
  return { status: answer.statusCode, headers: answer.headers, text: await readable(answer) };
}

const unescape = (text) =>
  text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&#x27;", "'")
    .replaceAll("&amp;", "&");
