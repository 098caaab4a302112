//! Who may use the agent: only those whose token has the claim in `ALLOW_CLAIM` (M1, M2).

use reqwest::{Method, StatusCode};
use serde_json::Value;
use tests::{Browser, Logs, Setup, World};

async fn world(claim: &str) -> World {
    World::with(Setup::default().with("ALLOW_CLAIM", claim)).await
}

/// What a program and a person are told at `path`.
async fn told(browser: &Browser, path: &str) -> (StatusCode, Value, StatusCode, String) {
    let asked = |accept| browser.request(Method::GET, path).header("accept", accept).send();
    let program = asked("application/json").await.expect("an answer");
    let person = asked("text/html,application/xhtml+xml").await.expect("an answer");
    let (status, page_status) = (program.status(), person.status());
    let problem = serde_json::from_str(&program.text().await.expect("a body"));
    (status, problem.unwrap_or_default(), page_status, person.text().await.expect("a page"))
}

#[tokio::test(flavor = "multi_thread")]
async fn m2_a_signed_in_user_without_the_claim_is_refused_by_both_services_and_told_whom_to_ask() {
    let world = world("groups=engineering,ops").await;
    let bob = world.browser();
    world.sign_in(&bob, "bob").await;
    for path in ["/", "/sessions", "/docs/", "/consent?flow=x", "/oauth2/session-binding?result=x"]
    {
        let (status, problem, page_status, page) = told(&bob, path).await;
        assert_eq!((status, page_status), (StatusCode::FORBIDDEN, StatusCode::FORBIDDEN), "{path}");
        assert_eq!(problem["code"], "not_allowed", "{path}");
        assert!(problem["requestId"].is_string(), "{path}: {problem}");
        assert!(page.contains("<h1>") && page.contains("Ask the people who run it"), "{page}");
    }
    let (status, problem) = bob.say("s", "Hello!").await;
    assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &"not_allowed".into()));
    assert!(!world.everything_saved().await.contains("Hello!"));
    let refusals = Logs::kept().audit_where("event", "not_allowed");
    assert!(refusals.iter().any(|refusal| refusal["user"] == "bob"), "{refusals:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m1_a_user_with_the_claim_goes_all_the_way() {
    let world = world("groups=ops,engineering").await;
    let alice = world.browser_of("alice").await;
    world.connect(&alice, "s", "octo-alice").await;
    let (status, answer) = alice.go_on("s").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m2_a_value_in_another_spelling_is_another_value_and_health_asks_for_none() {
    for claim in ["groups=Engineering", "Groups=engineering", "groups=engineering ops"] {
        let world = world(claim).await;
        let alice = world.browser();
        let page = world.sign_in(&alice, "alice").await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{claim}");
        for address in [&world.running.addresses.invoke, &world.running.addresses.bind_session] {
            let ping = reqwest::get(address.join("/ping").expect("an address")).await;
            assert_eq!(ping.expect("an answer").status(), StatusCode::OK, "{claim}");
        }
    }
}
