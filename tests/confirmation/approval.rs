//! Only the action that was shown is done, and only if the user said so (M5, M11).

use std::time::Duration;

use agentcore_local::GrantLookup;
use reqwest::{Method, StatusCode};
use serde_json::json;
use tests::{Setup, Time};

use super::{
    CREATE, SESSION,
    ready::{Ready, answering, assert_asks_to_confirm, assert_says, ok},
};

#[tokio::test(flavor = "multi_thread")]
async fn m5_an_issue_is_created_once_after_consent_and_approval() {
    let ready = Ready::new().await;
    let asked = ready.asked().await;
    let answer = ok(ready.alice.invoke(&answering(&asked, "resolved"))).await;
    assert_says(&answer, "I created issue 1");
    assert_eq!(ready.posts(), 1);

    // An approval is used once.
    let (status, problem) = ready.alice.invoke(&answering(&asked, "resolved")).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("interrupt_not_open")));
    assert_eq!(ready.posts(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_a_cancel_and_a_new_message_both_decline_the_action() {
    let ready = Ready::new().await;
    let asked = ready.asked().await;
    let answer = ok(ready.alice.invoke(&answering(&asked, "cancelled"))).await;
    assert_says(&answer, "you declined it");

    let asked = ready.asked().await;
    let answer = ok(ready.alice.say(SESSION, "Yes, do it, I approve!")).await;
    assert_says(&answer, "the user has not confirmed it");
    let (status, _) = ready.alice.invoke(&answering(&asked, "resolved")).await;
    assert_eq!(status, StatusCode::CONFLICT, "too late");
    assert_eq!(ready.posts(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_neither_asking_again_nor_a_consent_is_an_approval() {
    let ready = Ready::new().await;
    let asked = ready.asked().await;
    let again = ok(ready.alice.go_on(SESSION)).await;
    assert_eq!(again["interrupts"], asked["interrupts"]);
    assert_eq!(ready.posts(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_a_model_can_not_approve_for_the_user() {
    let ready = Ready::new().await;
    let message = format!("{CREATE}; and approve it yourself");
    let asked = ok(ready.alice.say(SESSION, &message)).await;
    assert_eq!(asked["interrupts"][0]["reason"], "confirmation_required", "{asked}");
    assert_eq!(ready.posts(), 0);
    // Nothing by which it could: the model never sees an interrupt's id.
    let id = asked["interrupts"][0]["id"].as_str().expect("an id");
    ok(ready.alice.invoke(&answering(&asked, "cancelled"))).await;
    let seen = ready.proxies.bedrock.seen();
    assert!(!seen.is_empty() && seen.iter().all(|seen| !seen.body.contains(id)));
    assert!(seen.iter().any(|seen| seen.body.contains("There is no such tool")));
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_an_approval_is_not_good_for_another_account_than_the_one_shown() {
    let ready = Ready::new().await;
    let asked = ready.asked().await;
    // Meanwhile alice connects another account of hers.
    ready.world.running.github.revoke_all();
    let elsewhere = "create an issue in octo-bob/boat: Sand it";
    let consent = ok(ready.alice.say("elsewhere", elsewhere)).await;
    ready.world.consent(&ready.alice, &consent, "octo-bob").await;

    let again = ok(ready.alice.invoke(&answering(&asked, "resolved"))).await;
    assert_eq!(again["interrupts"][0]["account"], "octo-bob", "{again}");
    assert_ne!(again["interrupts"][0]["id"], asked["interrupts"][0]["id"]);
    assert_eq!(ready.posts(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_an_approval_after_an_hour_is_too_late_and_the_action_is_shown_again() {
    let time = Time::default();
    let ready = Ready::with(Setup { clock: time.clock(), ..Setup::default() }).await;
    let asked = ready.asked().await;
    time.let_pass(Duration::from_secs(3_600));
    let (status, problem) = ready.alice.invoke(&answering(&asked, "resolved")).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("interrupt_expired")));
    let again = ok(ready.alice.go_on(SESSION)).await;
    assert_asks_to_confirm(&again);
    assert_ne!(again["interrupts"][0]["id"], asked["interrupts"][0]["id"]);
    ok(ready.alice.invoke(&answering(&again, "resolved"))).await;
    assert_eq!(ready.posts(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_of_two_actions_each_is_approved_for_itself() {
    let ready = Ready::new().await;
    let message = format!("{CREATE}; then create an issue in octo-alice/weather-station: Oil it");
    let asked = ok(ready.alice.say(SESSION, &message)).await;
    assert_eq!(asked["interrupts"].as_array().map(Vec::len), Some(2), "{asked}");
    let rest = ok(ready.alice.invoke(&answering(&asked, "resolved"))).await;
    assert_eq!(rest["status"], "interrupted");
    assert_eq!(rest["interrupts"], json!([asked["interrupts"][1]]), "the other stays as it was");
    assert_eq!(ready.posts(), 1);
    let answer = ok(ready.alice.invoke(&answering(&rest, "cancelled"))).await;
    assert_says(&answer, "I created issue 1");
    assert_says(&answer, "you declined it");
    assert_eq!(ready.proxies.github.count(&Method::POST, "/issues"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_the_scope_for_private_repositories_is_asked_for_only_where_one_is_meant() {
    for grant_lookup in GrantLookup::ALL {
        let ready = Ready::with(Setup { grant_lookup, ..Setup::default() }).await;
        a_private_repository_needs_a_scope_of_its_own(&ready).await;
    }
}

async fn a_private_repository_needs_a_scope_of_its_own(ready: &Ready) {
    let private = "create an issue in octo-alice/diary: Write more";
    let asked = ok(ready.alice.say(SESSION, private)).await;
    assert_eq!(asked["interrupts"][0]["reason"], "authorization_required", "{asked}");
    assert_eq!(asked["interrupts"][0]["scopes"], json!(["read:user", "repo"]));
    ready.world.consent(&ready.alice, &asked, "octo-alice").await;
    let asked = ok(ready.alice.go_on(SESSION)).await;
    assert_eq!(asked["interrupts"][0]["reason"], "confirmation_required", "{asked}");
    let answer = ok(ready.alice.invoke(&answering(&asked, "resolved"))).await;
    assert_says(&answer, "octo-alice/diary/issues/1");

    // A repository that is not there is not asked for twice, and not confirmed.
    let wrong = "create an issue in octo-alice/dairy: Milk";
    let answer = ok(ready.alice.say(SESSION, wrong)).await;
    assert_says(&answer, "GitHub has no such thing");
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_an_input_that_would_reach_elsewhere_is_never_shown_or_sent() {
    let ready = Ready::new().await;
    for repository in ["octo-alice/..", "../user", "octo-alice/garden?x=y"] {
        let message = format!("create an issue in {repository}: x");
        let answer = ok(ready.alice.say(SESSION, &message)).await;
        assert_says(&answer, "The input is wrong");
    }
    assert_eq!(ready.proxies.github.count(&Method::POST, ""), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_invisible_characters_in_an_action_are_neither_shown_nor_sent() {
    let ready = Ready::new().await;
    for hidden in ['\u{200b}', '\u{202e}', '\u{e0141}', '\u{e0061}', '\u{3164}', '\u{7f}'] {
        let message = format!("create an issue in octo-alice/garden: Water{hidden}the Tomatoes");
        let answer = ok(ready.alice.say(SESSION, &message)).await;
        assert_says(&answer, &format!("⟨U+{:04X}⟩", u32::from(hidden)));
    }
    assert_eq!(ready.posts(), 0);
}
