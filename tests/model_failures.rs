//! What a model's failures mean: which pass, which need another request, and which the operator (M4, M10).

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::{Browser, Fate, Logs, Proxies, Setup, World, assert_says, ok};

const SESSION: &str = "failures";
const WITHHELD: &str = "(The answer was withheld by a content filter.)";

async fn world_with_model(model: &str) -> (World, Proxies, Browser) {
    let (world, proxies) = World::proxied(Setup::default().with("MODEL_ID", model)).await;
    let alice = world.browser_of("alice").await;
    (world, proxies, alice)
}

/// What was said in the conversation, and by whom.
async fn transcript(browser: &Browser) -> Vec<(String, String)> {
    let request = browser.request(Method::GET, &format!("/sessions/{SESSION}"));
    let shown: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let messages = shown["messages"].as_array().into_iter().flatten();
    messages.map(|message| (text(&message["role"]), text(&message["text"]))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_an_exception_inside_the_stream_means_what_it_means_outside() {
    let (_world, _, alice) = world_with_model("test.plain-v1").await;
    for (kind, expected, retry) in [
        ("validationException", StatusCode::BAD_GATEWAY, false),
        ("throttlingException", StatusCode::SERVICE_UNAVAILABLE, true),
        ("serviceUnavailableException", StatusCode::SERVICE_UNAVAILABLE, true),
        ("internalServerException", StatusCode::SERVICE_UNAVAILABLE, true),
    ] {
        let message = format!("Hello (fails inside: {kind})");
        let body = json!({ "sessionId": SESSION, "message": message });
        let request = alice.request(Method::POST, "/invocations").json(&body);
        let answer = request.header("sec-fetch-site", "same-origin").send().await;
        let answer = answer.expect("an answer");
        assert_eq!(answer.status(), expected, "{kind}");
        assert_eq!(answer.headers().contains_key("retry-after"), retry, "{kind}");
    }
    let (status, problem) = alice.say(SESSION, "Hello (is too long inside)").await;
    assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("message_too_long")));
    assert_says(&ok(alice.say(SESSION, "Hello")).await, "This is message 1 of yours");
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_the_operator_is_told_why_a_model_refuses_and_the_caller_is_not() {
    for (model, cause) in [
        ("test.not-subscribed-v1", "have an administrator send the form and invoke the model once"),
        ("test.legacy-v1", "Bedrock calls the model Legacy"),
        ("test.no-access-v1", "its policy has to name the inference profile"),
    ] {
        let logs = Logs::kept();
        let (_world, proxies, alice) = world_with_model(model).await;
        let (status, problem) = alice.say(SESSION, "Hello").await;
        assert_eq!(status, StatusCode::BAD_GATEWAY, "{problem}");
        assert_eq!(problem["code"], "upstream_failed", "{problem}");
        assert!(!problem.to_string().contains(cause), "{problem}");
        let id = problem["requestId"].as_str().expect("an id").to_owned();
        let is_told = |line: &String| {
            line.contains(&id) && line.contains(cause) && line.contains("\"level\":\"ERROR\"")
        };
        assert_eq!(logs.lines().iter().filter(|line| is_told(line)).count(), 1, "{model}");
        assert_eq!(proxies.bedrock.seen().len(), 1, "{model}: asking again changes nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_what_is_too_long_is_halved_until_the_model_takes_it_and_that_is_remembered() {
    let (_world, proxies, alice) = world_with_model("test.small-context-v1").await;
    let long = "x ".repeat(2_000);
    let asked = || proxies.bedrock.seen().len();
    let mut tries = Vec::new();
    for _ in 0..8 {
        let before = asked();
        assert_says(&ok(alice.say(SESSION, &long)).await, "This is message");
        tries.push(asked() - before);
    }
    assert_eq!(tries.iter().filter(|tries| **tries > 1).count(), 1, "{tries:?}");
    assert_eq!(tries.last(), Some(&1), "{tries:?}");
    let before = asked();
    assert_says(&ok(alice.say(SESSION, "Hello")).await, "This is message");
    assert_eq!(asked(), before + 1, "it is remembered in other turns");
    assert_eq!(transcript(&alice).await.len(), 18, "nothing is lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_message_that_alone_is_too_long_is_refused_and_the_conversation_goes_on() {
    let (_world, _, alice) = world_with_model("test.small-context-v1").await;
    ok(alice.say(SESSION, "Hello")).await;
    let (status, problem) = alice.say(SESSION, &"x ".repeat(15_000)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
    assert_eq!(problem["code"], "message_too_long", "{problem}");
    assert_eq!(problem["field"], "message", "{problem}");
    assert_says(&ok(alice.say(SESSION, "Hello")).await, "This is message 2 of yours");
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_full_context_window_without_a_word_is_too_long() {
    let (_world, proxies, alice) = world_with_model("test.plain-v1").await;
    for _ in 0..5 {
        ok(alice.say(SESSION, &"x ".repeat(2_000))).await;
    }
    let before = proxies.bedrock.seen().len();
    let answer = ok(alice.say(SESSION, "Hello (fills its window)")).await;
    assert_says(&answer, "This is message");
    assert!(proxies.bedrock.seen().len() > before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_what_a_content_filter_withheld_is_shown_to_the_user_and_to_no_later_turn() {
    let (_world, proxies, alice) = world_with_model("test.plain-v1").await;
    ok(alice.say(SESSION, "Hello")).await;
    let answer = ok(alice.say(SESSION, "Something bad (is withheld)")).await;
    assert_eq!(answer["message"], WITHHELD, "nothing of the answer stands: {answer}");
    let before = proxies.bedrock.seen().len();
    let answer = ok(alice.say(SESSION, "Hello again")).await;
    assert_says(&answer, "This is message 2 of yours");
    let seen = &proxies.bedrock.seen()[before..];
    assert_eq!(seen.len(), 1);
    assert!(!seen[0].body.contains("(is withheld)") && !seen[0].body.contains(WITHHELD));
    let said = transcript(&alice).await;
    assert_eq!(said[2], ("user".to_owned(), "Something bad (is withheld)".to_owned()));
    assert_eq!(said[3], ("assistant".to_owned(), WITHHELD.to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_what_was_done_is_told_although_the_answer_is_withheld() {
    let (world, proxies) = World::proxied(Setup::default()).await;
    let alice = world.browser_of("alice").await;
    world.connect(&alice, "consent", "octo-alice").await;
    ok(alice.go_on("consent")).await;
    let message = "create an issue in octo-alice/garden: Water (withholds results)";
    let asked = ok(alice.say(SESSION, message)).await;
    let id = &asked["interrupts"][0]["id"];
    let resume = json!([{ "interruptId": id, "status": "resolved" }]);
    let answer = ok(alice.invoke(&json!({ "sessionId": SESSION, "resume": resume }))).await;
    assert_says(&answer, WITHHELD);
    assert_says(&answer, "octo-alice/garden/issues/1");
    assert_eq!(proxies.github.count(&Method::POST, "/repos/octo-alice/garden/issues"), 1);
    assert_says(&ok(alice.say(SESSION, "Hello")).await, "This is message 1 of yours");
}

/// The first requests meet `fate`, and the others arrive.
fn the_first(count: usize, fate: impl Fn(&str) -> Fate + Send + Sync + 'static, of: &Proxies) {
    let met = Arc::new(AtomicUsize::new(0));
    of.bedrock.rule(move |seen| match met.fetch_add(1, Ordering::Relaxed) {
        at if at < count => fate(&seen.body),
        _ => Fate::Arrives,
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_a_throttled_request_is_tried_again_while_nothing_was_heard() {
    let (_world, proxies, alice) = world_with_model("test.plain-v1").await;
    let slow_down = |_: &str| {
        let message = "Too many requests, please wait before trying again.";
        Fate::aws_error(StatusCode::TOO_MANY_REQUESTS, "ThrottlingException", message)
    };
    the_first(2, slow_down, &proxies);
    assert_says(&ok(alice.say(SESSION, "Hello")).await, "This is message 1 of yours");
    assert_eq!(proxies.bedrock.seen().len(), 3);

    let inside = |body: &str| {
        Fate::ArrivesAs(body.replace("Good day", "Good day (fails inside: throttlingException)"))
    };
    the_first(2, inside, &proxies);
    assert_says(&ok(alice.say(SESSION, "Good day")).await, "This is message 2 of yours");
    assert_eq!(proxies.bedrock.seen().len(), 6);

    the_first(0, inside, &proxies);
    let (status, _) = alice.say(SESSION, "break the stream").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(proxies.bedrock.seen().len(), 7, "what was heard is not said twice");
}
