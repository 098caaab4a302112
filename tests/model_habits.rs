//! What real models do, and what a user sees of it: an answer, and a conversation that goes on (M4, M10).

use reqwest::Method;
use serde_json::json;
use tests::{Browser, Proxies, Setup, World, assert_says, ok};

const SESSION: &str = "habits";
const REPOSITORIES: &str = "Which repositories do I have, private ones too?";

/// A world in which alice has allowed everything that GitHub's tools need.
async fn connected() -> (World, Proxies, Browser) {
    let (world, proxies) = World::proxied(Setup::default()).await;
    let alice = world.browser_of("alice").await;
    world.connect(&alice, "consent", "octo-alice").await;
    ok(alice.go_on("consent")).await;
    (world, proxies, alice)
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_a_whole_call_runs_whatever_the_stop_reason_beside_it() {
    let (_world, _, alice) = connected().await;
    let answer = ok(alice.say(SESSION, &format!("{REPOSITORIES} (stops with end_turn)"))).await;
    assert_says(&answer, "octo-alice/diary");
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_a_name_and_an_id_that_bedrock_refuses_go_back_in_a_form_that_it_takes() {
    let (_world, _, alice) = connected().await;
    let answer = ok(alice.say(SESSION, &format!("{REPOSITORIES} (names badly)"))).await;
    assert_says(&answer, "There is no such tool");
    assert_says(&ok(alice.say(SESSION, REPOSITORIES)).await, "octo-alice/diary");
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_two_calls_with_one_id_both_run() {
    let (_world, _, alice) = connected().await;
    for _ in 0..2 {
        let message = "Who am I, and which repositories do I have, private ones too? (repeats ids)";
        let answer = ok(alice.say(SESSION, message)).await;
        assert_says(&answer, "You are octo-alice");
        assert_says(&answer, "octo-alice/diary");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_the_model_is_told_that_its_input_is_no_json_object() {
    let (_world, proxies, alice) = connected().await;
    let before = proxies.github.count(&Method::GET, "/user/repos");
    let answer = ok(alice.say(SESSION, &format!("{REPOSITORIES} (writes two objects)"))).await;
    assert_says(&answer, "the input is no JSON");
    assert_eq!(proxies.github.count(&Method::GET, "/user/repos"), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_an_answer_that_broke_off_is_tried_once_more_and_then_says_so() {
    let (_world, proxies, alice) = connected().await;
    let before = proxies.bedrock.seen().len();
    let answer = ok(alice.say(SESSION, &format!("{REPOSITORIES} (breaks off)"))).await;
    assert_says(&answer, "The model broke off here");
    assert_eq!(proxies.bedrock.seen().len(), before + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_what_was_done_is_told_although_the_model_refuses_to_go_on_and_the_conversation_does() {
    let (_world, proxies, alice) = connected().await;
    let message = "create an issue in octo-alice/garden: Water (refuses results)";
    let asked = ok(alice.say(SESSION, message)).await;
    assert_eq!(asked["interrupts"][0]["reason"], "confirmation_required", "{asked}");
    let id = &asked["interrupts"][0]["id"];
    let resume = json!([{ "interruptId": id, "status": "resolved" }]);
    let answer = ok(alice.invoke(&json!({ "sessionId": SESSION, "resume": resume }))).await;
    assert_says(&answer, "The language model could not go on");
    assert_says(&answer, "github_create_issue: done");
    assert_says(&answer, "octo-alice/garden/issues/1");
    assert_eq!(proxies.github.count(&Method::POST, "/repos/octo-alice/garden/issues"), 1);
    assert_says(&ok(alice.say(SESSION, REPOSITORIES)).await, "octo-alice/diary");
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_conversation_that_the_model_refuses_goes_on_without_its_past_and_says_so() {
    let (_world, _, alice) = connected().await;
    ok(alice.say(SESSION, "Hello (refuses the past)")).await;
    let answer = ok(alice.say(SESSION, REPOSITORIES)).await;
    assert_says(&answer, "could not take what was said before");
    assert_says(&answer, "octo-alice/diary");
    assert_says(&ok(alice.say(SESSION, "Who am I?")).await, "You are octo-alice");
}
