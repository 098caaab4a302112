//! The whole flow, the same on every platform (M15): sign in, ask, be asked for consent,
//! consent, be bound, get the answer, and never be asked again.

use agentcore_local::GrantLookup;
use local::options::Platform;
use reqwest::StatusCode;
use tests::{
    Logs, Setup, World,
    flow::{assert_names_the_repositories, whole_flow},
};

const SESSION: &str = "first-light";

async fn the_whole_flow(setup: Setup) {
    let world = World::with(setup).await;
    whole_flow(&world).await;
    world.running.shutdown().await;
}

/// What the process of this name logged is among what is searched for secrets.
#[track_caller]
fn assert_logs_are_kept_of(process: &str) {
    let audit = if process.starts_with("invoke") { "tool_called" } else { "bound" };
    let is_its = |line: &String| line.contains(&format!("{process} | ")) && line.contains(audit);
    assert!(Logs::kept().lines().iter().any(is_its), "no {audit} of {process} in the logs");
}

fn on(platform: Platform) -> Setup {
    Setup { platform, ..Setup::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn m1_to_m11_the_whole_flow_in_one_process() {
    the_whole_flow(on(Platform::InProcess)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_the_whole_flow_however_the_vault_finds_a_grant() {
    for grant_lookup in GrantLookup::ALL {
        the_whole_flow(Setup { grant_lookup, ..Setup::default() }).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_the_whole_flow_with_the_container_binaries() {
    the_whole_flow(on(Platform::Container)).await;
    assert_logs_are_kept_of("invoke-container");
    assert_logs_are_kept_of("bind-session-container");
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_the_whole_flow_with_the_lambda_binaries_behind_alb_events() {
    the_whole_flow(on(Platform::Lambda)).await;
    assert_logs_are_kept_of("invoke");
    assert_logs_are_kept_of("bind-session");
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
    let (_, first) = alice.say(SESSION, "Which repositories do I have, private ones too?").await;
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
    let saved = world.everything_saved().await;
    assert!(saved.contains("The first of two") && saved.contains("The second of two"), "{saved}");
}
