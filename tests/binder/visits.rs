//! What a visit brings, or fails to.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::Value;
use tests::Form;

use super::{
    BINDING, COMPLETE,
    ready::{Ready, assert_says_what_happened},
};

#[tokio::test(flavor = "multi_thread")]
async fn m8_a_reload_after_binding_says_so_and_binds_nothing() {
    let ready = Ready::new().await;
    let page =
        ready.shows(&ready.alice, &ready.back, ("connected", "You are connected"), StatusCode::OK);
    assert!(page.await.text.contains("BroadcastChannel"), "the conversation is told");
    let again = ("already_connected", "You are already connected");
    ready.shows(&ready.alice, &ready.back, again, StatusCode::OK).await;
    ready.ends(&ready.alice, &ready.back, "already_connected", StatusCode::OK).await;
    assert_eq!(ready.proxies.agentcore.count(&Method::POST, COMPLETE), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn m8_a_binding_by_a_program_is_audited() {
    let ready = Ready::new().await;
    ready.ends(&ready.alice, &ready.back, "connected", StatusCode::OK).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_missing_or_malformed_session_is_refused() {
    let ready = Ready::new().await;
    let state = ready.parameter("state");
    for (query, code) in [
        (vec![], "no_session"),
        (vec![("state", state.as_str())], "no_session"),
        (vec![("session_id", ""), ("state", &state)], "malformed"),
        (vec![("session_id", "https://evil.example"), ("state", &state)], "malformed"),
        (
            vec![
                ("session_id", "urn:ietf:params:oauth:request_uri:a"),
                ("session_id", "urn:ietf:params:oauth:request_uri:b"),
            ],
            "malformed",
        ),
    ] {
        let address = ready.back_with(&query);
        ready.ends(&ready.alice, &address, code, StatusCode::BAD_REQUEST).await;
        let words = "This link is incomplete";
        ready.shows(&ready.alice, &address, (code, words), StatusCode::BAD_REQUEST).await;
    }
    ready.assert_nothing_bound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_visit_without_sign_in_binds_nothing() {
    let ready = Ready::new().await;
    let target = &ready.world.running.addresses.bind_session;
    let mut address = target.join(BINDING).expect("an address");
    address.set_query(ready.back.query());
    let host = ready.world.running.addresses.application.clone();
    let host = host[url::Position::BeforeHost..url::Position::AfterPort].to_owned();
    let client = reqwest::Client::new();
    let request = client.get(address.clone()).header("host", host.clone());
    let page = request.header("cookie", ready.alice.cookies()).send().await.expect("an answer");
    assert_eq!(page.status(), StatusCode::UNAUTHORIZED);
    let id = page.headers()["x-request-id"].to_str().expect("an id").to_owned();
    let page = page.text().await.expect("a page");
    assert!(page.contains("Sign in first"));
    for part in
        ["aria-label=\"Not signed in\"", "<a href=\"/\">Sign in</a>", &format!("<code>{id}</code>")]
    {
        assert!(page.contains(part), "{part} is missing: {page}");
    }
    assert!(page.contains("?result=not_signed_in"), "the address keeps its secrets: {page}");
    let events = ready.logs.audit(&id);
    let reasons: Vec<&Value> = events.iter().map(|event| &event["reason"]).collect();
    assert_eq!(reasons, ["no token", "not_signed_in"]);
    assert!(events[1]["user"].is_null() && events[1]["flow"].is_string(), "{events:?}");

    let request = client.get(address).header("host", host).header("accept", "application/json");
    let problem = request.send().await.expect("an answer");
    assert_eq!(problem.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(problem.headers()["content-type"], "application/problem+json");
    ready.assert_nothing_bound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_another_user_in_the_same_browser_learns_nothing_of_whose_it_is() {
    let ready = Ready::new().await;
    // Bob signs in over alice: the flow's cookie and the browser's stay.
    let bob = &ready.alice;
    ready.world.sign_in_over(bob, "bob").await;
    ready.ends(bob, &ready.back, "another_user", StatusCode::FORBIDDEN).await;
    let words = ("another_user", "This request is not yours");
    let page = ready.shows(bob, &ready.back, words, StatusCode::FORBIDDEN).await;
    for hint in ["alice", "Alice", "octo"] {
        assert!(!page.text.contains(hint), "the page tells {hint}");
    }
    assert_eq!(ready.proxies.agentcore.count(&Method::POST, COMPLETE), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_another_browser_no_flow_cookie_and_an_expired_flow_are_told_apart() {
    let ready = Ready::new().await;
    let cafe = ready.world.browser_of("alice").await;
    ready.ends(&cafe, &ready.back, "no_flow", StatusCode::FORBIDDEN).await;
    let words = "This request is no longer open";
    ready.shows(&cafe, &ready.back, ("no_flow", words), StatusCode::FORBIDDEN).await;

    // The flow's cookie, copied to another browser.
    let flow = ready.alice.cookie("flow-");
    cafe.add_cookie(&flow);
    ready.ends(&cafe, &ready.back, "another_browser", StatusCode::FORBIDDEN).await;
    let words = "This was not asked for in this browser";
    ready.shows(&cafe, &ready.back, ("another_browser", words), StatusCode::FORBIDDEN).await;

    ready.time.let_pass(Duration::from_secs(600));
    ready.ends(&ready.alice, &ready.back, "expired", StatusCode::GONE).await;
    let words = "This request is too old";
    ready.shows(&ready.alice, &ready.back, ("expired", words), StatusCode::GONE).await;
    ready.assert_nothing_bound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_flow_cookie_of_another_flow_or_key_is_ignored() {
    let ready = Ready::new().await;
    let flow = ready.alice.cookie("flow-");
    let (name, sealed) = flow.split_once('=').expect("a cookie");
    let end = if sealed.ends_with('A') { "B" } else { "A" };
    let spoilt = format!("{name}={}{end}", &sealed[..sealed.len() - 1]);
    ready.alice.add_cookie(&spoilt);
    ready.ends(&ready.alice, &ready.back, "no_flow", StatusCode::FORBIDDEN).await;

    let link = ready.world.ask(&ready.alice, "another").await;
    ready.alice.open(&link).await;
    let other = ready.alice.cookies();
    let other = other.split("; ").find(|it| it.starts_with("flow-") && !it.starts_with(name));
    let (_, other) = other.and_then(|it| it.split_once('=')).expect("the other flow");
    ready.alice.add_cookie(&format!("{name}={other}"));
    ready.ends(&ready.alice, &ready.back, "no_flow", StatusCode::FORBIDDEN).await;
    ready.assert_nothing_bound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_missing_empty_or_wrong_state_is_refused() {
    let ready = Ready::new().await;
    let session = ready.parameter("session_id");
    let missing = ready.back_with(&[("session_id", &session)]);
    ready.ends(&ready.alice, &missing, "no_state", StatusCode::FORBIDDEN).await;
    let words = "This is not where you consented";
    ready.shows(&ready.alice, &missing, ("no_state", words), StatusCode::FORBIDDEN).await;
    let state = ready.parameter("state");
    for wrong in ["", "guessed", &state[1..], &format!("{state}A")] {
        let address = ready.back_with(&[("session_id", &session), ("state", wrong)]);
        ready.ends(&ready.alice, &address, "wrong_state", StatusCode::FORBIDDEN).await;
    }
    ready.assert_nothing_bound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m8_the_state_may_come_by_any_of_three_names_beside_others_that_are_wrong() {
    for name in ["state", "customState", "custom_state"] {
        let ready = Ready::new().await;
        let (session, state) = (ready.parameter("session_id"), ready.parameter("state"));
        let query =
            [("session_id", session.as_str()), ("state", "of somebody else's"), (name, &state)];
        let address = ready.back_with(&query);
        ready.ends(&ready.alice, &address, "connected", StatusCode::OK).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_consent_declined_at_the_provider_binds_nothing() {
    let ready = Ready::new().await;
    let link = ready.world.ask(&ready.alice, "another").await;
    let page = ready.alice.open(&link).await;
    let no = Form::in_page(&page.text).with("decision", "cancel");
    let page = ready.alice.submit(&page, no).await;
    assert_eq!(page.parameter("result").as_deref(), Some("declined"));
    assert_says_what_happened(&page, "declined");
    assert!(page.text.contains("You did not allow it"), "{}", page.text);
    let session = ready.parameter("session_id");
    let address = ready.back_with(&[("session_id", &session), ("error", "access_denied")]);
    ready.ends(&ready.alice, &address, "declined", StatusCode::FORBIDDEN).await;
    ready.assert_nothing_bound().await;
}
