//! Tokens that expire: a GitHub App's last eight hours and come with a refresh token.

use reqwest::StatusCode;
use serde_json::json;
use url::Url;

use super::world::{RETURN_URL, SIGNED, World, flow, listen, serve};

const EIGHT_HOURS: u64 = 8 * 60;

#[tokio::test]
async fn an_expired_token_is_refreshed_without_asking_the_person() {
    let world = World::new().await;
    world.add_expiring_provider("expiring");
    let first = world.connect_at("expiring").await;
    world.let_minutes_pass(EIGHT_HOURS - 1);
    assert_eq!(world.ask_at("expiring").await.access_token(), Some(first.as_str()));
    let mut tokens = vec![first];
    for _ in 0..2 {
        world.let_minutes_pass(EIGHT_HOURS);
        let answer = world.ask_at("expiring").await;
        let token = answer.access_token().unwrap().to_owned();
        assert!(!tokens.contains(&token), "a refresh brings a new token");
        assert_eq!(world.login(&token).await, "octo-alice");
        tokens.push(token);
    }
}

#[tokio::test]
async fn two_requests_at_once_refresh_once() {
    let world = World::new().await;
    world.add_expiring_provider("expiring");
    world.connect_at("expiring").await;
    world.let_minutes_pass(EIGHT_HOURS);
    let both = tokio::join!(world.ask_at("expiring"), world.ask_at("expiring"));
    let token = both.0.access_token().unwrap();
    assert_eq!(both.1.access_token(), Some(token));
    assert_eq!(world.use_token(token).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_refresh_that_the_provider_refuses_leads_to_a_new_consent() {
    let world = World::new().await;
    world.add_expiring_provider("expiring");
    world.connect_at("expiring").await;
    world.revoke_all();
    world.let_minutes_pass(EIGHT_HOURS);
    flow(&world.ask_at("expiring").await);
}

#[tokio::test]
async fn a_provider_that_is_down_or_busy_does_not_use_up_the_refresh_token() {
    let world = World::new().await;
    let definition = |token_endpoint: &str| {
        json!({
            "name": "custom",
            "credentialProviderVendor": "CustomOauth2",
            "oauth2ProviderConfigInput": { "customOauth2ProviderConfig": {
                "clientId": "custom", "clientSecret": "secret",
                "oauthDiscovery": { "authorizationServerMetadata": {
                    "issuer": world.github,
                    "authorizationEndpoint": world.github.join("login/oauth/authorize").unwrap(),
                    "tokenEndpoint": token_endpoint,
                } },
            } },
        })
    };
    world.add_expiring_provider("custom");
    let good = world.github.join("login/oauth/access_token").unwrap();
    world.connect_at("custom").await;
    let update = async |endpoint: &str| {
        world.control("UpdateOauth2CredentialProvider", definition(endpoint)).await.0
    };
    world.let_minutes_pass(EIGHT_HOURS);
    let body = json!({
        "workloadIdentityToken": world.workload_token("alice").await, "scopes": ["repo"],
        "resourceCredentialProviderName": "custom", "oauth2Flow": "USER_FEDERATION",
        "resourceOauth2ReturnUrl": RETURN_URL,
    });
    let busy = answers_with(StatusCode::TOO_MANY_REQUESTS).await;
    let broken = answers_with(StatusCode::BAD_GATEWAY).await;
    for endpoint in ["http://127.0.0.1:1/token", busy.as_str(), broken.as_str()] {
        assert_eq!(update(endpoint).await, 200);
        let answer = world.post("oauth2/token", SIGNED, &body).await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR, "{endpoint}");
        assert_eq!(answer.headers()["x-amzn-errortype"], "InternalServerException");
    }
    assert_eq!(update(good.as_str()).await, 200);
    assert!(world.ask_at("custom").await.access_token().is_some());
}

/// The address of a token endpoint that has JSON for everybody, and no token.
async fn answers_with(status: StatusCode) -> Url {
    let (listener, base) = listen().await;
    let answer = move || async move { (status, r#"{"message":"not now"}"#) };
    serve(listener, axum::Router::new().fallback(answer));
    base
}
