//! A guardrail that the operator has configured (M4): it blocks what it minds, the user is told so, and
//! the conversation goes on.

use serde_json::{Value, json};
use tests::{Setup, World, assert_says, ok};

const SESSION: &str = "guarded";
const BLOCKED: &str = "Hello (the guardrail minds this)";

#[tokio::test(flavor = "multi_thread")]
async fn m4_a_configured_guardrail_blocks_a_message_and_the_conversation_goes_on() {
    let arn = "arn:aws:bedrock:eu-west-1:111122223333:guardrail/ab12";
    let guarded = Setup::default().with("GUARDRAIL_ID", arn).with("GUARDRAIL_VERSION", "DRAFT");
    let (world, proxies) = World::proxied(guarded).await;
    let alice = world.browser_of("alice").await;
    assert_says(&ok(alice.say(SESSION, BLOCKED)).await, "withheld by a content filter");
    assert_says(&ok(alice.say(SESSION, "Hello")).await, "I am the scripted model");
    let seen = proxies.bedrock.seen();
    let asked: Vec<Value> =
        seen.iter().filter_map(|request| serde_json::from_str(&request.body).ok()).collect();
    let config = json!({
        "guardrailIdentifier": arn, "guardrailVersion": "DRAFT", "streamProcessingMode": "sync",
        "trace": "disabled",
    });
    assert!(
        asked.len() >= 2 && asked.iter().all(|it| it["guardrailConfig"] == config),
        "{asked:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_without_a_guardrail_nothing_is_blocked() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    assert_says(&ok(alice.say(SESSION, BLOCKED)).await, "I am the scripted model");
}
