//! The attacks that `local` offers in a menu and on its command line: each is run at the running services, and
//! is stopped by the check that it names (M1, M2, M5, M9, M12).

use axum::{
    Router,
    response::{Html, Redirect},
};
use futures_util::future::join_all;
use local::{attacks, options::Platform, parts::Addresses};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tests::{
    Setup, Terminal, World,
    flow::assert_names_the_repositories,
    terminal::{output, printed},
};
use tokio::net::TcpListener;

/// Each attack: the row that it would break, the check that stops it, and the code of its refusal.
const STOPPED: [(&str, &str, &str, &str); 12] = [
    ("forwarded-link", "M9", "person", "another_user"),
    ("provider-link", "M9", "session", "no_flow"),
    ("someone-elses-consent", "M9", "state", "wrong_state"),
    ("login-csrf", "M9", "browser", "another_browser"),
    ("replay", "M9", "single use", "session_refused"),
    ("stale-tab", "M9", "page", "another_user"),
    ("prefetch", "M9", "visit", "not_a_visit"),
    ("another-sites-post", "M9", "site", "cross_site"),
    ("sign-in-link", "M1", "sign-in", "401"),
    ("forged-token", "M2", "signature", "unauthorized"),
    ("foreign-conversation", "M12", "owner", "not_found"),
    ("approve-by-the-model", "M5", "approval", "confirmation_required"),
];

/// The menu of a world, at an address of its own.
struct Menu(String);

impl Menu {
    async fn of(world: &World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = attacks::router(world.running.addresses.clone());
        tokio::spawn(async { axum::serve(listener, router).await });
        Self(format!("http://{address}/attacks"))
    }

    async fn list(&self) -> Value {
        Client::new().get(&self.0).send().await.expect("an answer").json().await.expect("JSON")
    }

    async fn run(&self, name: &str) -> (StatusCode, Value) {
        self.run_with(name, &[("content-type", "application/json")]).await
    }

    async fn run_with(&self, name: &str, headers: &[(&str, &str)]) -> (StatusCode, Value) {
        let mut request = Client::new().post(format!("{}/{name}", self.0));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.expect("an answer");
        (answer.status(), answer.json().await.expect("JSON"))
    }
}

#[track_caller]
fn assert_stopped(outcome: &Value, row: &str, check: &str, code: &str) {
    assert_eq!(outcome["stopped"], true, "{outcome:#}");
    let by = &outcome["stoppedBy"];
    assert_eq!((&by["check"], &by["code"]), (&json!(check), &json!(code)), "{outcome:#}");
    assert_eq!(outcome["row"], row);
    let steps = outcome["steps"].as_array().expect("steps");
    assert!(steps.len() > 1, "{outcome:#}");
    for text in steps.iter().flat_map(|step| ["who", "does", "result"].map(|name| &step[name])) {
        assert!(text.as_str().is_some_and(|text| !text.is_empty()), "{outcome:#}");
    }
    assert_nothing_secret(&outcome.to_string());
}

/// Every secret of a flow is long and has no spaces: a session, a state, a code, a token, a cookie.
#[track_caller]
fn assert_nothing_secret(text: &str) {
    const LONGEST_NAME: usize = 24;
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_%=+:".contains(c);
    for word in text.split(|c: char| !is_part(c)) {
        let is_secret = word.len() > LONGEST_NAME;
        assert!(!is_secret, "{word} is in {text}");
    }
    for part in ["request_uri:", "gho_", "eyJ"] {
        assert!(!text.contains(part), "{part} is in {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_each_attack_is_stopped_by_its_own_check_again_and_again_and_alice_notices_nothing() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    world.connect(&alice, "hers", "octo-alice").await;
    let saved = world.everything_saved().await;
    let menu = Menu::of(&world).await;
    for _ in 0..2 {
        for (name, row, check, code) in STOPPED {
            let (status, outcome) = menu.run(name).await;
            assert_eq!(status, StatusCode::OK, "{name}: {outcome}");
            assert_eq!(outcome["name"], name);
            assert_stopped(&outcome, row, check, code);
        }
    }
    assert!(!world.everything_saved().await.contains("attack-"), "a conversation is left");
    assert!(saved.contains("hers"));
    let (_, answer) = alice.say("hers", "Which repositories do I have, private ones too?").await;
    assert_names_the_repositories(&answer);
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_each_attack_is_stopped_by_its_own_check_at_the_containers_too() {
    let world = World::on(Platform::Container).await;
    let menu = Menu::of(&world).await;
    for (name, row, check, code) in STOPPED {
        let (status, outcome) = menu.run(name).await;
        assert_eq!(status, StatusCode::OK, "{name}: {outcome}");
        assert_stopped(&outcome, row, check, code);
    }
    world.running.shutdown().await;
}

/// Nobody can go past the load balancer to a Lambda function.
#[tokio::test(flavor = "multi_thread")]
async fn m15_each_attack_is_stopped_at_the_functions_too_or_says_that_it_has_no_way_there() {
    let world = World::on(Platform::Lambda).await;
    let menu = Menu::of(&world).await;
    for (name, row, check, code) in STOPPED {
        let (status, outcome) = menu.run(name).await;
        if name == "forged-token" {
            let told = outcome["detail"].as_str().expect("a sentence");
            assert_eq!(status, StatusCode::CONFLICT, "{outcome}");
            assert!(told.contains("can't be reached past the load balancer"), "{told}");
            continue;
        }
        assert_eq!(status, StatusCode::OK, "{name}: {outcome}");
        assert_stopped(&outcome, row, check, code);
    }
    world.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_two_menus_at_once_do_not_disturb_each_other() {
    let world = World::in_process().await;
    let menus = [Menu::of(&world).await, Menu::of(&world).await];
    // Some connect carol, and others would find her connected.
    let names = ["replay", "prefetch", "approve-by-the-model", "replay", "prefetch", "replay"];
    let runs = names.iter().zip(menus.iter().cycle());
    let runs = runs.map(|(name, menu)| async move { (name, menu.run(name).await) });
    for (name, (status, outcome)) in join_all(runs).await {
        assert_eq!(status, StatusCode::OK, "{name}: {outcome}");
        assert_eq!(outcome["stopped"], true, "{name}: {outcome:#}");
    }
}

/// `BROWSER_BINDING=off` is the only switch of a check, and the menu shows what it opens.
#[tokio::test(flavor = "multi_thread")]
async fn m9_without_the_browser_check_a_login_csrf_succeeds_and_the_menu_says_so() {
    let setup = Setup::default().with("INBOUND_AUTH", "bearer").with("BROWSER_BINDING", "off");
    let world = World::with(setup).await;
    let menu = Menu::of(&world).await;
    for _ in 0..2 {
        let (status, outcome) = menu.run("login-csrf").await;
        assert_eq!((status, &outcome["stopped"]), (StatusCode::OK, &json!(false)), "{outcome}");
        let by = &outcome["stoppedBy"];
        assert_eq!((&by["check"], &by["code"]), (&json!("nothing"), &json!("not_stopped")));
        let told = by["sentence"].as_str().expect("a sentence");
        assert!(told.contains("SUCCEEDED") && told.contains("octo-carol"), "{told}");
        assert_nothing_secret(&outcome.to_string());
        // The other checks do not need the browser's.
        let (_, outcome) = menu.run("forwarded-link").await;
        assert_stopped(&outcome, "M9", "person", "another_user");
    }
}

/// `CONFIRM_ACTIONS=off` lets the model act without an approval.
#[tokio::test(flavor = "multi_thread")]
async fn m5_where_no_action_is_confirmed_the_model_acts_and_the_command_fails() {
    let variables = [("CONFIRM_ACTIONS", "off")];
    let terminal = Terminal::run(Platform::InProcess, &[], &variables).await;
    let port = terminal.addresses().await.application.port().expect("a port").to_string();
    for _ in 0..2 {
        let output = output(&["--port", &port, "attack", "approve-by-the-model"]).await;
        let printed = String::from_utf8(output.stdout).expect("text");
        assert!(!output.status.success(), "{printed}");
        assert!(printed.contains("NOT STOPPED") && printed.contains("SUCCEEDED"), "{printed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m19_the_command_lists_the_attacks_and_tells_what_stops_one() {
    let list = printed(&["attack"]).await;
    for (name, row, ..) in STOPPED {
        assert!(
            list.lines().any(|line| line.starts_with(name) && line.ends_with(&format!("({row})")))
        );
    }
    let terminal = Terminal::run(Platform::InProcess, &[], &[]).await;
    let port = terminal.addresses().await.application.port().expect("a port").to_string();
    let told = printed(&["--port", &port, "attack", "someone-elses-consent"]).await;
    for part in ["mallory", "carol", "403 no_state", "Stopped by: state (wrong_state)", "●"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert_nothing_secret(&told);
    let unknown = output(&["--port", &port, "attack", "no-such-attack"]).await;
    let told = String::from_utf8(unknown.stderr).expect("text");
    assert!(!unknown.status.success() && told.contains("no attack “no-such-attack”"), "{told}");
}

/// An application whose people sign in at a provider with a page of its own.
#[tokio::test(flavor = "multi_thread")]
async fn m19_where_people_sign_in_elsewhere_the_menu_says_that_there_is_nobody_to_attack() {
    let serve = async |router: Router| {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async { axum::serve(listener, router).await });
        port
    };
    let page = async || Html("<h1>Sign in</h1><form method=post><input name=password></form>");
    let provider = serve(Router::new().fallback(page)).await;
    let sign_in =
        async move || Redirect::to(&format!("http://127.0.0.1:{provider}/login?client=x"));
    let application = serve(Router::new().fallback(sign_in)).await;
    let addresses = Addresses::on_ports_from(application).expect("addresses");
    let error = attacks::run("replay", &addresses).await.expect_err("nobody to attack");
    let told = error.to_string();
    for part in ["carol and mallory", &format!("http://127.0.0.1:{provider}/login")] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains("client=x"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_the_menu_lists_its_attacks_and_no_other_site_runs_one() {
    let world = World::in_process().await;
    let menu = Menu::of(&world).await;
    let list = menu.list().await;
    let list = list.as_array().expect("a list");
    assert_eq!(list.len(), STOPPED.len());
    for (entry, (name, row, ..)) in list.iter().zip(STOPPED) {
        assert_eq!((&entry["name"], &entry["row"]), (&json!(name), &json!(row)));
        assert!(["title", "story"].iter().all(|name| entry[name].is_string()), "{entry}");
        assert_eq!(entry.as_object().map(|entry| entry.len()), Some(4), "{entry}");
    }
    let json = ("content-type", "application/json");
    for (name, headers, expected) in [
        ("no-such-attack", &[json][..], StatusCode::NOT_FOUND),
        ("prefetch", &[], StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("prefetch", &[("content-type", "text/plain")], StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("prefetch", &[json, ("sec-fetch-site", "cross-site")], StatusCode::FORBIDDEN),
        ("prefetch", &[json, ("sec-fetch-site", "same-site")], StatusCode::FORBIDDEN),
        ("prefetch", &[json, ("sec-fetch-site", "same-origin")], StatusCode::OK),
        ("prefetch", &[json, ("sec-fetch-site", "none")], StatusCode::OK),
    ] {
        let (status, answer) = menu.run_with(name, headers).await;
        assert_eq!(status, expected, "{name} {headers:?}: {answer}");
        assert!(status.is_success() || answer["detail"].is_string(), "{answer}");
    }
}
