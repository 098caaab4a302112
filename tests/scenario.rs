//! The whole flow, the same on every platform (M15): sign in, ask, be asked for consent,
//! consent, be bound, get the answer, and never be asked again.
#![expect(clippy::expect_used, reason = "a test that can't go on has failed")]

use local::options::Platform;
use reqwest::StatusCode;
use serde_json::Value;
use tests::World;

const SESSION: &str = "first-light";

async fn the_whole_flow(platform: Platform) {
    let world = World::on(platform).await;
    let addresses = world.running.addresses.clone();
    let alice = world.browser();

    // M1: no session, so the load balancer sends her to the identity provider and back.
    let page = alice.sign_in("alice").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert_eq!(page.address().path(), "/");
    assert!(page.text.contains("Signed in as <b>Alice"), "{}", page.text);

    // M3, M4: the model answers without any tool.
    let (status, answer) = alice.say(SESSION, "Hello!").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(answer["status"], "completed");

    // M6, M7: the tool needs a token, so the turn is interrupted with structured data.
    let (status, answer) = alice.say(SESSION, "Which repositories do I have?").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(answer["status"], "interrupted");
    let interrupt = &answer["interrupts"][0];
    assert_eq!(interrupt["reason"], "authorization_required");
    assert_eq!(interrupt["provider"], "github");
    assert_eq!(interrupt["scopes"], serde_json::json!(["repo"]));
    let link = interrupt["url"].as_str().expect("a link");
    assert!(link.starts_with(addresses.application.as_str()), "{link}");

    // M7: what waits for her is not in the saved conversation's reach of a link.
    let saved = world.everything_saved();
    assert!(saved.contains("github_list_repositories"), "{saved}");
    for secret in ["request_uri", "/consent", "authorize", "flow="] {
        assert!(!saved.contains(secret), "{secret} was saved: {saved}");
    }

    // M7, M8: the link leads to GitHub, and the consent to our own page.
    let consent = alice.open(link).await;
    assert_eq!(consent.address().origin(), addresses.github.origin());
    let bound = alice.consent(&consent, "octo-alice").await;
    assert_eq!(bound.status, StatusCode::OK, "{}", bound.text);
    assert_eq!(bound.address().path(), "/oauth2/session-binding");
    assert_eq!(bound.address().query(), Some("result=connected"));
    assert!(bound.text.contains("You are connected"));

    // M10: the waiting turn is finished.
    let (status, answer) = alice.go_on(SESSION).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_names_the_repositories(&answer);

    // M10: no further turn needs a consent, in this conversation or another.
    let (_, answer) = alice.say(SESSION, "List my repositories again.").await;
    assert_names_the_repositories(&answer);
    let (_, answer) = alice.say("another", "Which repositories do I have?").await;
    assert_names_the_repositories(&answer);

    // M11: her consent is for `repo`; it gives bob nothing.
    let bob = world.browser_of("bob").await;
    let (_, answer) = bob.say(SESSION, "Which repositories do I have?").await;
    assert_eq!(answer["status"], "interrupted", "{answer}");

    world.running.shutdown().await;
}

fn assert_names_the_repositories(answer: &Value) {
    assert_eq!(answer["status"], "completed", "{answer}");
    assert_eq!(answer["interrupts"], serde_json::json!([]), "{answer}");
    let message = answer["message"].as_str().expect("a message");
    for repository in ["octo-alice/garden", "octo-alice/weather-station", "octo-alice/diary"] {
        assert!(message.contains(repository), "{repository} is missing: {message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m1_to_m11_the_whole_flow_in_one_process() {
    the_whole_flow(Platform::InProcess).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_the_whole_flow_with_the_container_binaries() {
    the_whole_flow(Platform::Container).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_the_whole_flow_with_the_lambda_binaries_behind_alb_events() {
    the_whole_flow(Platform::Lambda).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_new_message_after_the_consent_finishes_what_waited_first() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    world.connect(&alice, SESSION, "octo-alice").await;

    let (_, answer) = alice.say(SESSION, "Thank you!").await;
    assert_names_the_repositories(&answer);
    let (_, answer) = alice.go_on(SESSION).await;
    assert_eq!(answer["field"], "message", "nothing waits any more: {answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_new_message_without_the_consent_lets_the_conversation_go_on() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    world.ask(&alice, SESSION).await;

    let (status, answer) = alice.say(SESSION, "Never mind. How are you?").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(answer["status"], "completed", "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m7_asking_again_without_consent_gives_the_same_interrupt_with_a_fresh_link() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let (_, first) = alice.say(SESSION, "Which repositories do I have?").await;
    let (status, second) = alice.go_on(SESSION).await;
    assert_eq!(status, StatusCode::OK, "{second}");
    assert_eq!(second["status"], "interrupted");
    assert_eq!(second["interrupts"][0]["id"], first["interrupts"][0]["id"]);
    assert_ne!(second["interrupts"][0]["url"], first["interrupts"][0]["url"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn m12_two_turns_at_once_in_one_conversation_are_both_kept() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let turns = [alice.say(SESSION, "The first of two"), alice.say(SESSION, "The second of two")];
    let [first, second] = turns;
    let (first, second) = tokio::join!(first, second);
    assert_eq!((first.0, second.0), (StatusCode::OK, StatusCode::OK), "{first:?} {second:?}");
    let saved = world.everything_saved();
    assert!(saved.contains("The first of two") && saved.contains("The second of two"), "{saved}");
}
