//! Interrupts and how they end: for each answer of the user the turn goes on once, with what they
//! allowed and nothing more (M6, M7, M10, M11).

mod revoked;

use std::time::Duration;

use agentcore_local::GrantLookup;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::{Browser, Fate, Form, Machine, Setup, Time, World, ok};

const SESSION: &str = "waiting";
const PROFILE: &str = "Who am I?";
const REPOSITORIES: &str = "Which repositories do I have, private ones too?";
const BOTH: &str = "Who am I, and which repositories do I have, private ones too?";

#[track_caller]
fn assert_asks_for(answer: &Value, scopes: &[&str]) {
    assert_eq!(answer["status"], "interrupted", "{answer}");
    assert_eq!(answer["interrupts"].as_array().map(Vec::len), Some(1), "{answer}");
    assert_eq!(answer["interrupts"][0]["reason"], "authorization_required");
    assert_eq!(answer["interrupts"][0]["scopes"], json!(scopes), "{answer}");
}

#[track_caller]
fn assert_says(answer: &Value, words: &str) {
    assert_eq!(answer["status"], "completed", "{answer}");
    let message = answer["message"].as_str().expect("a message");
    assert!(message.contains(words), "{words} is missing: {answer}");
}

/// Answers the first interrupt of `answer`.
fn answering(answer: &Value, status: &str) -> Value {
    let id = &answer["interrupts"][0]["id"];
    json!({ "sessionId": SESSION, "resume": [{ "interruptId": id, "status": status }] })
}

/// Asks `message`, consents as alice's account, and goes on.
async fn connect(world: &World, alice: &Browser, message: &str) -> Value {
    let asked = ok(alice.say(SESSION, message)).await;
    let page = world.consent(alice, &asked, "octo-alice").await;
    assert_eq!(page.parameter("result").as_deref(), Some("connected"));
    ok(alice.go_on(SESSION)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_two_calls_that_need_different_scopes_share_one_consent() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let asked = ok(alice.say(SESSION, BOTH)).await;
    assert_asks_for(&asked, &["read:user", "repo"]);
    world.consent(&alice, &asked, "octo-alice").await;
    let answer = ok(alice.go_on(SESSION)).await;
    assert_says(&answer, "You are octo-alice");
    assert_says(&answer, "octo-alice/diary");
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_call_that_is_allowed_runs_at_once_and_not_again_with_one_that_waited() {
    let (world, proxies) = World::proxied(Setup::default()).await;
    let alice = world.browser_of("alice").await;
    assert_says(&connect(&world, &alice, PROFILE).await, "You are octo-alice");
    let before = proxies.github.count(&Method::GET, "/user");

    let asked = ok(alice.say(SESSION, BOTH)).await;
    assert_asks_for(&asked, &["read:user", "repo"]);
    assert_eq!(proxies.github.count(&Method::GET, "/user"), before + 1);
    world.consent(&alice, &asked, "octo-alice").await;
    let answer = ok(alice.go_on(SESSION)).await;
    assert_says(&answer, "You are octo-alice");
    assert_says(&answer, "octo-alice/diary");
    assert_eq!(proxies.github.count(&Method::GET, "/user"), before + 1, "not repeated");
    assert_eq!(proxies.github.count(&Method::GET, "/user/repos"), 1);
}

/// Every tool result in what is saved, in its order.
fn saved_results(saved: &str) -> Vec<Value> {
    let begin = saved.split("{\"toolResult\":").skip(1);
    let results = begin.map(|rest| serde_json::Deserializer::from_str(rest).into_iter().next());
    results.map(|result| result.and_then(Result::ok).expect("a tool result")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_call_that_fails_after_another_succeeded_leaves_both_results_in_the_conversation() {
    let (world, proxies) = World::proxied(Setup::default()).await;
    let alice = world.browser_of("alice").await;
    let asked = ok(alice.say(SESSION, BOTH)).await;
    world.consent(&alice, &asked, "octo-alice").await;
    proxies.github.rule(|seen| {
        if !seen.is(&Method::GET, "/user/repos") {
            return Fate::Arrives;
        }
        Fate::Answered(StatusCode::INTERNAL_SERVER_ERROR, vec![], "{}".to_owned())
    });
    let answer = ok(alice.go_on(SESSION)).await;
    assert_says(&answer, "You are octo-alice");
    assert_says(&answer, "GitHub is not working at the moment");
    assert_eq!(proxies.github.count(&Method::GET, "/user"), 1);
    assert_eq!(proxies.github.count(&Method::GET, "/user/repos"), 1, "nothing is repeated");

    let results = saved_results(&world.everything_saved().await);
    let statuses: Vec<&Value> = results.iter().map(|result| &result["status"]).collect();
    assert_eq!(statuses, ["success", "error"], "{results:?}");
    assert_eq!(results[0]["content"][0]["json"]["login"], "octo-alice", "{results:?}");
    let why = results[1]["content"][0]["text"].as_str().expect("a reason");
    assert!(why.contains("not working"), "{why}");

    proxies.github.rule(|_| Fate::Arrives);
    assert_says(&ok(alice.say(SESSION, REPOSITORIES)).await, "octo-alice/diary");
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_consent_for_one_tool_does_not_undo_what_another_one_was_allowed() {
    for grant_lookup in GrantLookup::ALL {
        let world = World::with(Setup { grant_lookup, ..Setup::default() }).await;
        let alice = world.browser_of("alice").await;
        connect(&world, &alice, PROFILE).await;
        let asked = ok(alice.say(SESSION, REPOSITORIES)).await;
        assert_asks_for(&asked, &["read:user", "repo"]);
        world.consent(&alice, &asked, "octo-alice").await;
        assert_says(&ok(alice.go_on(SESSION)).await, "octo-alice/diary");
        assert_says(&ok(alice.say(SESSION, PROFILE)).await, "You are octo-alice");
        assert_says(&ok(alice.say(SESSION, REPOSITORIES)).await, "octo-alice/diary");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_cancelled_interrupt_ends_its_call_and_the_user_is_told() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let asked = ok(alice.say(SESSION, REPOSITORIES)).await;
    let answer = ok(alice.invoke(&answering(&asked, "cancelled"))).await;
    assert_says(&answer, "declined to authorize");
    let (status, _) = alice.go_on(SESSION).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "nothing waits any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_resume_without_consent_returns_the_same_interrupt() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let asked = ok(alice.say(SESSION, REPOSITORIES)).await;
    let again = ok(alice.invoke(&answering(&asked, "resolved"))).await;
    assert_asks_for(&again, &["read:user", "repo"]);
    assert_eq!(again["interrupts"][0]["id"], asked["interrupts"][0]["id"]);
    assert_ne!(again["interrupts"][0]["url"], asked["interrupts"][0]["url"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_user_who_declined_at_the_provider_can_consent_by_a_fresh_link() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let asked = ok(alice.say(SESSION, REPOSITORIES)).await;
    let link = asked["interrupts"][0]["url"].as_str().expect("a link");
    let page = alice.open(link).await;
    let no = Form::in_page(&page.text).with("decision", "cancel");
    let declined = alice.submit(&page, no).await;
    assert_eq!(declined.parameter("result").as_deref(), Some("declined"));
    assert_eq!(declined.status, StatusCode::FORBIDDEN);

    let again = ok(alice.go_on(SESSION)).await;
    assert_asks_for(&again, &["read:user", "repo"]);
    world.consent(&alice, &again, "octo-alice").await;
    assert_says(&ok(alice.go_on(SESSION)).await, "octo-alice/diary");
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_link_is_good_for_ten_minutes_and_a_fresh_one_takes_its_place() {
    let time = Time::default();
    let setup = Setup { clock: time.clock(), ..Setup::default() };
    let world = World::with(setup).await;
    let alice = world.browser_of("alice").await;
    let asked = ok(alice.say(SESSION, REPOSITORIES)).await;
    time.let_pass(Duration::from_secs(600));
    let page = alice.open(asked["interrupts"][0]["url"].as_str().expect("a link")).await;
    assert_eq!(page.status, StatusCode::GONE, "{}", page.text);

    let again = ok(alice.go_on(SESSION)).await;
    world.consent(&alice, &again, "octo-alice").await;
    assert_says(&ok(alice.go_on(SESSION)).await, "octo-alice/diary");
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_new_message_without_consent_ends_the_waiting_calls_as_not_run() {
    let (world, proxies) = World::proxied(Setup::default()).await;
    let alice = world.browser_of("alice").await;
    ok(alice.say(SESSION, REPOSITORIES)).await;
    let answer = ok(alice.say(SESSION, "Never mind. How are you?")).await;
    assert_says(&answer, "the user has not authorized it yet");
    assert_says(&answer, "This is message 2 of yours");
    assert_eq!(proxies.github.seen().len(), 0, "GitHub was not asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_turn_that_waits_is_taken_up_by_another_machine() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let asked = ok(alice.say(SESSION, REPOSITORIES)).await;
    world.consent(&alice, &asked, "octo-alice").await;
    let other = Machine::start(&world, Setup::default().clock).await;
    let answer = other.invoke(&alice, "alice", &json!({ "sessionId": SESSION })).await;
    assert_says(&answer.expect("an answer").1, "octo-alice/diary");
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_a_consent_to_read_the_profile_is_never_used_for_repositories() {
    for grant_lookup in GrantLookup::ALL {
        let world = World::with(Setup { grant_lookup, ..Setup::default() }).await;
        let alice = world.browser_of("alice").await;
        connect(&world, &alice, PROFILE).await;

        // With the second vault, GitHub would answer with the public ones alone.
        let asked = ok(alice.say(SESSION, REPOSITORIES)).await;
        assert_asks_for(&asked, &["read:user", "repo"]);
        assert!(!world.everything_saved().await.contains("octo-alice/garden"), "{grant_lookup:?}");
        let again = ok(alice.go_on(SESSION)).await;
        assert_asks_for(&again, &["read:user", "repo"]);
        world.consent(&alice, &again, "octo-alice").await;
        assert_says(&ok(alice.go_on(SESSION)).await, "octo-alice/diary");
        assert_says(&ok(alice.say(SESSION, PROFILE)).await, "You are octo-alice");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_an_answer_to_an_interrupt_that_is_not_open_is_refused_and_changes_nothing() {
    let world = World::in_process().await;
    let (alice, bob) = (world.browser_of("alice").await, world.browser_of("bob").await);
    let asked = ok(alice.say(SESSION, REPOSITORIES)).await;
    let of_another_conversation = ok(alice.say("another", REPOSITORIES)).await;
    let of_bob = ok(bob.say(SESSION, REPOSITORIES)).await;
    let saved = world.everything_saved().await;

    let invented = json!({ "interrupts": [{ "id": "01234567-89ab-4cde-8f01-23456789abcd" }] });
    for foreign in [&of_another_conversation, &of_bob, &invented] {
        for status in ["resolved", "cancelled"] {
            let (status, problem) = alice.invoke(&answering(foreign, status)).await;
            assert_eq!(status, StatusCode::CONFLICT, "{problem}");
            assert_eq!(problem["code"], "interrupt_not_open");
        }
    }
    let mut twice = answering(&asked, "cancelled");
    let entry = twice["resume"][0].clone();
    twice["resume"].as_array_mut().expect("entries").push(entry);
    let (status, problem) = alice.invoke(&twice).await;
    assert_eq!((status, &problem["field"]), (StatusCode::BAD_REQUEST, &json!("resume")));
    assert_eq!(world.everything_saved().await, saved);

    ok(alice.invoke(&answering(&asked, "cancelled"))).await;
    let (status, problem) = alice.invoke(&answering(&asked, "cancelled")).await;
    assert_eq!(status, StatusCode::CONFLICT, "answered before: {problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_failed_further_message_reports_what_was_saved_of_the_waiting_turn() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let link = ok(alice.say(SESSION, REPOSITORIES)).await;
    let (status, problem) = alice.say(SESSION, "fail please").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");
    let told = problem["detail"].as_str().unwrap_or_default();
    assert!(told.contains("was not done without your permission"), "{told}");
    assert!(told.contains("Your new message is not saved"), "{told}");

    let asked = ok(alice.say(SESSION, REPOSITORIES)).await;
    world.consent(&alice, &asked, "octo-alice").await;
    let (_, problem) = alice.say(SESSION, "fail please").await;
    let told = problem["detail"].as_str().unwrap_or_default();
    assert!(told.contains("What waited before is done, and its answer is saved"), "{told}");
    assert_ne!(link["interrupts"], asked["interrupts"], "the first was closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_a_narrow_grant_never_leads_to_a_wider_consent_than_the_call_needs() {
    for grant_lookup in GrantLookup::ALL {
        let world = World::with(Setup { grant_lookup, ..Setup::default() }).await;
        let alice = world.browser_of("alice").await;
        connect(&world, &alice, PROFILE).await;
        let asked = ok(alice.say(SESSION, "create an issue in octo-alice/garden: Prune")).await;
        assert_asks_for(&asked, &["public_repo", "read:user"]);
        world.running.github.revoke_all();
        let asked = ok(alice.say("another", PROFILE)).await;
        assert_asks_for(&asked, &["read:user"]);
    }
}
