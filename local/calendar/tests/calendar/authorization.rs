//! The authorization endpoint and its page.

use std::collections::HashMap;

use super::harness::{ALICE, World, back, valid_request, with};

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

async fn sent_back(request: Vec<(&'static str, &'static str)>) -> HashMap<String, String> {
    let world = World::new().await;
    let opened = back(&world.open(&request).await);
    let decided = world.form(&request, ("account", ALICE)).send().await.unwrap();
    assert_eq!(opened, back(&decided), "the form is checked as the page is");
    assert_eq!(opened["state"], "a state");
    assert!(!opened.contains_key("code"));
    opened
}

#[tokio::test]
async fn the_page_says_what_it_is_who_asks_and_what_each_scope_allows() {
    let world = World::new().await;
    let page = world.open(&with(valid_request(), "scope", "events.read events.write")).await;
    assert_eq!(page.status(), 200);
    assert!(page.headers().contains_key("x-request-id"));
    let page = page.text().await.unwrap();
    for text in [
        "Stand-in for a calendar",
        "<strong>countersign</strong>",
        "see your events",
        "create events in your calendar",
        "Allow as alice@calendar.example",
        "Allow as bob@calendar.example",
        "Deny",
    ] {
        assert!(page.contains(text), "{text} is missing: {page}");
    }
}

#[tokio::test]
async fn a_consent_sends_a_code_and_the_state_back() {
    let world = World::new().await;
    let response = world.form(&valid_request(), ("account", ALICE)).send().await.unwrap();
    assert_eq!(response.status(), 303);
    let back = back(&response);
    assert_eq!(back["state"], "a state");
    assert!(back["code"].len() > 40);
}

#[tokio::test]
async fn a_no_sends_access_denied_back() {
    let world = World::new().await;
    let response = world.form(&valid_request(), ("decision", "deny")).send().await.unwrap();
    assert_eq!(back(&response)["error"], "access_denied");
    assert_eq!(back(&response)["state"], "a state");
}

#[tokio::test]
async fn an_unknown_app_or_another_redirect_is_shown_and_sent_nowhere() {
    let world = World::new().await;
    for (name, value) in [
        ("client_id", "another"),
        ("redirect_uri", "https://mallory.example/"),
        ("redirect_uri", "http://127.0.0.1:9/callback/below"),
        ("redirect_uri", "http://127.0.0.1:9/callback?more"),
        ("redirect_uri", ""),
    ] {
        let request = with(valid_request(), name, value);
        let opened = world.open(&request).await;
        let decided = world.form(&request, ("account", ALICE)).send().await.unwrap();
        for response in [opened, decided] {
            assert_eq!(response.status(), 400, "{name}={value}");
            assert!(!response.headers().contains_key("location"));
        }
    }
}

#[tokio::test]
async fn a_parameter_that_is_there_twice_is_refused() {
    let world = World::new().await;
    let mut request = valid_request();
    request.push(("scope", "events.write"));
    assert_eq!(world.open(&request).await.status(), 400);
    let decided = world.form(&request, ("account", ALICE)).send().await.unwrap();
    assert_eq!(decided.status(), 400);
}

#[tokio::test]
async fn the_form_of_another_site_is_refused() {
    let world = World::new().await;
    for site in ["cross-site", "same-site"] {
        let form = world.form(&valid_request(), ("account", ALICE));
        let response = form.header("sec-fetch-site", site).send().await.unwrap();
        assert_eq!(response.status(), 400, "{site}");
        assert!(!response.headers().contains_key("location"));
    }
}

#[tokio::test]
async fn an_account_that_is_not_there_consents_to_nothing() {
    let world = World::new().await;
    let form = world.form(&valid_request(), ("account", "carol@calendar.example"));
    assert_eq!(form.send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn an_unknown_scope_and_no_scope_are_invalid() {
    for scope in ["events.read events.delete", "repo", "", " "] {
        let back = sent_back(with(valid_request(), "scope", scope)).await;
        assert_eq!(back["error"], "invalid_scope", "{scope:?}");
    }
}

#[tokio::test]
async fn another_response_type_than_code_is_refused() {
    let back = sent_back(with(valid_request(), "response_type", "token")).await;
    assert_eq!(back["error"], "unsupported_response_type");
}

#[tokio::test]
async fn a_challenge_that_is_not_s256_is_refused() {
    let plain = with(valid_request(), "code_challenge", CHALLENGE);
    assert_eq!(sent_back(plain.clone()).await["error"], "invalid_request");
    let plain = with(plain, "code_challenge_method", "plain");
    assert_eq!(sent_back(plain).await["error"], "invalid_request");
    let short = with(valid_request(), "code_challenge", "short");
    let short = with(short, "code_challenge_method", "S256");
    assert_eq!(sent_back(short).await["error"], "invalid_request");
}

#[tokio::test]
async fn a_token_for_another_resource_is_refused() {
    let back = sent_back(with(valid_request(), "resource", "https://mcp.example/mcp")).await;
    assert_eq!(back["error"], "invalid_target");
}
