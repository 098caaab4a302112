//! A world that is ready to act, and what it answers.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::{Browser, Proxies, Setup, World};

use super::{CREATE, ISSUES, SESSION};

/// A world in which alice has allowed what an issue needs.
pub(crate) struct Ready {
    pub(crate) world: World,
    pub(crate) proxies: Proxies,
    pub(crate) alice: Browser,
}

impl Ready {
    pub(crate) async fn new() -> Self {
        Self::with(Setup::default()).await
    }

    pub(crate) async fn with(setup: Setup) -> Self {
        let (world, proxies) = World::proxied(setup).await;
        let alice = world.browser_of("alice").await;
        // Any action will do to be asked; it is never carried out.
        let warm_up = "create an issue in octo-alice/weather-station: never";
        let asked = ok(alice.say("warm-up", warm_up)).await;
        assert_eq!(
            asked["interrupts"][0]["scopes"],
            json!(["public_repo", "read:user"]),
            "{asked}"
        );
        world.consent(&alice, &asked, "octo-alice").await;
        Self { world, proxies, alice }
    }

    /// Says `CREATE`, and expects to be asked.
    pub(crate) async fn asked(&self) -> Value {
        let asked = ok(self.alice.say(SESSION, CREATE)).await;
        assert_asks_to_confirm(&asked);
        assert_eq!(self.posts(), 0);
        asked
    }

    /// How many issues GitHub was asked to create in alice's garden.
    pub(crate) fn posts(&self) -> usize {
        self.proxies.github.count(&Method::POST, ISSUES)
    }
}

#[track_caller]
pub(crate) fn assert_asks_to_confirm(answer: &Value) {
    assert_eq!(answer["status"], "interrupted", "{answer}");
    let interrupt = &answer["interrupts"][0];
    assert_eq!(interrupt["reason"], "confirmation_required", "{answer}");
    assert_eq!(interrupt["tool"], "github_create_issue");
    let input = json!({ "owner": "octo-alice", "repo": "garden", "title": "Water the Tomatoes" });
    assert_eq!(interrupt["input"], input);
    assert_eq!(interrupt["account"], "octo-alice");
    assert!(interrupt["expiresAt"].is_string() && interrupt["url"].is_null(), "{answer}");
}

#[track_caller]
pub(crate) fn assert_says(answer: &Value, words: &str) {
    assert_eq!(answer["status"], "completed", "{answer}");
    let message = answer["message"].as_str().expect("a message");
    assert!(message.contains(words), "{words} is missing: {answer}");
}

pub(crate) fn answering(asked: &Value, status: &str) -> Value {
    let id = &asked["interrupts"][0]["id"];
    json!({ "sessionId": SESSION, "resume": [{ "interruptId": id, "status": status }] })
}

pub(crate) async fn ok(answer: impl Future<Output = (StatusCode, Value)>) -> Value {
    let (status, answer) = answer.await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}
