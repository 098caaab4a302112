//! A user disconnects a provider, although the vault keeps their tokens (M5, M6, M9, M11).

mod races;
mod reconnecting;
mod record;

use std::time::SystemTime;

use aws_lc_rs::digest::{SHA256, digest};
use aws_sdk_s3::config::{BehaviorVersion, Builder, Credentials, Region};
use identity::UserId;
use local::environment::{ACCESS_KEY_ID, BUCKET, SECRET_ACCESS_KEY};
use reqwest::{Method, header};
use serde_json::{Value, json};
use session::Sessions;
use tests::{Browser, Proxies, Seen, Setup, World, ok};

const SESSION: &str = "disconnecting";
const PROFILE: &str = "Who am I?";
const BOTH: &str = "Who am I, and which repositories do I have, private ones too?";
const ISSUE: &str = "create an issue in octo-alice/garden: Water";
const YOU: &str = "You are octo-alice";
const TOKEN: &str = "/identities/oauth2/token";
const RECORD: &str = "/.connections/github.json";

/// A world with proxies, and alice in it.
struct Alice {
    world: World,
    proxies: Proxies,
    browser: Browser,
}

impl Alice {
    async fn new(setup: Setup) -> Self {
        let (world, proxies) = World::proxied(setup).await;
        let browser = world.browser_of("alice").await;
        Self { world, proxies, browser }
    }

    /// Who has consented to what `message` needs.
    async fn connected(setup: Setup, message: &str) -> Self {
        let alice = Self::new(setup).await;
        alice.connect(message).await;
        alice
    }

    async fn say(&self, message: &str) -> Value {
        ok(self.browser.say(SESSION, message)).await
    }

    /// Says `message`, which needs a consent, and gives it.
    async fn connect(&self, message: &str) -> Value {
        let asked = self.say(message).await;
        self.consent(&asked).await;
        ok(self.browser.go_on(SESSION)).await
    }

    async fn consent(&self, asked: &Value) {
        let page = self.world.consent(&self.browser, asked, "octo-alice").await;
        assert_eq!(page.parameter("result").as_deref(), Some("connected"), "{}", page.text);
    }

    /// Approves what `asked` asks for.
    async fn approve(&self, asked: &Value) -> Value {
        ok(self.browser.invoke(&approving(asked))).await
    }

    async fn disconnect(&self) {
        disconnect(&self.world, "alice", &self.tokens()).await;
    }

    /// The tokens with which GitHub was asked, in order, each once.
    fn tokens(&self) -> Vec<String> {
        let mut tokens: Vec<String> = self.proxies.github.seen().iter().map(token).collect();
        tokens.dedup();
        tokens
    }

    /// How often GitHub was asked for anything.
    fn calls(&self) -> usize {
        self.proxies.github.seen().len()
    }

    /// How often the record of the connection was read, and written, and the vault was asked.
    fn costs(&self) -> [usize; 3] {
        let s3 = |method| self.proxies.s3.count(&method, RECORD);
        [s3(Method::GET), s3(Method::PUT), self.proxies.agentcore.count(&Method::POST, TOKEN)]
    }

    /// What `turn` costs.
    async fn cost_of<T>(&self, turn: impl Future<Output = T>) -> ([usize; 3], T) {
        let before = self.costs();
        let answer = turn.await;
        let after = self.costs();
        ([0, 1, 2].map(|at| after[at] - before[at]), answer)
    }
}

/// What the answer to a disconnect is given after: `person` has disconnected, when the vault had `tokens`.
async fn disconnect(world: &World, person: &str, tokens: &[String]) {
    let fingerprint = |token: &String| {
        let hash = digest(&SHA256, token.as_bytes());
        hash.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    };
    let tokens: Vec<String> = tokens.iter().map(fingerprint).collect();
    let user = UserId::parse(person).expect("a user");
    let (sessions, provider) = (sessions(world), world.provider());
    let saved = sessions.disconnect(&user, &provider, &tokens, SystemTime::now()).await;
    saved.expect("a saved disconnect");
}

fn sessions(world: &World) -> Sessions {
    let credentials = Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None, None, "tests");
    let config = Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(credentials)
        .region(Region::new("eu-central-1"))
        .endpoint_url(world.running.addresses.s3.as_str());
    Sessions::new(config, BUCKET.to_owned())
}

/// The token of a request to GitHub.
fn token(seen: &Seen) -> String {
    let header = seen.headers[header::AUTHORIZATION].to_str().expect("text");
    header.rsplit(' ').next().expect("a token").to_owned()
}

fn approving(asked: &Value) -> Value {
    let id = &asked["interrupts"][0]["id"];
    json!({ "sessionId": SESSION, "resume": [{ "interruptId": id, "status": "resolved" }] })
}

#[track_caller]
fn assert_asks_for_consent(answer: &Value, scopes: &[&str]) {
    assert_eq!(answer["interrupts"][0]["reason"], "authorization_required", "{answer}");
    assert_eq!(answer["interrupts"][0]["scopes"], json!(scopes), "{answer}");
}

/// The model was told that the user has disconnected, and the user is asked for nothing.
#[track_caller]
fn assert_disconnected(answer: &Value) {
    assert_eq!(answer["interrupts"], json!([]), "{answer}");
    tests::assert_says(answer, "the user has disconnected GitHub");
}
