//! The first minute: what a person sees who runs the README's first command in a terminal (M19).

use std::net::TcpStream;

use local::{greeting::QUESTIONS, options::Platform};
use reqwest::{Client, StatusCode};
use rustix::process::Signal;
use serde_json::{Value, json};
use tests::{
    Setup, Terminal, World,
    flow::{ask_to_the_end, whole_flow},
    terminal::{ending, parent, printed},
};

const SESSION: &str = "first-minute";
const CREATE: &str = QUESTIONS[2];

/// What the screen offers to ask.
fn offered(screen: &str) -> Vec<String> {
    let quoted = screen.split('“').skip(1).filter_map(|rest| rest.split('”').next());
    quoted.take(QUESTIONS.len()).map(str::to_owned).collect()
}

fn without_colours(screen: &str) -> String {
    screen.replace("\x1b[1m", "").replace("\x1b[0m", "")
}

async fn the_first_minute(platform: Platform) {
    let mut terminal = Terminal::run(platform, &[], &[]).await;
    let alice = terminal.browser_of("alice").await;
    let greeting = terminal.screen();
    for text in ["alice", "bob", "Open http://localhost:"] {
        assert!(greeting.contains(text), "{text}: {greeting}");
    }
    let questions = offered(&greeting);
    assert_eq!(questions, QUESTIONS);

    let (list, _) = ask_to_the_end(&alice, SESSION, &questions[0], "octo-alice").await;
    assert!(list.contains("octo-alice/garden"), "{list}");
    let (profile, _) = ask_to_the_end(&alice, SESSION, &questions[1], "octo-alice").await;
    assert!(profile.contains("You are octo-alice"), "{profile}");
    let (created, reasons) = ask_to_the_end(&alice, SESSION, &questions[2], "octo-alice").await;
    assert_eq!(reasons.last().map(String::as_str), Some("confirmation_required"));
    let (_, issue) = created.split_once("http").expect("a link");
    let page = alice.open(&format!("http{issue}")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("Water the tomatoes"), "{}", page.text);

    terminal.press_ctrl_c();
    assert!(terminal.ended().await.success(), "{}", terminal.screen());
    assert_told_well(&terminal.shows("Stopping").await);
}

/// One line a step, of plain words, and nothing that must not be on a screen.
#[track_caller]
fn assert_told_well(screen: &str) {
    let screen = without_colours(screen);
    for line in screen.lines() {
        assert!(line.chars().count() <= 100, "{line}");
        assert!(!line.contains('\x1b'), "{line:?}");
    }
    for wrong in
        ["panicked", "ERROR", "WARN", "! ", "request_uri", "flow=", "state=", "gho_", "eyJ"]
    {
        assert!(!screen.contains(wrong), "{wrong}: {screen}");
    }
    for step in [
        "alice: signs in",
        "alice → assistant: sends a message",
        "assistant → model: “Which repositories do I have?”",
        "model → assistant: wants github_list_repositories",
        "alice → assistant: follows the link to consent",
        "octo-alice → GitHub: lets countersign-local use the account",
        "binder → vault: ",
        "assistant → GitHub: github_list_repositories for alice (read:user): done",
        "model → assistant: “You have 2 repositories at GitHub",
        "assistant → alice: answers after ",
        "assistant → alice: asks for approval of github_create_issue",
        "GitHub: octo-alice has opened issue 1 in octo-alice/garden",
    ] {
        assert!(screen.contains(step), "{step}: {screen}");
    }
    let consents = |step: &str| screen.matches(step).count();
    assert_eq!(consents("lets countersign-local use"), consents("binder → vault"), "{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m19_in_a_terminal_the_first_command_runs_to_its_answers() {
    the_first_minute(Platform::InProcess).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m19_in_a_terminal_the_containers_steps_are_told_alike() {
    the_first_minute(Platform::Container).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m19_in_a_terminal_the_functions_steps_are_told_alike() {
    the_first_minute(Platform::Lambda).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m19_the_demo_tells_its_own_story_for_bob() {
    let terminal = Terminal::run(Platform::InProcess, &[], &[]).await;
    let bob = terminal.browser_of("bob").await;
    let (_, asked) = bob.say(SESSION, "Which repositories do I have, private ones too?").await;
    let page = bob.open(asked["interrupts"][0]["url"].as_str().expect("a link")).await;
    assert!(!page.text.contains("checked"), "an account is preselected: {}", page.text);
    for account in ["octo-alice", "octo-bob"] {
        let button = format!("Authorize as {account}</button>");
        assert!(page.text.contains(&button), "{}", page.text);
    }
    bob.consent(&page, "octo-bob").await;
    let (_, answer) = bob.go_on(SESSION).await;
    let message = answer["message"].as_str().expect("a message");
    assert!(message.contains("octo-bob/ledger") && !message.contains("octo-alice"), "{message}");
    let (created, _) = ask_to_the_end(&bob, SESSION, CREATE, "octo-bob").await;
    assert!(created.contains("I created issue 1"), "{created}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m19_a_terminal_gets_colours_unless_they_are_unwanted() {
    for (variables, coloured) in [
        (vec![("RUST_LOG", "info")], true),
        (vec![("RUST_LOG", "info"), ("NO_COLOR", "1")], false),
        (vec![], true),
        (vec![("NO_COLOR", "yes")], false),
    ] {
        let terminal = Terminal::run(Platform::InProcess, &[], &variables).await;
        terminal.browser_of("alice").await.say(SESSION, "Hello!").await;
        let step = if variables.contains(&("RUST_LOG", "info")) { "answered" } else { "answers" };
        let screen = terminal.shows(step).await;
        assert_eq!(screen.contains('\x1b'), coloured, "{variables:?}: {screen}");
        assert!(!screen.contains("panicked"), "{screen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m19_both_services_end_with_the_program_and_free_their_ports() {
    for platform in [Platform::Container, Platform::Lambda] {
        for signal in [Signal::TERM, Signal::HUP, Signal::INT, Signal::KILL] {
            let mut terminal = Terminal::run(platform, &[], &[]).await;
            let addresses = terminal.addresses().await;
            let services = terminal.children();
            let endings: Vec<_> = services.iter().map(|service| ending(*service)).collect();
            assert_eq!(endings.len(), 2, "{services:?}");
            terminal.signal(signal);
            let status = terminal.ended().await;
            assert_eq!(status.success(), signal != Signal::KILL, "{signal:?}: {status}");
            if signal != Signal::KILL {
                assert!(services.iter().all(|it| parent(*it).is_none()), "{signal:?}");
            }
            for ending in endings {
                ending.await;
            }
            let port = addresses.application.port().expect("a port");
            assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "{signal:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m19_a_second_ctrl_c_does_not_wait_for_a_turn_that_never_ends() {
    for platform in [Platform::InProcess, Platform::Container] {
        let mut terminal = Terminal::run(platform, &[], &[]).await;
        let alice = terminal.browser_of("alice").await;
        let turn = tokio::spawn(async move { alice.say(SESSION, "Think forever").await });
        terminal.shows("“Think forever”").await;
        terminal.press_ctrl_c();
        terminal.shows("Stopping").await;
        assert!(!turn.is_finished(), "{}", terminal.screen());
        terminal.press_ctrl_c();
        assert!(terminal.ended().await.success(), "{}", terminal.screen());
        turn.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m19_local_listens_on_loopback_only() {
    let world = World::on(Platform::Container).await;
    let it = &world.running.addresses;
    for address in [
        &it.application,
        &it.identity_provider,
        &it.agentcore,
        &it.github,
        &it.s3,
        &it.bedrock,
        &it.public_keys,
        &it.invoke,
        &it.bind_session,
    ] {
        let port = address.port().expect("a port");
        assert!(TcpStream::connect(("127.0.0.1", port)).is_ok(), "{address}");
        // Another address of this machine than the one that is listened on: who listens on every
        // interface is there, too.
        assert!(TcpStream::connect(("127.0.0.2", port)).is_err(), "{address}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m19_a_program_signs_in_without_a_browser_by_a_cookie_that_local_prints() {
    let terminal = Terminal::run(Platform::InProcess, &[], &[]).await;
    let application = terminal.addresses().await.application;
    let port = application.port().expect("a port").to_string();
    let cookie = printed(&["--port", &port, "sign-in", "bob"]).await;
    assert_eq!(cookie.lines().count(), 1, "{cookie}");
    // As curl sends it: no header but these.
    let asked = json!({ "sessionId": SESSION, "message": "Hello!" });
    let request = Client::new().post(application.join("/invocations").expect("an address"));
    let answer =
        request.header("cookie", cookie.trim()).json(&asked).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    let answer: Value = answer.json().await.expect("JSON");
    assert!(answer["message"].as_str().is_some_and(|it| it.contains("scripted model")), "{answer}");
    let screen = without_colours(&terminal.shows("bob → assistant").await);
    assert!(screen.contains("bob: signs in"), "{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m16_the_document_is_public_and_describes_the_401_of_every_call() {
    let world = World::in_process().await;
    let at = |path| world.running.addresses.application.join(path).expect("an address");
    let document: Value =
        reqwest::get(at("/openapi.json")).await.expect("it").json().await.expect("JSON");
    let client = Client::new();
    let session = at("/sessions/x");
    for (request, path, method) in [
        (client.post(at("/invocations")).json(&json!({})), "/invocations", "post"),
        (client.get(at("/sessions")), "/sessions", "get"),
        (client.get(session.clone()), "/sessions/{sessionId}", "get"),
        (client.delete(session), "/sessions/{sessionId}", "delete"),
        (client.get(at("/connections")), "/connections", "get"),
        (client.delete(at("/connections/github")), "/connections/{provider}", "delete"),
    ] {
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{method} {path}");
        let said = answer.headers()["content-type"].to_str().expect("a type").to_owned();
        let said = said.split(';').next().expect("a type");
        assert_eq!(
            document["paths"][path][method]["responses"]["401"]["$ref"],
            "#/components/responses/Unauthorized",
        );
        let described = &document["components"]["responses"]["Unauthorized"]["content"];
        assert!(described.get(said).is_some(), "{said} is not among {described}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_the_services_own_variables_come_from_the_environment() {
    for platform in [Platform::InProcess, Platform::Container] {
        let variables = [
            ("CONFIRM_ACTIONS", "off"),
            // Where AWS is, is not for the environment to say.
            ("AWS_ENDPOINT_URL_S3", "https://s3.example"),
            ("SESSION_BUCKET", "of-somebody"),
            // What is on this machine is not behind a proxy.
            ("HTTP_PROXY", "http://127.0.0.1:1"),
            ("http_proxy", "http://127.0.0.1:1"),
        ];
        let terminal = Terminal::run(platform, &[], &variables).await;
        let alice = terminal.browser_of("alice").await;
        let (created, reasons) = ask_to_the_end(&alice, SESSION, CREATE, "octo-alice").await;
        assert!(created.contains("I created issue 1"), "{created}");
        assert!(!reasons.contains(&"confirmation_required".to_owned()), "{reasons:?}");
        let screen = terminal.screen();
        assert!(screen.contains("From the environment: CONFIRM_ACTIONS=off\r\n"), "{screen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_the_whole_flow_with_bearer_tokens_that_the_proxy_forwards() {
    for (platform, identity) in [
        (Platform::InProcess, "user-id"),
        (Platform::InProcess, "user-token"),
        (Platform::Container, "user-id"),
    ] {
        let setup = Setup { platform, ..Setup::default() };
        let setup = setup.with("INBOUND_AUTH", "bearer").with("VAULT_IDENTITY", identity);
        let world = World::with(setup).await;
        whole_flow(&world).await;
        world.running.shutdown().await;
    }
}
