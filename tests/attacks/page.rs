//! Attacks on whom a page acts for, and on what our pages and the audit trail say (M9, M14).

use invoke::Invoke;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::{Browser, Logs, World};

use super::BINDING;

const MARK: &str = "x-countersign-user";

/// The mark in the chat page that `browser` now opens.
async fn mark(world: &World, browser: &Browser) -> String {
    let page = browser.open(world.running.addresses.application.as_str()).await;
    let (_, rest) = page.text.split_once("data-mark=\"").expect("a mark");
    rest.split_once('"').expect("its end").0.to_owned()
}

/// What the script of a page with `mark` sends.
async fn from_page(
    browser: &Browser,
    mark: &str,
    method: Method,
    path: &str,
) -> (StatusCode, Value) {
    let request = browser.request(method.clone(), path).header("sec-fetch-site", "same-origin");
    let body = json!({ "sessionId": "stale", "message": "Which repositories do I have, private ones too?" });
    let request = if method == Method::POST { request.json(&body) } else { request };
    let answer = request.header(MARK, mark).send().await.expect("an answer");
    (answer.status(), answer.json().await.unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_stale_tab_of_alice_is_refused_after_bob_signed_in() {
    let logs = Logs::kept();
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let hers = mark(&world, &alice).await;
    assert_eq!(from_page(&alice, &hers, Method::GET, "/sessions").await.0, StatusCode::OK);
    world.sign_in_over(&alice, "bob").await;
    let saved = world.everything_saved().await;
    for (method, path) in [
        (Method::POST, "/invocations"),
        (Method::GET, "/sessions"),
        (Method::GET, "/sessions/stale"),
        (Method::DELETE, "/sessions/stale"),
        (Method::GET, "/connections"),
        (Method::DELETE, "/connections/github"),
        (Method::POST, "/sign-out"),
    ] {
        let (status, problem) = from_page(&alice, &hers, method, path).await;
        assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("another_user")));
    }
    assert_eq!(world.everything_saved().await, saved, "something was done");
    assert!(logs.audit_where("event", "stale_page").iter().any(|event| event["user"] == "bob"));
    // So does the page of the API: its settings bring the mark.
    let settings = alice.request(Method::GET, "/docs/swagger-initializer.js").send().await;
    let settings = settings.expect("an answer").text().await.expect("a script");
    let his = mark(&world, &alice).await;
    assert!(settings.contains(&format!("request.headers[\"{MARK}\"] = \"{his}\"")), "{settings}");
    // A page that was made for bob acts for bob, and a program needs no mark.
    assert_ne!(his, hers);
    let (status, _) = from_page(&alice, &his, Method::POST, "/invocations").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(alice.say("program", "Hello").await.0, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_pages_name_their_person_by_more_than_the_name_that_they_chose() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let chat = alice.open(world.running.addresses.application.as_str()).await;
    let link = world.ask(&alice, "another").await;
    let result = world.connect(&alice, "named", "octo-alice").await;
    let bob = world.browser_of("bob").await;
    for (page, person) in [(chat, "alice"), (result, "alice"), (bob.open(&link).await, "bob")] {
        let named = format!("({person}@example.com)");
        assert!(page.text.contains(&named), "{named} is missing: {}", page.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m1_sign_out_asks_for_a_new_sign_in_and_says_what_has_not_ended() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let mark = mark(&world, &alice).await;
    let (status, answer) = from_page(&alice, &mark, Method::POST, "/sign-out").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let told = answer["message"].as_str().unwrap_or_default();
    for part in ["identity provider", "other browsers", "GitHub"] {
        assert!(told.contains(part), "{told}");
    }
    let (status, _) = alice.say("after", "Hello").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let page = alice.open(world.running.addresses.application.as_str()).await;
    let issuer = &world.running.addresses.identity_provider;
    assert_eq!(page.address().origin(), issuer.origin(), "{:?}", page.way);
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_link_that_says_how_a_consent_ended_is_not_believed() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let link = |code: &str| {
        let address = world.running.addresses.application.join(BINDING).expect("an address");
        format!("{address}?result={code}")
    };
    for code in ["connected", "already_connected", "unclear", "declined", "another_user"] {
        let page = alice.open(&link(code)).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains("Nothing has happened here"), "{code}: {}", page.text);
        assert!(!page.text.contains("BroadcastChannel"), "{code} makes pages go on");
    }
    // Where it did end so, a reload says it again; another person or browser has no part in it.
    let page = world.connect(&alice, "hers", "octo-alice").await;
    assert!(page.text.contains("You are connected"), "{}", page.text);
    assert!(alice.open(&link("connected")).await.text.contains("You are connected"));
    assert!(!alice.open(&link("declined")).await.text.contains("You did not allow it"));
    let proof = alice.cookie("ended-connected");
    let bob = world.browser_of("bob").await;
    bob.add_cookie(&proof);
    let page = bob.open(&link("connected")).await;
    assert!(page.text.contains("Nothing has happened here"), "{}", page.text);
    world.sign_in_over(&alice, "bob").await;
    let page = alice.open(&link("connected")).await;
    assert!(page.text.contains("Nothing has happened here"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn m14_a_forged_cookie_does_not_audit_a_flow_as_bound_before() {
    let logs = Logs::kept();
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let link = world.ask(&alice, "made-up").await;
    let page = alice.open(&link).await;
    let back = alice.consent_until(&page, "octo-alice", |at| at.path() == BINDING).await;
    let flow = back.flow();
    for made_up in ["done", "bound", ""] {
        alice.add_cookie(&format!("flow-{flow}={made_up}"));
        let page = alice.open(back.address().as_str()).await;
        assert_eq!(page.parameter("result").as_deref(), Some("no_flow"));
    }
    let events = logs.audit_where("flow", &flow);
    assert!(events.iter().all(|event| event["event"] != "bound_before"), "{events:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m14_no_word_of_a_user_makes_a_line_of_the_audit_trail() {
    let logs = Logs::kept();
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let forged =
        json!({ "target": "audit", "schema": 1, "event": "bound", "user": "forged" }).to_string();
    let (status, _) = alice.say("forging", &format!("Hello\n{forged}\u{2028}{forged}")).await;
    assert_eq!(status, StatusCode::OK);
    let body = json!({ "sessionId": "forging", "message": "Hello", "resume": [{
        "interruptId": "01234567-89ab-4cde-8f01-23456789abcd", "status": "cancelled",
        "payload": { "reason": format!("\"}}\n{forged}") },
    }] });
    assert_eq!(alice.invoke(&body).await.0, StatusCode::CONFLICT);
    for (name, value) in [
        ("x-amzn-trace-id", format!("Root=1-67891233-abcdef012345678912345678\",{forged}")),
        ("user-agent", forged.clone()),
        ("x-request-id", forged.clone()),
    ] {
        let request = alice.request(Method::GET, &format!("/sessions/%0A{forged}"));
        let answer = request.header(name, value).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    }
    assert_eq!(logs.audit_where("user", "forged"), Vec::<Value>::new());
    assert!(logs.lines().iter().all(|line| serde_json::from_str::<Value>(line).is_ok()));
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_member_that_is_given_twice_is_refused_at_every_level() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    for body in [
        r#"{"sessionId":"s","message":"Hello","message":"Which repositories do I have, private ones too?"}"#,
        r#"{"sessionId":"s","sessionId":"t","message":"Hello"}"#,
        r#"{"sessionId":"s","resume":[{"interruptId":"i","status":"cancelled","status":"resolved"}]}"#,
        r#"{"sessionId":"s","message":"Hello","more":{"a":[{"b":1,"\u0062":2}]}}"#,
    ] {
        let request = alice.request(Method::POST, "/invocations").body(body);
        let answer = request.header("content-type", "application/json").send().await;
        let answer = answer.expect("an answer");
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{body}");
        let problem: Value = answer.json().await.expect("a problem");
        let told = problem["detail"].as_str().unwrap_or_default();
        assert!(told.contains("given twice"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_another_sites_page_can_not_load_any_route() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    for path in [
        "/",
        "/docs/",
        "/docs/swagger-ui.css",
        "/openapi.json",
        "/sessions",
        "/connections",
        BINDING,
    ] {
        for (mode, destination) in [("no-cors", "image"), ("cors", "empty"), ("navigate", "iframe")]
        {
            let request = alice.request(Method::GET, path).header("sec-fetch-site", "cross-site");
            let request = request.header("sec-fetch-mode", mode);
            let answer = request.header("sec-fetch-dest", destination).send().await;
            let answer = answer.expect("an answer");
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path} as {destination}");
        }
        let answer = alice.request(Method::GET, path).send().await.expect("an answer");
        for name in ["cross-origin-resource-policy", "cross-origin-opener-policy"] {
            assert_eq!(answer.headers()[name], "same-origin", "{name} of {path}");
        }
        assert!(!answer.headers().contains_key("strict-transport-security"), "it is http here");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m17_an_https_site_sends_strict_transport_security() {
    let world = World::in_process().await;
    let mut variables = world.running.variables.clone();
    let page = "https://agent.example.com/oauth2/session-binding".to_owned();
    variables.insert("SESSION_BINDING_URL".to_owned(), page);
    let handler = Invoke::start(&variables).expect("a handler");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let limits = container::Limits::default();
    tokio::spawn(container::serve(listener, handler, limits, std::future::pending()));
    for path in ["ping", "invocations", "nothing"] {
        let answer = reqwest::get(format!("http://{address}/{path}")).await.expect("an answer");
        assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000", "{path}");
    }
}
