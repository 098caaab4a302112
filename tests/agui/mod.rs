//! AG-UI 1.0 on `POST /invocations` (M3, M4, M10).

mod events;
mod history;
mod interrupts;
mod repeats;
mod stops;

use local::options::Platform;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tests::{Fate, Gate, Setup, World, openai};

use self::events::{checked, events, input, kinds, of_kind, outcome, said, send};

const THREAD: &str = "thread";
const REPOSITORIES: &str = "Which repositories do I have, private ones too?";
const PLAIN: [&str; 5] = [
    "RUN_STARTED",
    "TEXT_MESSAGE_START",
    "TEXT_MESSAGE_CONTENT",
    "TEXT_MESSAGE_END",
    "RUN_FINISHED",
];

async fn a_run_and_its_events(platform: Platform) {
    let world = World::on(platform).await;
    let alice = world.browser_of("alice").await;
    let events = events(&alice, &input(THREAD, &[("m1", "Hello!")])).await;
    assert_eq!(kinds(&events), PLAIN);
    let started = json!({
        "type": "RUN_STARTED", "threadId": THREAD, "runId": "run of thread", "protocolVersion": "1.0",
    });
    assert_eq!(events[0], started);
    assert!(said(&events).contains("message 1 of yours"), "{events:?}");
    let last = &events[events.len() - 1];
    assert_eq!((&last["threadId"], &last["runId"]), (&started["threadId"], &started["runId"]));
    assert_eq!(outcome(&events), "success");
    let usage = &last["usage"][0];
    assert_eq!(usage["provider"], "aws.bedrock");
    let total = usage["inputTokens"].as_u64().zip(usage["outputTokens"].as_u64());
    assert_eq!(usage["totalTokens"].as_u64(), total.map(|(input, output)| input + output));
    world.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m3_the_tokens_of_a_run_are_told_by_provider_and_model_with_those_from_a_cache() {
    let base = format!("{}v1", openai::serve().await);
    let setup = Setup::default()
        .with("MODEL_PROVIDER", "openai")
        .with("MODEL_ID", openai::MODEL)
        .with("OPENAI_BASE_URL", base)
        .with("OPENAI_API_KEY", openai::KEY);
    let world = World::with(setup).await;
    let alice = world.browser_of("alice").await;
    let events = events(&alice, &input(THREAD, &[("m1", "Hello!")])).await;
    let usage = json!([{
        "provider": "openai", "model": openai::MODEL,
        "inputTokens": 20, "outputTokens": 10, "totalTokens": 30, "cachedInputTokens": 8,
    }]);
    assert_eq!(events[events.len() - 1]["usage"], usage, "{events:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m3_a_run_is_answered_by_the_events_of_its_turn() {
    a_run_and_its_events(Platform::InProcess).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_a_run_on_lambda_gets_the_same_events_in_one_body() {
    a_run_and_its_events(Platform::Lambda).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_a_run_in_a_container_gets_the_same_events() {
    a_run_and_its_events(Platform::Container).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m3_the_plain_shape_gets_the_same_events_if_it_accepts_nothing_else() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let body = json!({ "sessionId": THREAD, "message": "Hello!" });
    let events = events(&alice, &body).await;
    assert_eq!(kinds(&events), PLAIN);
    assert_eq!(events[0]["threadId"], THREAD);
    let (status, answer) = alice.invoke(&body).await;
    assert_eq!((status, &answer["status"]), (StatusCode::OK, &json!("completed")));
}

#[tokio::test(flavor = "multi_thread")]
async fn m3_the_run_starts_before_the_model_answers() {
    let (world, proxies) = World::proxied(Setup::default()).await;
    let alice = world.browser_of("alice").await;
    let gate = Gate::closed();
    let closed = gate.clone();
    proxies.bedrock.rule(move |_| Fate::Waits(closed.clone()));
    let mut answer = send(&alice, &input(THREAD, &[("m1", "Hello!")])).await;
    gate.reached().await;
    let first = answer.chunk().await.expect("a stream").expect("an event");
    let mut stream = String::from_utf8(first.to_vec()).expect("text");
    assert!(stream.contains("RUN_STARTED") && !stream.contains("TEXT_MESSAGE"), "{stream}");
    gate.open();
    while let Some(more) = answer.chunk().await.expect("a stream") {
        stream.push_str(std::str::from_utf8(&more).expect("text"));
    }
    assert_eq!(outcome(&checked(&stream)), "success");
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_browser_that_is_new_gets_its_cookie_before_the_stream_begins() {
    let (world, proxies) = World::proxied(Setup::default()).await;
    let alice = world.browser_of("alice").await;
    let gate = Gate::closed();
    let closed = gate.clone();
    proxies.bedrock.rule(move |_| Fate::Waits(closed.clone()));
    let session = alice.cookies();
    let session = session.split("; ").filter(|cookie| !cookie.starts_with("countersign="));
    let request = Client::new()
        .post(world.running.addresses.application.join("invocations").expect("an address"));
    let request = request.header("cookie", session.collect::<Vec<_>>().join("; "));
    let request = request.header("sec-fetch-site", "same-origin");
    let answer = request.json(&input(THREAD, &[("m1", "Hello!")])).send().await.expect("an answer");
    // The model has said nothing yet.
    gate.reached().await;
    let cookie = answer.headers()["set-cookie"].to_str().expect("a cookie");
    assert!(cookie.starts_with("countersign=") && cookie.contains("HttpOnly"), "{cookie}");
    gate.open();
    assert_eq!(outcome(&checked(&answer.text().await.expect("a stream"))), "success");
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_a_turn_that_fails_ends_what_is_open_and_then_the_run() {
    let world = World::with(Setup::default().with("TURN_SECONDS", "2")).await;
    let alice = world.browser_of("alice").await;
    for (message, code) in [
        ("Please break the stream", "upstream_unavailable"),
        ("Please fail please", "upstream_unavailable"),
        ("Please think forever", "upstream_unavailable"),
    ] {
        let events = events(&alice, &input(THREAD, &[("m1", message)])).await;
        let last = &events[events.len() - 1];
        assert_eq!(last["type"], "RUN_ERROR", "{message}: {events:?}");
        assert_eq!(last["code"], code, "{message}: {last}");
    }
    // Nothing of a failed turn was kept, so that its message still counts.
    let events = events(&alice, &input(THREAD, &[("m1", "Hello!")])).await;
    assert!(said(&events).contains("message 1 of yours"), "{events:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_words_that_do_not_count_any_more_are_followed_by_an_event_that_says_so() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let message = format!("{REPOSITORIES} (breaks off)");
    let events = events(&alice, &input(THREAD, &[("m1", &message)])).await;
    let discarded = of_kind(&events, "CUSTOM");
    assert_eq!(discarded[0]["name"], "text_discarded", "{events:?}");
    let first = of_kind(&events, "TEXT_MESSAGE_START")[0];
    assert_eq!(discarded[0]["value"]["messageId"], first["messageId"]);
    assert!(said(&events).contains("The model broke off here"), "{events:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m3_what_is_refused_before_a_run_starts_is_a_plain_status() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let wrong = |change: fn(&mut Value)| {
        let mut body = input(THREAD, &[("m1", "Hello!")]);
        change(&mut body);
        body
    };
    for (body, field) in [
        (wrong(|it| it["threadId"] = json!("../bob")), "threadId"),
        (wrong(|it| it["runId"] = json!(7)), "runId"),
        (wrong(|it| it["messages"] = json!("hello")), "messages"),
        (wrong(|it| it["messages"][0]["content"] = json!(" ")), "messages"),
    ] {
        let answer = send(&alice, &body).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{body}");
        let problem: Value = answer.json().await.expect("a problem");
        assert_eq!(problem["field"], field, "{problem}");
    }
    let nobody = world.browser();
    let answer = send(&nobody, &wrong(|_| {})).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}
