// Every REST call that the stand-in for GitHub answers, successes and failures, against GitHub's own
// description, with the tokens of an OAuth app. Usage: node check.mjs ADDRESS-OF-THE-STAND-IN
import assert from "node:assert/strict";

import * as github from "./description.mjs";
import {
  base, call, COMMENTS, COMMITS, CONTENTS, ISSUE, ISSUES, PULL, PULLS, REPOSITORY,
} from "./description.mjs";

const token = (account, scope) => github.token(account, { scope });
const carol = await token("octo-carol", "repo read:user");
const bob = await token("octo-bob", "public_repo");
const get = (path, template, status = 200, as = carol) => call(as, "GET", path, template, status);
const post = (repository, status, issue, as = carol) =>
  call(as, "POST", `/repos/${repository}/issues`, ISSUES, status, issue);
const hello = JSON.stringify({ title: "Hello", body: null });

await get("/user", "/user");
await get("/user", "/user", 200, bob);
await get("/user", "/user", 401, "gho_unknown");
await get("/user", "/user", 401, null);

const list = await get("/user/repos?per_page=100", "/user/repos");
assert.match(list.headers.get("link"), /rel="next"/);
assert.match(list.headers.get("x-github-sso"), /^partial-results; organizations=\d+$/);
await get("/user/repos?per_page=100&page=2&sort=updated", "/user/repos");
await get("/user/repos", "/user/repos", 200, bob);

for (const repository of ["octo-carol/attic", "octo-carol/silence", "octo-carol/bare", "octo-bob/boat"]) {
  await get(`/repos/${repository}`, REPOSITORY);
}
await get("/repos/octo-carol/caterpillar", REPOSITORY, 301);
await get("/repositories/2012", REPOSITORY);
await get("/repos/octo-carol/nowhere", REPOSITORY, 404);
await get("/repositories/1", REPOSITORY, 404);
await get("/repos/octo-bob/ledger", REPOSITORY, 404);
const sso = await get("/repos/bigcorp/handbook", REPOSITORY, 403);
assert.match(sso.headers.get("x-github-sso"), /^required; url=/);
await get("/repos/smallcorp/handbook", REPOSITORY, 403);
await get("/repos/octo-alice/garden", REPOSITORY, 401, "gho_unknown");

const issues = await get("/repos/octo-carol/bare/issues", ISSUES);
assert(issues.answer.some((issue) => issue.user === null) && issues.answer.some((issue) => issue.pull_request));
await get("/repos/octo-carol/bare/issues?per_page=1", ISSUES);
await get("/repositories/2013/issues", ISSUES);
await get("/repos/octo-carol/caterpillar/issues", ISSUES, 301);
await get("/repos/octo-carol/silence/issues", ISSUES, 410);
await get("/repos/octo-carol/nowhere/issues", ISSUES, 404);
await get("/repos/smallcorp/handbook/issues", ISSUES, 403);

await post("octo-carol/bare", 201, hello);
await call(carol, "POST", "/repositories/2013/issues", ISSUES, 201, hello);
await post("octo-carol/bare", 422, JSON.stringify({ title: "" }));
await post("octo-carol/bare", 422, JSON.stringify({ title: "t".repeat(257) }));
await post("octo-carol/bare", 400, "{");
await post("octo-carol/attic", 403, hello);
await post("octo-carol/silence", 410, hello);
await post("octo-carol/caterpillar", 307, hello);
await post("octo-carol/nowhere", 404, hello);
await post("octo-bob/boat", 403, hello);
await post("smallcorp/handbook", 403, hello);
await post("octo-carol/bare", 404, hello, await token("octo-carol", "read:user"));
for (let n = 2; n < 80; n += 1) await post("octo-carol/bare", 201, hello);
await post("octo-carol/bare", 403, hello);

// Revoking what was found: without a token, and answered without a body.
const REVOKE = "/credentials/revoke";
const revoke = (credentials, status, as = null) =>
  call(as, "POST", REVOKE, REVOKE, status, JSON.stringify({ credentials }));
const lost = await token("octo-carol", "read:user");
await revoke([lost], 403, lost);
for (const wrong of [[], [1], lost, ["hello"], Array(1001).fill(lost)]) await revoke(wrong, 422);
await call(null, "POST", REVOKE, REVOKE, 400, "{");
await get("/user", "/user", 200, lost);
const found = await fetch(base + REVOKE, {
  method: "POST",
  headers: { "user-agent": "conformance", "content-type": "application/json" },
  body: JSON.stringify({ credentials: [lost] }),
});
assert.deepEqual([found.status, await found.text()], [202, ""]);
await get("/user", "/user", 401, lost);
await revoke([lost], 422);
const log = await (await fetch(`${base}/settings/security-log`)).text();
assert.match(log, /octo-carol<\/strong>: an access token of an OAuth app was revoked/);

// What is in repositories, with a token that may read what is public.
const reader = await token("octo-carol", "read:user");
const read = (path, template, status = 200) => get(path, template, status, reader);
const station = "/repos/octo-alice/weather-station";
await read(`${station}/contents`, CONTENTS);
await read(`${station}/contents/src`, CONTENTS);
const file = await read(`${station}/contents/src/main.c?ref=main`, CONTENTS);
assert.match(Buffer.from(file.answer.content, "base64").toString(), /int main/);
const large = await read(`${station}/contents/data/archive.csv`, CONTENTS);
assert.deepEqual([large.answer.encoding, large.answer.content], ["none", ""]);
assert(large.answer.size > 1024 * 1024);
await read("/repositories/2002/contents/docs/roof.png", CONTENTS);
await read(`${station}/contents/nowhere`, CONTENTS, 404);
await read(`${station}/contents/README.md?ref=nowhere`, CONTENTS, 404);
await read("/repos/octo-carol/bare/contents", CONTENTS, 404);
await read("/repos/octo-alice/diary/contents", CONTENTS, 404);

await read("/repos/octo-alice/garden/commits", COMMITS);
const bed = await read("/repos/octo-alice/garden/commits?path=src&sha=main&per_page=1", COMMITS);
assert.equal(bed.answer.length, 1);
await read("/repos/octo-alice/garden/commits?sha=nowhere", COMMITS, 404);
await read("/repos/octo-carol/bare/commits", COMMITS, 409);
await read("/repos/octo-alice/diary/commits", COMMITS, 404);

await read(`${station}/issues/1`, ISSUE);
await read(`${station}/issues/2`, ISSUE);
await read(`${station}/issues/99`, ISSUE, 404);
await read("/repos/octo-carol/caterpillar/issues/1", ISSUE, 301);
const comments = await read(`${station}/issues/1/comments`, COMMENTS);
assert(comments.answer.some((comment) => comment.user === null));
await read(`${station}/issues/99/comments`, COMMENTS, 404);

const remarks = await read("/repos/octo-carol/sample-001/issues/1/comments?per_page=20&page=2", COMMENTS);
assert.equal(remarks.answer.length, 5);

assert.equal((await read("/repos/octo-mallory/trap/issues/1", ISSUE)).answer.labels.length, 1);
await read("/repos/octo-mallory/trap/pulls/2", PULL);
assert.equal((await read(`${station}/pulls`, PULLS)).answer.length, 1);
assert((await read(`${station}/pulls?state=closed`, PULLS)).answer[0].merged_at);
await read("/repos/octo-carol/bare/pulls", PULLS);
await read("/repos/octo-alice/diary/pulls", PULLS, 404);
await read(`${station}/pulls/2`, PULL);
await read("/repos/octo-carol/bare/pulls/2", PULL);
assert((await read(`${station}/pulls/4`, PULL)).answer.merged);
await read(`${station}/pulls/1`, PULL, 404);
const diff = "application/vnd.github.diff";
await call(reader, "GET", "/repos/octo-bob/chess/pulls/1", PULL, 406, undefined, diff);
const patch = await fetch(`${base}${station}/pulls/2`, {
  headers: { "user-agent": "conformance", accept: diff, authorization: `Bearer ${reader}` },
});
assert.match(patch.headers.get("content-type"), /^application\/vnd\.github\.diff\b/);
assert.match(patch.headers.get("x-github-media-type"), /param=diff/);
assert.match(await patch.text(), /^diff --git /);

const search = async (what, query, status = 200, accept) =>
  (await call(reader, "GET", `/search/${what}?q=${encodeURIComponent(query)}`, `/search/${what}`, status,
    undefined, accept)).answer;
assert.equal((await search("repositories", "chess language:rust")).total_count, 1);
assert.equal((await search("repositories", "user:octo-alice")).total_count, 2);
await search("repositories", "", 422);
await search("code", "politely");
const matched = await search("code", "politely", 200, "application/vnd.github.text-match+json");
assert.match(matched.items[0].text_matches[0].fragment, /politely/);
assert.equal((await search("code", "frost")).total_count, 0);
await search("code", "frost repo:octo-alice/diary", 422);

const comment = (path, status, body, as) => call(as, "POST", `${path}/comments`, COMMENTS, status, body);
const yes = JSON.stringify({ body: "Yes" });
const writer = await token("octo-alice", "public_repo");
await comment(`${station}/issues/1`, 201, yes, writer);
await comment("/repositories/2002/issues/2", 201, yes, writer);
await comment(`${station}/issues/1`, 422, JSON.stringify({ body: " " }), writer);
await comment(`${station}/issues/1`, 422, JSON.stringify({ body: "b".repeat(65_537) }), writer);
await comment(`${station}/issues/1`, 400, "{", writer);
await comment(`${station}/issues/99`, 404, yes, writer);
await comment(`${station}/issues/1`, 404, yes, reader);
await comment(`${station}/issues/3`, 403, yes, await token("octo-bob", "public_repo"));
await comment("/repos/octo-carol/caterpillar/issues/1", 307, yes, writer);
assert.equal((await read(`${station}/issues/1`, ISSUE)).answer.comments, 3);

console.log(`the stand-in for GitHub: ${github.checked} answers are as GitHub's description says`);
