//! Bearer tokens of a certified OpenID provider (npm oidc-provider), signed and rotated by it.
//!
//! Needs Node and `npm ci` in `conformance/`, so it runs by `bash .ci/conformance` only.

#![expect(clippy::panic, clippy::unwrap_used, reason = "whatever fails here fails the test")]

use std::{
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, SystemTime},
};

use http::{HeaderMap, HeaderValue, header};
use identity::{
    AudienceClaim, AuthenticationError, Authenticator, BearerSettings, KeySetPlace, Refusal, User,
};
use serde::Deserialize;

const ALGORITHMS: [&str; 9] =
    ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"];

/// The provider as a process of its own, for as long as this lives.
struct Issuer {
    process: Child,
    /// Node ends when nobody reads what it says.
    _output: BufReader<ChildStdout>,
    address: String,
    client: reqwest::Client,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: String,
}

impl Issuer {
    fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/conformance/issuer.mjs");
        let mut process = Command::new("node")
            .arg(script)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut address = String::new();
        output.read_line(&mut address).unwrap();
        assert!(address.starts_with("http://"), "run `npm ci` in conformance/: {address:?}");
        let (address, client) = (address.trim().to_owned(), reqwest::Client::new());
        Self { process, _output: output, address, client }
    }

    /// Alice signs in, and her client gets tokens.
    async fn mint(&self, algorithm: &str) -> Tokens {
        let path = format!("/control/mint?alg={algorithm}&sub=alice");
        serde_json::from_str(&self.post(&path).await).unwrap()
    }

    async fn post(&self, path: &str) -> String {
        let answer = self.client.post(format!("{}{path}", self.address)).send().await.unwrap();
        let (status, body) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{body}");
        body
    }

    fn trusted_for(&self, audience: &str) -> Authenticator {
        Authenticator::bearer(BearerSettings {
            audience: AudienceClaim::Aud,
            issuer: self.address.clone(),
            client: audience.to_owned(),
            keys: KeySetPlace::Discovered(self.address.parse().unwrap()),
        })
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        let _it_may_have_ended = self.process.kill();
        let _ended = self.process.wait();
    }
}

async fn verdict(
    authenticator: &Authenticator,
    token: &str,
    later: Duration,
) -> Result<User, AuthenticationError> {
    let bearer = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
    let headers = HeaderMap::from_iter([(header::AUTHORIZATION, bearer)]);
    authenticator.authenticate(&headers, SystemTime::now() + later).await
}

fn refusal(verdict: Result<User, AuthenticationError>) -> Refusal {
    match verdict {
        Err(AuthenticationError::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
#[ignore = "needs Node and npm packages: bash .ci/conformance"]
async fn m1_m15_a_certified_issuers_tokens_sign_in_whom_they_are_for_by_every_algorithm() {
    let issuer = Issuer::start();
    for algorithm in ALGORITHMS {
        let tokens = issuer.mint(algorithm).await;
        let (client, api) = (format!("client-{algorithm}"), format!("api-client-{algorithm}"));

        let application = issuer.trusted_for(&client);
        let user = verdict(&application, &tokens.id_token, Duration::ZERO).await.unwrap();
        assert_eq!(user.id().as_str(), "alice", "{algorithm}");
        assert_eq!(user.name(), Some("alice of a certified issuer"), "{algorithm}");
        assert_eq!(user.token().unwrap().expose(), tokens.id_token);
        let foreign = verdict(&application, &tokens.access_token, Duration::ZERO).await;
        assert!(matches!(refusal(foreign), Refusal::Audience(_)));

        let resource = issuer.trusted_for(&api);
        let user = verdict(&resource, &tokens.access_token, Duration::ZERO).await.unwrap();
        assert_eq!(user.id().as_str(), "alice", "{algorithm}");
        let over = verdict(&resource, &tokens.access_token, Duration::from_secs(3620)).await;
        assert!(matches!(refusal(over), Refusal::Expired(_)));
    }
}

#[tokio::test]
#[ignore = "needs Node and npm packages: bash .ci/conformance"]
async fn m15_a_certified_issuers_new_keys_are_believed_without_a_restart_and_its_old_ones_no_more()
{
    let issuer = Issuer::start();
    let authenticator = issuer.trusted_for("client-ES256");
    let old = issuer.mint("ES256").await.id_token;
    assert!(verdict(&authenticator, &old, Duration::ZERO).await.is_ok());

    issuer.post("/control/rotate").await;
    let new = issuer.mint("ES256").await.id_token;
    let minute = Duration::from_secs(60);
    assert!(verdict(&authenticator, &new, minute).await.is_ok());
    assert!(verdict(&authenticator, &old, minute).await.is_ok());

    issuer.post("/control/rotate?alone").await;
    let newest = issuer.mint("ES256").await.id_token;
    assert!(verdict(&authenticator, &newest, 2 * minute).await.is_ok());
    // Not believed at once; refused after the next look at what the issuer publishes.
    let put_off = verdict(&authenticator, &old, 2 * minute).await;
    assert!(matches!(put_off, Err(AuthenticationError::KeyMayBeNew(_))), "{put_off:?}");
    let gone = verdict(&authenticator, &old, 3 * minute).await;
    assert_eq!(refusal(gone), Refusal::UnknownKey);
}
