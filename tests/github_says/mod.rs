//! What GitHub says besides yes: why not, that there is more, that something is elsewhere; and what a user
//! and the model see of it (M5, M7, M11).

use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::{Browser, Fate, Proxies, Seen, Setup, World, ok};

mod attacks;
mod before_approval;
mod connections;
mod contents;
mod lists;
mod refusals;

const SESSION: &str = "github-says";

/// A world in which alice acts as `account`, who has allowed all that the tools need.
struct Connected {
    world: World,
    proxies: Proxies,
    alice: Browser,
}

impl Connected {
    async fn new(account: &str) -> Self {
        let (world, proxies) = World::proxied(Setup::default()).await;
        let alice = connect(&world, account).await;
        Self { world, proxies, alice }
    }

    async fn say(&self, message: &str) -> Value {
        ok(self.alice.say(SESSION, message)).await
    }

    async fn approve(&self, asked: &Value) -> Value {
        assert_eq!(asked["interrupts"][0]["reason"], "confirmation_required", "{asked}");
        let id = &asked["interrupts"][0]["id"];
        let resume = json!([{ "interruptId": id, "status": "resolved" }]);
        ok(self.alice.invoke(&json!({ "sessionId": SESSION, "resume": resume }))).await
    }

    /// What the model was sent last.
    fn model_saw(&self) -> String {
        self.proxies.bedrock.seen().pop().expect("a request to the model").body
    }
}

/// Alice's browser, after a consent as `account` to all that the tools need.
async fn connect(world: &World, account: &str) -> Browser {
    let alice = world.browser_of("alice").await;
    world.connect(&alice, "connecting", account).await;
    ok(alice.go_on("connecting")).await;
    alice
}

/// Nobody is asked for anything, and the user reads these words.
#[track_caller]
fn assert_says(answer: &Value, words: &str) {
    assert_eq!(answer["status"], "completed", "{answer}");
    let message = answer["message"].as_str().expect("a message");
    assert!(message.contains(words), "{words:?} is missing: {message}");
}

/// What GitHub answers instead.
fn answered(status: u16, headers: &[(&'static str, &'static str)], body: &Value) -> Fate {
    let status = StatusCode::from_u16(status).expect("a status");
    let headers = [("x-oauth-scopes", "repo, read:user")].iter().chain(headers).copied();
    Fate::Answered(status, headers.collect(), body.to_string())
}

fn is_repository(seen: &Seen) -> bool {
    seen.path.starts_with("/repos/") && seen.path.split('/').count() == 4
}
