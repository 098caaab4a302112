//! What one signed-in user can take of the service, however they try (M15).

use std::time::Duration;

use axum::http::StatusCode as Status;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::{Browser, Fate, Gate, Logs, Machine, Setup, Time, World};

async fn get(browser: &Browser, path: &str) -> (StatusCode, Value, usize) {
    let answer = browser.request(Method::GET, path).send().await.expect("an answer");
    let status = answer.status();
    let body = answer.bytes().await.expect("a body");
    // As a Lambda function answers: the body is text in JSON.
    let in_lambda = json!(String::from_utf8_lossy(&body)).to_string().len();
    (status, serde_json::from_slice(&body).unwrap_or_default(), in_lambda)
}

/// The last saved form of a conversation, as it went to S3.
fn saved(proxies: &tests::Proxies) -> Value {
    let puts = proxies.s3.seen().into_iter().filter(|seen| seen.method == Method::PUT);
    serde_json::from_str(&puts.last().expect("a write").body).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_a_conversation_without_end_loses_its_oldest_whole_turns_and_says_so() {
    let setup = Setup::default().with("MAX_CONVERSATION_BYTES", "65536");
    let (world, proxies) = World::proxied(setup).await;
    let alice = world.browser_of("alice").await;
    let long = "long ".repeat(2_850);
    for n in 1..=4 {
        let (_, answer) = alice.say("s", &format!("message {n} {long}")).await;
        assert!(!answer["message"].to_string().contains("removed"), "{n}: {answer}");
    }
    assert_eq!(get(&alice, "/sessions/s").await.1["earlierTurnsRemoved"], 0);
    let (status, answer) = alice.say("s", &format!("message 5 {long}")).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let said = answer["message"].as_str().expect("words");
    assert!(said.contains("its oldest turn was removed"), "{said}");
    alice.say("s", "and a short one").await;
    let (_, shown, _) = get(&alice, "/sessions/s").await;
    assert_eq!(shown["earlierTurnsRemoved"], 1);
    let first = shown["messages"][0]["text"].as_str().expect("words");
    assert!(first.starts_with("message 2 "), "{first:.20}");
    assert_eq!(shown["messages"].as_array().map(Vec::len), Some(10));
    let saved = saved(&proxies).to_string();
    assert!(saved.len() <= 65_536, "{}", saved.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_a_conversation_that_is_far_too_large_is_refused_and_can_be_deleted() {
    let (world, proxies) = World::proxied(Setup::default()).await;
    let alice = world.browser_of("alice").await;
    alice.say("s", "Hello!").await;
    let text = "x".repeat(9 * 1024 * 1024);
    let message = json!({ "role": "user", "content": [{ "text": text }] });
    let huge = json!({ "schema": 1, "messages": [message], "writes": [] }).to_string();
    proxies.s3.rule(move |seen| match seen.method {
        // A list, which is a GET as well, is not of the conversation.
        Method::GET if seen.path.ends_with(".json") => {
            Fate::Answered(Status::OK, vec![("etag", "\"1\"")], huge.clone())
        }
        _ => Fate::Arrives,
    });
    let (status, problem, _) = get(&alice, "/sessions/s").await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{problem}");
    assert_eq!(problem["code"], "conversation_too_large");
    let (status, problem) = alice.say("s", "Hello again!").await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{problem}");
    let delete =
        alice.request(Method::DELETE, "/sessions/s").header("sec-fetch-site", "same-origin");
    assert_eq!(delete.send().await.expect("an answer").status(), StatusCode::NO_CONTENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_three_hundred_calls_of_one_message_are_eight_and_the_model_is_told_of_the_rest() {
    let (world, proxies) = World::proxied(Setup::default().with("CONFIRM_ACTIONS", "off")).await;
    let alice = world.browser_of("alice").await;
    world.connect(&alice, "s", "octo-alice").await;
    alice.go_on("s").await;
    let issues: Vec<_> = (0..300).map(|n| format!("issue in octo-alice/garden: {n}")).collect();
    let (status, answer) = alice.say("s", &issues.join("; ")).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(proxies.github.count(&Method::POST, "/issues"), 8);
    let told = saved(&proxies).to_string().matches("at most 8 calls of one message").count();
    // Once for the model, and once each in the words that the scripted one makes of it.
    assert_eq!(told, 2 * 292, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_an_endless_answer_of_githubs_is_not_read_to_its_end() {
    let (world, proxies) = World::proxied(Setup::default()).await;
    let alice = world.browser_of("alice").await;
    world.connect(&alice, "s", "octo-alice").await;
    let filler = |bytes: usize| format!("[{}]", " ".repeat(bytes));
    for (bytes, said) in [(1024 * 1024, None), (3 * 1024 * 1024, Some("answer is too large"))] {
        proxies.github.rule(move |_| Fate::Answered(Status::OK, vec![], filler(bytes)));
        let (status, answer) =
            alice.say("s", "Which repositories do I have, private ones too?").await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let is_said = answer["message"].to_string().contains("answer is too large");
        assert_eq!(is_said, said.is_some(), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_a_long_result_is_shortened_before_it_is_saved() {
    let (world, proxies) = World::proxied(Setup::default()).await;
    let alice = world.browser_of("alice").await;
    world.connect(&alice, "s", "octo-alice").await;
    // In JSON each of these takes two bytes.
    let (title, body) = ("\"".repeat(400), "\"".repeat(8_000));
    let issue = json!({ "title": title, "state": title, "html_url": title, "body": body });
    let comments = json!(vec![json!({ "body": "\"".repeat(100) }); 300]);
    proxies.github.rule(move |seen| {
        let comments = seen.path.ends_with("/comments").then(|| comments.to_string());
        Fate::Answered(Status::OK, vec![], comments.unwrap_or_else(|| issue.to_string()))
    });
    let (status, answer) = alice.say("s", "Please read issue 1 of octo-alice/garden").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let saved = saved(&proxies);
    let messages = saved["messages"].as_array().expect("messages");
    let results = messages.iter().filter_map(|it| it["content"][0].get("toolResult"));
    let longest = results.max_by_key(|result| result.to_string().len()).expect("a result");
    let text = longest["content"][0]["text"].as_str().expect("text");
    assert!(text.contains("[Shortened: these are the first"), "{text:.80}");
    assert!(longest.to_string().len() < 66_000, "{}", longest.to_string().len());
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_turns_at_once_are_limited_for_one_user_and_for_all_even_when_clients_are_gone() {
    let setup = Setup::default().with("MAX_TURNS_PER_USER", "2").with("MAX_TURNS", "3");
    let (world, proxies) = World::proxied(setup).await;
    let (alice, bob) = (world.browser_of("alice").await, world.browser_of("bob").await);
    let gate = Gate::closed();
    let waits = gate.clone();
    proxies.bedrock.rule(move |_| Fate::Waits(waits.clone()));
    let start = |browser: &Browser, session: &'static str| {
        let browser = browser.clone();
        tokio::spawn(async move { browser.say(session, "Hello!").await })
    };
    let gone = [start(&alice, "a"), start(&alice, "b")];
    gate.reached().await;
    gate.reached().await;
    // Alice's clients hang up; her turns go on.
    gone.iter().for_each(tokio::task::JoinHandle::abort);
    let refused = |browser: Browser, session: &'static str| async move {
        let body = json!({ "sessionId": session, "message": "Hello!" });
        let request = browser.request(Method::POST, "/invocations").json(&body);
        let answer = request.header("sec-fetch-site", "same-origin").send().await;
        let answer = answer.expect("an answer");
        let status = answer.status();
        assert!(answer.headers().contains_key("retry-after"));
        (status, answer.json::<Value>().await.expect("JSON")["code"].clone())
    };
    let too_many = (StatusCode::TOO_MANY_REQUESTS, json!("too_many_turns"));
    assert_eq!(refused(alice.clone(), "c").await, too_many);
    let at_work = start(&bob, "a");
    gate.reached().await;
    let overloaded = (StatusCode::SERVICE_UNAVAILABLE, json!("overloaded"));
    assert_eq!(refused(bob.clone(), "b").await, overloaded);
    gate.open();
    assert_eq!(at_work.await.expect("an answer").0, StatusCode::OK);
    assert_eq!(bob.say("b", "Hello!").await.0, StatusCode::OK, "bob's turn counts no longer");
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_a_limit_that_lets_one_user_take_the_turns_of_all_is_told_in_the_log_at_start() {
    let logs = Logs::kept();
    // No other test has these limits.
    for (per_user, all, is_told) in [(91, 92, false), (93, 93, true), (95, 94, true)] {
        let setup = Setup::default().with("MAX_TURNS_PER_USER", per_user.to_string());
        let _started = World::with(setup.with("MAX_TURNS", all.to_string())).await;
        let lines = logs.lines();
        let mut lines = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let told = lines.find(|line| line["max_turns_per_user"] == per_user);
        let level = told.map(|line| line["level"].clone());
        assert_eq!(level, is_told.then(|| json!("WARN")), "{per_user} of {all}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_a_days_tokens_are_used_up_until_midnight_and_a_restart_forgets_none_of_a_conversation()
{
    let time = Time::default();
    let setup = Setup { clock: time.clock(), ..Setup::default() };
    let world = World::with(setup.with("USER_TOKENS_PER_DAY", "1")).await;
    let (alice, bob) = (world.browser_of("alice").await, world.browser_of("bob").await);
    let (status, answer) = alice.say("s", "Hello!").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    for session in ["s", "another"] {
        let (status, problem) = alice.say(session, "Hello!").await;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{problem}");
        assert_eq!(problem["code"], "daily_tokens_used");
    }
    assert_eq!(bob.say("s", "Hello!").await.0, StatusCode::OK);
    // A process that has seen nothing of it learns it from the conversation, and from no other.
    let machine = Machine::start(&world, time.clock()).await;
    let hello = |session: &str| json!({ "sessionId": session, "message": "Hello!" });
    let (status, problem) = machine.invoke(&alice, "alice", &hello("s")).await.expect("an answer");
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{problem}");
    let fresh = Machine::start(&world, time.clock()).await;
    let (status, _) = fresh.invoke(&alice, "alice", &hello("unknown")).await.expect("an answer");
    assert_eq!(status, StatusCode::OK);
    time.let_pass(Duration::from_secs(24 * 60 * 60));
    let (status, answer) = machine.invoke(&alice, "alice", &hello("s")).await.expect("an answer");
    assert_eq!(status, StatusCode::OK, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_a_message_of_control_characters_fits_a_lambda_answer() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    for (session, character, bytes) in [
        ("a", "\u{1}", 150_000),
        ("b", "\u{1}", 60_000),
        ("c", "\"", 140_000),
        ("d", "\\", 140_000),
    ] {
        for _ in 0..3 {
            let (status, answer) = alice.say(session, &character.repeat(bytes)).await;
            assert_eq!(status, StatusCode::OK, "{answer}");
        }
        let mut path = format!("/sessions/{session}");
        loop {
            let (status, page, in_lambda) = get(&alice, &path).await;
            assert_eq!(status, StatusCode::OK, "{page}");
            assert!(in_lambda < 1_000_000, "{path}: {in_lambda}");
            let Some(earlier) = page["earlier"].as_u64() else { break };
            path = format!("/sessions/{session}?before={earlier}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_conversations_that_s3_does_not_bring_are_not_waited_for_without_end() {
    let (world, proxies) = World::proxied(Setup::default().with("TURN_SECONDS", "1")).await;
    let alice = world.browser_of("alice").await;
    assert_eq!(alice.say("s", "Hello!").await.0, StatusCode::OK);
    let gate = Gate::closed();
    let waits = gate.clone();
    proxies.s3.rule(move |_| Fate::Waits(waits.clone()));
    for (method, path) in
        [(Method::GET, "/sessions"), (Method::GET, "/sessions/s"), (Method::DELETE, "/sessions/s")]
    {
        let request = alice.request(method.clone(), path).header("sec-fetch-site", "same-origin");
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{method} {path}");
        assert!(answer.headers().contains_key("retry-after"), "{method} {path}");
    }
    gate.open();
}
