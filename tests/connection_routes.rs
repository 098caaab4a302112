//! What a user has connected: listed and disconnected by them and nobody else (M5, M6, M10, M11).

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tests::{Browser, Fate, Logs, Proxies, Setup, World};

const SESSION: &str = "connected";
const GITHUB: &str = "/connections/github";
const REVOKE: &str = "/credentials/revoke";
const TOKEN: &str = "/identities/oauth2/token";

/// The one entry of the list.
async fn listed(browser: &Browser) -> Value {
    let (status, list) = browser.ask(Method::GET, "/connections").await;
    assert_eq!(status, StatusCode::OK, "{list}");
    let [entry] = list["connections"].as_array().expect("a list").as_slice() else {
        panic!("not one connection: {list}")
    };
    entry.clone()
}

/// Disconnects GitHub. Returns what happened to the token, and what the user is told.
async fn disconnect(browser: &Browser) -> (String, String) {
    let (status, answer) = browser.ask(Method::DELETE, GITHUB).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(
        (&answer["provider"], &answer["status"]),
        (&json!("github"), &json!("disconnected"))
    );
    let text = |name: &str| answer[name].as_str().expect("a text").to_owned();
    (text("revoked"), text("message"))
}

/// What the next need of a token ends in.
async fn next_need(browser: &Browser) -> Value {
    let (status, answer) = browser.say("next", "Which repositories do I have?").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer["status"].clone()
}

/// A world in which alice is connected, and her token.
async fn connected(setup: Setup) -> (World, Proxies, Browser, String) {
    let (world, proxies) = World::proxied(setup).await;
    let alice = world.browser_of("alice").await;
    world.connect(&alice, SESSION, "octo-alice").await;
    let (_, answer) = alice.go_on(SESSION).await;
    assert_eq!(answer["status"], "completed", "{answer}");
    let seen = proxies.github.seen();
    let token = seen[0].headers["authorization"].to_str().expect("text");
    let token = token.split_once(' ').expect("a token").1.to_owned();
    (world, proxies, alice, token)
}

/// What the local GitHub's REST API says to `token`.
async fn at_github(world: &World, token: &str) -> StatusCode {
    let url = world.running.addresses.github.join("user").expect("an address");
    let client = Client::builder().no_proxy().build().expect("a client");
    let request = client.get(url).bearer_auth(token).header("user-agent", "test");
    request.send().await.expect("an answer").status()
}

fn fails(_: &tests::Seen) -> Fate {
    Fate::Answered(StatusCode::INTERNAL_SERVER_ERROR, Vec::new(), "{}".to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_a_consent_is_listed_with_its_account_its_scopes_and_since_when() {
    let world = World::in_process().await;
    let (alice, bob) = (world.browser_of("alice").await, world.browser_of("bob").await);
    let nothing = json!({
        "provider": "github", "label": "GitHub", "status": "not_connected", "scopes": [],
    });
    assert_eq!(listed(&alice).await, nothing);
    world.connect(&alice, SESSION, "octo-alice").await;
    alice.go_on(SESSION).await;
    let mut entry = listed(&alice).await;
    let since = entry["since"].take();
    assert!(since.as_str().is_some_and(|it| it.starts_with("20") && it.ends_with('Z')), "{since}");
    let expected = json!({
        "provider": "github", "label": "GitHub", "status": "connected", "since": null,
        "account": "@octo-alice", "scopes": ["read:user", "repo"],
    });
    assert_eq!(entry, expected);
    assert_eq!(listed(&bob).await, nothing);
    world.running.github.revoke_all();
    assert_eq!(listed(&alice).await["status"], "refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_disconnecting_revokes_the_token_and_the_next_need_is_a_consent() {
    let logs = Logs::kept();
    let (world, proxies, alice, token) = connected(Setup::default()).await;
    assert_eq!(at_github(&world, &token).await, StatusCode::OK);
    let answer = alice.request(Method::DELETE, GITHUB).send().await.expect("an answer");
    let request_id = answer.headers()["x-request-id"].to_str().expect("text").to_owned();
    let answer: Value = answer.json().await.expect("JSON");
    assert_eq!(
        (&answer["status"], &answer["revoked"]),
        (&json!("disconnected"), &json!("revoked"))
    );
    let message = answer["message"].as_str().expect("a message");
    assert!(message.contains("GitHub has accepted to revoke the token"), "{message}");
    assert_eq!(at_github(&world, &token).await, StatusCode::UNAUTHORIZED);
    let seen = proxies.github.seen();
    let revocations: Vec<_> = seen.iter().filter(|it| it.is(&Method::POST, REVOKE)).collect();
    assert_eq!(revocations.len(), 1);
    assert!(!revocations[0].headers.contains_key("authorization"), "GitHub would refuse it");
    // The vault was asked for what is to be revoked, and then it was.
    let audit = logs.audit(&request_id);
    let (event, before) = audit.split_last().expect("an event");
    assert!(before.iter().all(|it| it["event"] == "token_requested"), "{before:?}");
    assert_eq!(event["event"], "connection_removed");
    assert_eq!((&event["user"], &event["provider"]), (&json!("alice"), &json!("github")));
    assert_eq!(event["revoked"], "revoked");

    assert_eq!(listed(&alice).await["status"], "not_connected");
    assert_eq!(next_need(&alice).await, "interrupted");
    let (revoked, message) = disconnect(&alice).await;
    assert_eq!(revoked, "already_gone", "a second time: {message}");
    let (_, asked) = alice.say("again", "Which repositories do I have?").await;
    world.consent(&alice, &asked, "octo-alice").await;
    let (_, answer) = alice.go_on("again").await;
    assert_eq!(answer["status"], "completed", "{answer}");
    assert_eq!(listed(&alice).await["account"], "@octo-alice");
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_another_users_disconnect_does_nothing_to_mine() {
    let (world, proxies, alice, token) = connected(Setup::default()).await;
    let bob = world.browser_of("bob").await;
    let (revoked, message) = disconnect(&bob).await;
    assert_eq!(revoked, "already_gone");
    assert!(message.contains("You are not connected"), "{message}");
    assert_eq!(proxies.github.count(&Method::POST, REVOKE), 0);
    assert_eq!(at_github(&world, &token).await, StatusCode::OK);
    assert_eq!(listed(&alice).await["status"], "connected");
    assert_eq!(next_need(&alice).await, "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_another_sites_page_can_not_disconnect() {
    let (world, _proxies, alice, token) = connected(Setup::default()).await;
    let request = || alice.request(Method::DELETE, GITHUB);
    let foreign = [
        request().header("sec-fetch-site", "cross-site"),
        request().header("sec-fetch-site", "same-site"),
        request().header("origin", "https://evil.example"),
    ];
    for request in foreign {
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    }
    assert_eq!(at_github(&world, &token).await, StatusCode::OK);
    assert_eq!(listed(&alice).await["status"], "connected");
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_a_disconnect_counts_although_github_does_not_revoke() {
    let (world, proxies, alice, token) = connected(Setup::default()).await;
    let fails_to_revoke =
        |seen: &tests::Seen| if seen.path == REVOKE { fails(seen) } else { Fate::Arrives };
    proxies.github.rule(fails_to_revoke);
    let (revoked, message) = disconnect(&alice).await;
    assert_eq!(revoked, "failed");
    assert!(message.contains("was not revoked") && message.contains("settings"), "{message}");
    assert_eq!(proxies.github.count(&Method::POST, REVOKE), 1, "not repeated");
    assert_eq!(at_github(&world, &token).await, StatusCode::OK);
    assert_eq!(listed(&alice).await["status"], "not_connected");
    assert_eq!(next_need(&alice).await, "interrupted");
    // Another try, when GitHub works again, still finds what has to be revoked.
    proxies.github.rule(|_| Fate::Arrives);
    assert_eq!(disconnect(&alice).await.0, "revoked");
    assert_eq!(at_github(&world, &token).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_what_githubs_answer_does_not_say_is_asked_for() {
    let (_world, proxies, alice, _) = connected(Setup::default()).await;
    proxies.github.rule(|seen| match seen.path.as_str() {
        REVOKE => Fate::AnswerLost,
        _ => Fate::Arrives,
    });
    let (revoked, message) = disconnect(&alice).await;
    assert_eq!(revoked, "already_gone");
    assert!(message.contains("did not take the token any more"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_a_disconnect_counts_although_the_vault_is_down() {
    let (world, proxies, alice, token) = connected(Setup::default()).await;
    proxies.agentcore.rule(fails);
    assert_eq!(listed(&alice).await["status"], "unknown");
    let (revoked, message) = disconnect(&alice).await;
    assert_eq!(revoked, "failed");
    assert!(message.contains("could not be had from the vault"), "{message}");
    proxies.agentcore.rule(|_| Fate::Arrives);
    assert_eq!(at_github(&world, &token).await, StatusCode::OK);
    assert_eq!(listed(&alice).await["status"], "not_connected");
    assert_eq!(next_need(&alice).await, "interrupted");
    assert_eq!(disconnect(&alice).await.0, "revoked");
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_nothing_is_revoked_if_the_disconnect_can_not_be_saved() {
    let (world, proxies, alice, token) = connected(Setup::default()).await;
    proxies.s3.rule(|seen| match seen.method == Method::PUT {
        true => Fate::Answered(StatusCode::FORBIDDEN, Vec::new(), String::new()),
        false => Fate::Arrives,
    });
    let (status, problem) = alice.ask(Method::DELETE, GITHUB).await;
    assert_eq!(status, StatusCode::BAD_GATEWAY, "{problem}");
    assert!(problem["detail"].as_str().is_some_and(|it| it.contains("may still be connected")));
    assert_eq!(proxies.github.count(&Method::POST, REVOKE), 0);
    assert_eq!(at_github(&world, &token).await, StatusCode::OK);
    proxies.s3.rule(|_| Fate::Arrives);
    assert_eq!(next_need(&alice).await, "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_a_provider_that_is_down_is_said_to_be_unknown() {
    let (_world, proxies, alice, _) = connected(Setup::default()).await;
    proxies.github.rule(fails);
    let entry = listed(&alice).await;
    assert_eq!((&entry["status"], entry.get("account")), (&json!("unknown"), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_a_list_asks_the_vault_only_for_what_may_be_used() {
    let (_world, proxies, alice, _) = connected(Setup::default()).await;
    disconnect(&alice).await;
    let before = proxies.agentcore.count(&Method::POST, TOKEN);
    assert_eq!(listed(&alice).await["status"], "not_connected");
    assert_eq!(proxies.agentcore.count(&Method::POST, TOKEN), before, "nothing may be used");
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_a_provider_that_does_not_exist_can_not_be_disconnected() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    for path in ["/connections/gitlab", "/connections/", "/connections/a/b", "/connections/a.b"] {
        let (status, problem) = alice.ask(Method::DELETE, path).await;
        assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("not_found")));
    }
    for (method, path) in [(Method::GET, GITHUB), (Method::POST, "/connections")] {
        let (status, _) = alice.ask(method, path).await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
}
