// Runs the vectors through awslabs/aws-jwt-verify and compares its verdicts with ours.
//
// Reads what `cargo run -p identity-vectors --example dump` writes from standard input. Every
// vector on which the two disagree must be a row of DIFFERENCES.md, and every row must be such a
// vector: anything else ends in failure.

import { readFileSync } from "node:fs";
import { AlbJwtVerifier, JwtVerifier } from "aws-jwt-verify";
import { AlbJwksCache } from "aws-jwt-verify/alb-cache";
import { SimpleJwksCache } from "aws-jwt-verify/jwk";

const dump = JSON.parse(readFileSync(0, "utf8"));
const table = readFileSync(new URL("../DIFFERENCES.md", import.meta.url), "utf8");
const expected = new Set([...table.matchAll(/^\| `([^`]+)` \|/gm)].map((row) => row[1]));

// A JWK set with a malformed entry is refused whole there: it gets the entries that are keys.
const sane = (text) => {
  if (!text.startsWith("{")) return text;
  const keys = JSON.parse(text).keys.filter((key) => typeof key?.kid === "string");
  return JSON.stringify({ keys });
};
const fetcher = {
  fetch: async (uri) => {
    const document = dump.documents[new URL(uri).pathname];
    if (document === undefined) throw new Error(`nothing at ${uri}`);
    return Buffer.from(sane(document));
  },
};

const graceSeconds = 10; // as ours
const alb = AlbJwtVerifier.create(
  { ...dump.alb, graceSeconds },
  { jwksCache: new AlbJwksCache({ fetcher }) },
);
const oidc = (settings) =>
  JwtVerifier.create(
    { ...settings, graceSeconds },
    { jwksCache: new SimpleJwksCache({ fetcher }) },
  );
const verifiers = { alb, bearer: oidc(dump.bearer), entra: oidc(dump.entra) };

const wrong = [];
let differences = 0;
for (const { name, token, accepted } of dump.tokens) {
  const verifier = verifiers[name.split("/")[0]];
  const verdict = await verifier.verify(token).then(
    () => ({ accepted: true, why: "accepted" }),
    (error) => ({ accepted: false, why: `${error.name}: ${error.message}` }),
  );
  const differs = verdict.accepted !== accepted;
  differences += differs;
  if (differs) console.log(`${accepted ? "only here " : "only there"}  ${name}  (${verdict.why})`);
  if (differs && !expected.delete(name)) wrong.push(`${name}: a difference that is not listed`);
}
for (const name of expected) wrong.push(`${name}: listed, and no difference`);

console.log(`${dump.tokens.length} tokens, ${differences} differences`);
if (wrong.length > 0) {
  console.error(wrong.join("\n"));
  process.exit(1);
}
