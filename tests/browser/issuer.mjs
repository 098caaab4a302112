// Signing in at an external OpenID provider (M1): the certified `oidc-provider`, by discovery.
//
//   node issuer.mjs PATH-OF-LOCAL-BINARY PATH-OF-CHROMIUM

import assert from "node:assert/strict";
import { createServer } from "node:net";
import Provider from "oidc-provider";
import { newPage, step, withWorld } from "./world.mjs";

const [, , local, executablePath] = process.argv;
/** How many ports after the application's are the stand-ins'. */
const STAND_INS = 11;

/** A port that is free now, with room for the stand-ins after it, and not among those after `other`. */
async function freePort(other) {
  for (;;) {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address();
    await new Promise((resolve) => server.close(resolve));
    const isApart = other === undefined || Math.abs(port - other) > STAND_INS;
    if (port + STAND_INS < 65_536 && isApart) return port;
  }
}

const port = await freePort();
const issuer = `http://127.0.0.1:${await freePort(port)}`;
const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "own-client",
      client_secret: "own secret: with %, + and /",
      redirect_uris: [`http://localhost:${port}/oauth2/idpresponse`],
    },
  ],
  claims: { openid: ["sub"], email: ["email"], profile: ["name"] },
  pkce: { required: () => true },
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({ sub: id, name: "Carol Elsewhere", email: "carol@example.com" }),
  }),
});
const server = provider.listen(Number(new URL(issuer).port), "127.0.0.1");

const options = ["--port", String(port), "--oidc-issuer", issuer, "--oidc-client-id", "own-client"];
const env = { OIDC_CLIENT_SECRET: "own secret: with %, + and /" };
try {
  await withWorld({ local, executablePath, options, env }, async ({ browser, application }) => {
    const elsewhere = [];
    const carol = await newPage(browser, "carol", elsewhere);
    await carol.goto(application);
    assert.equal(new URL(carol.url()).origin, issuer);
    await carol.locator("input[name=login]").fill("carol-7");
    await carol.locator("input[name=password]").fill("anything");
    await carol.locator("button[type=submit]").click();
    await carol.getByRole("button", { name: "Continue" }).click();
    await carol.getByText("Signed in as Carol Elsewhere").waitFor();
    step("a certified OpenID provider signs somebody in, by discovery, PKCE, state and nonce");

    await carol.getByLabel("Your message").fill("Hello!");
    await carol.getByLabel("Your message").press("Enter");
    await carol.getByText("I am the scripted model").waitFor();
    step("the services trust exactly that issuer");
  });
} finally {
  server.close();
  server.closeAllConnections();
}
