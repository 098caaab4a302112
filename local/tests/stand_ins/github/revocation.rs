//! Revoking credentials.

use std::sync::atomic::Ordering::SeqCst;

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use super::{CALLBACK, SECRET, World};

impl World {
    async fn revoke(&self, credentials: Value) -> Response {
        let url = self.base.join("credentials/revoke").unwrap();
        let request = self.browser.post(url).header("user-agent", "test");
        request.json(&json!({ "credentials": credentials })).send().await.unwrap()
    }

    async fn security_log(&self) -> String {
        let url = self.base.join("settings/security-log").unwrap();
        self.browser.get(url).send().await.unwrap().text().await.unwrap()
    }
}

#[tokio::test]
async fn a_revoked_token_is_refused_and_its_owner_sees_that_in_the_log() {
    let world = World::new().await;
    let [token, other] =
        [world.token("octo-alice", "repo").await, world.token("octo-alice", "repo").await];
    assert!(world.security_log().await.contains("nothing"));
    let answer = world.revoke(json!([token])).await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    assert_eq!(answer.headers()["x-ratelimit-remaining"], "59");
    assert_eq!(answer.text().await.unwrap(), "");
    assert_eq!(world.get("user", &token).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(world.get("user", &other).await.status(), StatusCode::OK);
    let log = world.security_log().await;
    assert!(log.contains("octo-alice</strong>: an access token of an OAuth app"), "{log}");
    assert!(!log.contains(&token), "{log}");
    assert_eq!(world.revoke(json!([token])).await.status(), 422);
}

#[tokio::test]
async fn a_token_revokes_nothing_in_an_authenticated_request() {
    let world = World::new().await;
    let token = world.token("octo-alice", "repo").await;
    let url = world.base.join("credentials/revoke").unwrap();
    let request = world.browser.post(url).header("user-agent", "test").bearer_auth(&token);
    let answer = request.json(&json!({ "credentials": [token] })).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert_eq!(world.get("user", &token).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_list_that_is_malformed_or_too_long_revokes_nothing() {
    let world = World::new().await;
    let token = world.token("octo-alice", "repo").await;
    let long = vec![token.clone(); 1_001];
    for wrong in [json!(long), json!([]), json!(token), json!([token, 1]), json!([token, "ghx_1"])]
    {
        let answer = world.revoke(wrong).await;
        assert_eq!(answer.status(), 422);
        assert!(answer.json::<Value>().await.unwrap()["errors"][0].is_string());
    }
    assert_eq!(world.get("user", &token).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn an_address_has_60_requests_an_hour() {
    let world = World::new().await;
    let token = world.token("octo-alice", "repo").await;
    for _ in 0..60 {
        assert_eq!(world.revoke(json!(["gho_unknown"])).await.status(), 422);
    }
    world.minutes.fetch_add(59, SeqCst);
    let answer = world.revoke(json!([token])).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert_eq!(answer.headers()["x-ratelimit-remaining"], "0");
    assert_eq!(world.get("user", &token).await.status(), StatusCode::OK);
    world.minutes.fetch_add(1, SeqCst);
    assert_eq!(world.revoke(json!([token])).await.status(), StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_github_apps_refresh_token_outlives_its_access_token_until_it_is_revoked_itself() {
    let world = World::new().await;
    world.github.register_github_app("app", SECRET, CALLBACK.parse().unwrap());
    let code = world.decide("octo-alice", "", "authorize").await.remove("code").unwrap();
    let issued = world.exchange(SECRET, &code).await;
    let refresh = issued["refresh_token"].as_str().unwrap();
    let answer = world.revoke(json!([issued["access_token"]])).await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    let renewed = world.refresh(refresh).await;
    assert!(renewed["access_token"].is_string(), "{renewed}");
    let answer = world.revoke(json!([renewed["refresh_token"]])).await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    let refresh = renewed["refresh_token"].as_str().unwrap();
    assert_eq!(world.refresh(refresh).await["error"], "bad_refresh_token");
}
