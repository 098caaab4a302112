//! A model that is served as OpenAI serves its own, in place of Amazon Bedrock (M4).

use local::options::Platform;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::{Browser, Logs, Proxy, Setup, Terminal, World, flow, openai};

const SESSION: &str = "with-another-model";

/// A world whose model is at a server of OpenAI's form, and the proxy before that.
async fn world(key: &str) -> (World, Proxy) {
    let proxy = Proxy::new().await;
    proxy.lead_to(&openai::serve().await);
    let setup = Setup::default()
        .with("MODEL_PROVIDER", "openai")
        .with("MODEL_ID", openai::MODEL)
        .with("OPENAI_BASE_URL", format!("{}v1", proxy.address))
        .with("OPENAI_API_KEY", key);
    let mut world = World::with(setup).await;
    world.watch_model(&proxy);
    (world, proxy)
}

async fn ok(answer: impl Future<Output = (StatusCode, Value)>) -> Value {
    let (status, answer) = answer.await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_the_whole_flow_with_a_model_of_openais_form() {
    let (world, proxy) = world(openai::KEY).await;
    flow::whole_flow(&world).await;
    let seen = proxy.seen();
    let asked = seen.iter().filter(|it| it.is(&reqwest::Method::POST, "/v1/chat/completions"));
    for request in asked.clone() {
        assert_eq!(request.headers["authorization"], format!("Bearer {}", openai::KEY));
    }
    assert!(asked.count() >= 8, "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_two_calls_at_once_and_an_approved_action_with_a_model_of_openais_form() {
    let (world, _) = world(openai::KEY).await;
    let alice = world.browser_of("alice").await;
    world.connect(&alice, "consent", "octo-alice").await;
    ok(alice.go_on("consent")).await;

    let answer =
        ok(alice.say(SESSION, "Who am I, and which repositories do I have, private ones too?"))
            .await;
    let text = answer["message"].as_str().expect("a message");
    assert!(text.contains("octo-alice/diary") && text.contains("\"login\""), "{text}");
    assert_eq!(
        answer["usage"],
        json!({ "inputTokens": 40, "outputTokens": 20, "cachedInputTokens": 16 }),
        "{answer}"
    );

    let question = "Create an issue in octo-alice/garden: Water the tomatoes";
    let (text, reasons) = flow::ask_to_the_end(&alice, SESSION, question, "octo-alice").await;
    assert_eq!(reasons, ["confirmation_required"]);
    assert!(text.contains("octo-alice/garden/issues/1"), "{text}");
    // A failed call is told in words, because the wire has no place for a status.
    let answer = ok(alice.say(SESSION, "Create an issue in octo-bob/nowhere: Hello")).await;
    let text = answer["message"].as_str().expect("a message");
    assert!(text.contains("The tools say: Error: "), "{text}");
}

/// Says `words`, and returns the status and the problem's detail.
async fn failure(alice: &Browser, words: &str) -> (StatusCode, String) {
    let (status, answer) = alice.say(SESSION, words).await;
    (status, answer["detail"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_a_failure_of_a_model_of_openais_form_is_what_it_is_and_the_operator_knows_why() {
    let (world, proxy) = world(openai::KEY).await;
    let alice = world.browser_of("alice").await;
    let requests = || proxy.count(&reqwest::Method::POST, "/v1/chat/completions");
    for (words, status, tries, cause) in [
        ("Hello (too many)", StatusCode::SERVICE_UNAVAILABLE, 3, "Rate limit reached"),
        ("Hello (no quota)", StatusCode::BAD_GATEWAY, 1, "no quota left"),
        ("Hello (too long)", StatusCode::BAD_REQUEST, 1, "maximum context length"),
        ("Hello (breaks)", StatusCode::SERVICE_UNAVAILABLE, 1, "The server had an error"),
    ] {
        let before = requests();
        let (answered, detail) = failure(&alice, words).await;
        assert_eq!((answered, requests() - before), (status, tries), "{words}: {detail}");
        assert!(!detail.contains(cause), "{detail}");
        let lines = Logs::kept().lines();
        assert!(lines.iter().any(|line| line.contains(cause)), "{cause} is in no log");
    }
    let answer = ok(alice.say(SESSION, "Hello!")).await;
    assert_eq!(answer["message"], "You said: Hello!");
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_what_a_filter_of_openais_form_withheld_is_shown_to_the_user_and_to_no_later_turn() {
    let (world, proxy) = world(openai::KEY).await;
    let alice = world.browser_of("alice").await;
    let answer = ok(alice.say(SESSION, "Something bad (is filtered)")).await;
    assert_eq!(answer["message"], "(The answer was withheld by a content filter.)");
    let before = proxy.seen().len();
    let answer = ok(alice.say(SESSION, "Hello!")).await;
    assert_eq!(answer["message"], "You said: Hello!");
    for request in &proxy.seen()[before..] {
        assert!(!request.body.contains("filter"), "{}", request.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_a_key_that_the_server_repeats_in_its_refusal_is_in_no_log_and_no_answer() {
    // The world looks for what begins as OpenAI's keys do when it ends.
    let (world, _) = world("sk-proj-that-is-wrong").await;
    let alice = world.browser_of("alice").await;
    let (status, detail) = failure(&alice, "Hello!").await;
    assert_eq!(status, StatusCode::BAD_GATEWAY, "{detail}");
    assert!(!detail.contains("sk-proj"), "{detail}");
    let lines = Logs::kept().lines();
    let is_told = |line: &String| line.contains("Incorrect API key provided: …");
    assert!(lines.iter().any(is_told), "the operator does not know why");
}

#[tokio::test(flavor = "multi_thread")]
async fn m19_a_model_at_an_address_answers_and_its_key_is_not_on_the_screen() {
    let base = format!("{}v1", openai::serve().await);
    let arguments = ["--model", base.as_str(), "--model-id", openai::MODEL];
    let variables = [("OPENAI_API_KEY", openai::KEY)];
    for platform in [Platform::InProcess, Platform::Container] {
        let terminal = Terminal::run(platform, &arguments, &variables).await;
        let alice = terminal.browser_of("alice").await;
        let answer = ok(alice.say(SESSION, "Hello!")).await;
        assert_eq!(answer["message"], "You said: Hello!");
        assert!(terminal.screen().contains(&format!("the model is at {base}")));
        assert!(!terminal.screen().contains("sk-proj"), "{}", terminal.screen());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m19_a_server_without_the_name_of_a_model_stops_the_start_with_a_reason() {
    let arguments = ["--model", "http://127.0.0.1:11434/v1"];
    let mut terminal = Terminal::run(Platform::InProcess, &arguments, &[]).await;
    assert!(!terminal.ended().await.success());
    terminal.shows("error: which model? Name one that the server has with --model-id").await;
}
