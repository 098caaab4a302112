// What the stand-in for GitHub answers to the tokens of a GitHub App (`local --github-app`), against GitHub's own
// description. Usage: node app.mjs ADDRESS-OF-THE-STAND-IN
import assert from "node:assert/strict";

import { call, checked, CONTENTS, ISSUES, PULLS, REPOSITORY, token } from "./description.mjs";

const alice = await token("octo-alice", { scope: "repo", repositories: "selected", names: "diary" });
assert.match(alice, /^ghu_/);

const issue = JSON.stringify({ title: "Hello" });
async function answered(method, path, template, status, permissions) {
  const body = method === "POST" ? issue : undefined;
  const { answer, headers } = await call(alice, method, path, template, status, body);
  assert(!headers.has("x-oauth-scopes") && !headers.has("x-accepted-oauth-scopes"), `${path}: no scopes`);
  assert.equal(headers.get("x-accepted-github-permissions"), permissions, path);
  return answer;
}

const [diary, garden] = ["/repos/octo-alice/diary", "/repos/octo-alice/garden"];
const profile = await answered("GET", "/user", "/user", 200, null);
assert.equal(profile.user_view_type, "public", "the app has no permission for more");
const list = await answered("GET", "/user/repos?per_page=100", "/user/repos", 200, "metadata=read");
assert.deepEqual(list.map((it) => it.name), ["diary", "garden", "weather-station"]);
await answered("GET", diary, REPOSITORY, 200, "metadata=read");
await answered("GET", `${diary}/contents`, CONTENTS, 200, "contents=read");
await answered("GET", `${diary}/issues`, ISSUES, 200, "issues=read");
await answered("GET", `${diary}/pulls`, PULLS, 200, "pull_requests=read");
await answered("POST", `${diary}/issues`, ISSUES, 201, "issues=write");
await answered("GET", garden, REPOSITORY, 200, "metadata=read");
const refused = await answered("POST", `${garden}/issues`, ISSUES, 403, "issues=write");
assert.equal(refused.message, "Resource not accessible by integration");
await answered("GET", "/repos/octo-bob/ledger", REPOSITORY, 404, "metadata=read");

const INSTALLATIONS = "/user/installations";
const REPOSITORIES = `${INSTALLATIONS}/{installation_id}/repositories`;
const { installations } = await answered("GET", INSTALLATIONS, INSTALLATIONS, 200, null);
const chosen = await answered("GET", `${INSTALLATIONS}/${installations[0].id}/repositories`, REPOSITORIES, 200, null);
assert.deepEqual(chosen.repositories.map((it) => it.name), ["diary"]);
await answered("GET", `${INSTALLATIONS}/1/repositories`, REPOSITORIES, 404, null);

await token("octo-alice", { repositories: "selected", names: "garden" });
await answered("GET", `${diary}/issues`, ISSUES, 404, "issues=read");
await answered("POST", `${garden}/issues`, ISSUES, 201, "issues=write");

console.log(`the stand-in for GitHub, to a GitHub App: ${checked} answers are as GitHub's description says`);
