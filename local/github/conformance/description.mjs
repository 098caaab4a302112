// GitHub's own OpenAPI description (npm @octokit/openapi), and calls whose answers are compared with it: each
// status has to be one that the description lists, and each body has to be as it says.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import Ajv from "ajv";
import formats from "ajv-formats";

export const base = process.argv[2].replace(/\/$/, "");
const description = JSON.parse(
  readFileSync(new URL("node_modules/@octokit/openapi/generated/api.github.com.json", import.meta.url)),
);
const schemas = description.components.schemas;

// Statuses that GitHub documents for all calls, or that only its users report, and not call by call.
const ELSEWHERE = {
  301: "any call: Best practices for using the REST API, Follow redirects",
  307: "any call: Best practices for using the REST API, Follow redirects",
  401: "any call: Authenticating to the REST API",
  400: "any call: Getting started, Problems parsing JSON",
  403: "any call: Rate limits, and single sign-on",
  404: "any call: Troubleshooting the REST API, 404 Not Found for an existing resource",
  410: "lists of issues that are switched off: ossf/allstar, issue 64",
};
export const REPOSITORY = "/repos/{owner}/{repo}";
export const ISSUES = `${REPOSITORY}/issues`;
export const ISSUE = `${ISSUES}/{issue_number}`;
export const COMMENTS = `${ISSUE}/comments`;
export const CONTENTS = `${REPOSITORY}/contents/{path}`;
export const COMMITS = `${REPOSITORY}/commits`;
export const PULLS = `${REPOSITORY}/pulls`;
export const PULL = `${PULLS}/{pull_number}`;

const ajv = new Ajv({ strict: false, allErrors: true });
formats(ajv);
for (const [format, type] of Object.entries({ int64: "number", "repo.nwo": "string", timestamp: "string" })) {
  ajv.addFormat(format, { type, validate: () => true });
}
const compiled = new Map();

// OpenAPI 3.0 says `nullable` where JSON Schema has a type.
function asJsonSchema(node) {
  if (Array.isArray(node)) return node.map(asJsonSchema);
  if (node === null || typeof node !== "object") return node;
  const schema = Object.fromEntries(Object.entries(node).map(([name, value]) => [name, asJsonSchema(value)]));
  delete schema.discriminator;
  if (typeof schema.$ref === "string") return { $ref: schema.$ref.replace("#/components/schemas/", "#/$defs/") };
  if (!schema.nullable) return schema;
  delete schema.nullable;
  return { anyOf: [{ type: "null" }, schema] };
}

// With the schemas that it refers to.
function validator(schema) {
  const key = JSON.stringify(schema);
  if (!compiled.has(key)) {
    const root = asJsonSchema(schema);
    const $defs = {};
    const waiting = [root];
    while (waiting.length > 0) {
      for (const [, name] of JSON.stringify(waiting.pop()).matchAll(/"#\/\$defs\/([^"]+)"/g)) {
        if (name in $defs) continue;
        $defs[name] = asJsonSchema(schemas[name]);
        waiting.push($defs[name]);
      }
    }
    compiled.set(key, ajv.compile({ ...root, $defs }));
  }
  return compiled.get(key);
}

function responseOf(method, template, status) {
  const responses = description.paths[template][method.toLowerCase()].responses;
  const listed = responses[status] ?? (ELSEWHERE[status] && { $ref: "#/components/responses/forbidden" });
  assert(listed, `${method} ${template}: GitHub's description has no ${status}`);
  return listed.$ref ? description.components.responses[listed.$ref.split("/").pop()] : listed;
}

export let checked = 0;
export async function call(token, method, path, template, status, body, accept = "application/vnd.github+json") {
  const response = await fetch(base + path, {
    method,
    body,
    redirect: "manual",
    headers: { "user-agent": "conformance", accept, ...(token && { authorization: `Bearer ${token}` }) ,
      ...(body && { "content-type": "application/json" }) },
  });
  const what = `${method} ${path}`;
  assert.equal(response.status, status, `${what}: ${await response.clone().text()}`);
  assert.match(response.headers.get("content-type"), /^application\/json\b/, what);
  assert(response.headers.get("x-github-request-id"), `${what}: no request id`);
  const answer = await response.json();
  const validate = validator(responseOf(method, template, status).content["application/json"].schema);
  assert(validate(answer), `${what}: ${ajv.errorsText(validate.errors, { separator: "\n  " })}`);
  if (status >= 300) assert.equal(typeof answer.message, "string", `${what}: an error has a message`);
  checked += 1;
  return { answer, headers: response.headers };
}

export async function token(account, fields) {
  const app = { client_id: "countersign-local" };
  const form = (fields) => ({ method: "POST", redirect: "manual", body: new URLSearchParams(fields) });
  const consent = await fetch(`${base}/login/oauth/authorize`, form({ ...app, account, ...fields }));
  const code = new URL(consent.headers.get("location")).searchParams.get("code");
  const secret = { ...app, client_secret: "for-development-only", code };
  const exchange = form(secret);
  exchange.headers = { accept: "application/json" };
  return (await (await fetch(`${base}/login/oauth/access_token`, exchange)).json()).access_token;
}
