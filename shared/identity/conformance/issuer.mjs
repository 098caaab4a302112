// A certified OpenID provider (npm oidc-provider) that signs everybody in by itself.
//
// Prints its address. `POST /control/mint?alg=ES256&sub=alice` runs a whole authorization code flow
// with PKCE, as a browser and a client would, and answers with the tokens. `POST /control/rotate`
// makes new keys, beside the old ones or (`?alone`) instead of them.

import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];
const CALLBACK = "http://127.0.0.1/callback";

const server = createServer();
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const issuer = `http://127.0.0.1:${server.address().port}`;

function newKeys() {
  const jwk = (type, options, more) => ({
    ...generateKeyPairSync(type, options).privateKey.export({ format: "jwk" }),
    use: "sig",
    ...more,
  });
  return [
    jwk("rsa", { modulusLength: 2048 }, {}),
    jwk("ec", { namedCurve: "P-256" }, {}),
    jwk("ec", { namedCurve: "P-384" }, {}),
    jwk("ec", { namedCurve: "P-521" }, {}),
    jwk("ed25519", {}, {}),
  ];
}

function provider(keys) {
  return new Provider(issuer, {
    jwks: { keys },
    clients: ALGORITHMS.map((alg) => ({
      client_id: `client-${alg}`,
      client_secret: "for-tests-only",
      redirect_uris: [CALLBACK],
      id_token_signed_response_alg: alg,
    })),
    claims: { openid: ["sub"], profile: ["name"], email: ["email"] },
    conformIdTokenClaims: false,
    cookies: { keys: ["for-tests-only"] },
    enabledJWA: { idTokenSigningAlgValues: ALGORITHMS },
    findAccount: (_, sub) => ({
      accountId: sub,
      claims: () => ({ sub, name: `${sub} of a certified issuer`, email: `${sub}@example.com` }),
    }),
    features: {
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        // A resource server for each algorithm; its JWT access tokens are RFC 9068's.
        getResourceServerInfo: (_, resource, client) => ({
          scope: "use",
          audience: `api-${client.clientId}`,
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: client.clientId.replace("client-", "") } },
        }),
        useGrantedResource: () => true,
      },
    },
    interactions: { url: (_, interaction) => `/sign-in/${interaction.uid}` },
    loadExistingGrant: async (ctx) => {
      const { client, session, provider } = ctx.oidc;
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope("openid profile email");
      grant.addResourceScope("urn:api", "use");
      await grant.save();
      return grant;
    },
  });
}

let keys = newKeys();
let current = provider(keys);

async function signIn(request, response) {
  const { params } = await current.interactionDetails(request, response);
  const login = { accountId: params.login_hint };
  await current.interactionFinished(request, response, { login });
}

async function mint(alg, sub) {
  const verifier = randomBytes(32).toString("base64url");
  const client = { client_id: `client-${alg}`, client_secret: "for-tests-only" };
  const query = new URLSearchParams({
    client_id: client.client_id,
    response_type: "code",
    scope: "openid profile email use",
    resource: "urn:api",
    redirect_uri: CALLBACK,
    login_hint: sub,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  });
  const cookies = new Map();
  let address = `${issuer}/auth?${query}`;
  while (!address.startsWith(CALLBACK)) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(address, { redirect: "manual", headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (value === "") cookies.delete(name);
      else cookies.set(name, value);
    }
    const location = answer.headers.get("location");
    if (location === null) throw new Error(`${answer.status}: ${await answer.text()}`);
    address = new URL(location, issuer).href;
  }
  const code = new URL(address).searchParams.get("code");
  if (code === null) throw new Error(address);
  const answer = await fetch(`${issuer}/token`, {
    method: "POST",
    headers: {
      authorization: `Basic ${btoa(`${client.client_id}:${client.client_secret}`)}`,
    },
    body: new URLSearchParams({
      grant_type: "authorization_code",
      code,
      redirect_uri: CALLBACK,
      code_verifier: verifier,
    }),
  });
  return answer.text();
}

server.on("request", async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, issuer);
  try {
    if (pathname === "/control/mint") {
      response.end(await mint(searchParams.get("alg"), searchParams.get("sub")));
    } else if (pathname === "/control/rotate") {
      keys = searchParams.has("alone") ? newKeys() : [...newKeys(), ...keys];
      current = provider(keys);
      response.end();
    } else if (pathname.startsWith("/sign-in/")) {
      await signIn(request, response);
    } else {
      await current.callback()(request, response);
    }
  } catch (error) {
    response.statusCode = 500;
    response.end(String(error));
  }
});
console.log(issuer);
