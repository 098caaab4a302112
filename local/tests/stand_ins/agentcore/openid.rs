//! A custom provider that is found by OpenID discovery, and takes the client's secret in a header.

use std::collections::HashMap;

use development_key::Keyring;
use openid_local::IdentityProvider;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::world::{World, flow, listen, serve, user_id};

fn definition(discovery: &Value) -> Value {
    json!({
        "name": "openid",
        "credentialProviderVendor": "CustomOauth2",
        "oauth2ProviderConfigInput": { "customOauth2ProviderConfig": {
            "clientId": "client", "clientSecret": "a secret: with + and %",
            "clientAuthenticationMethod": "CLIENT_SECRET_BASIC",
            "oauthDiscovery": discovery,
        } },
    })
}

/// An OpenID provider whose client AgentCore Identity is.
async fn with_openid_provider() -> World {
    let world = World::new().await;
    let (listener, base) = listen().await;
    // The callback has to be known before the provider is there to be discovered.
    let metadata = json!({ "authorizationServerMetadata": {
        "issuer": base, "authorizationEndpoint": base, "tokenEndpoint": base,
    } });
    let created = world.control("CreateOauth2CredentialProvider", definition(&metadata)).await.1;
    let callback = created["callbackUrl"].as_str().unwrap().parse().unwrap();
    let clock = world.clock.clone();
    let secret = "a secret: with + and %";
    let keys = Keyring::default();
    let openid = IdentityProvider::new(base.clone(), "client", secret, callback, clock, keys);
    serve(listener, openid.router());
    let discovery =
        json!({ "discoveryUrl": base.join(".well-known/openid-configuration").unwrap() });
    let changed = world.control("UpdateOauth2CredentialProvider", definition(&discovery)).await;
    assert_eq!(changed.0, 200, "{}", changed.1);
    world
}

async fn connect(world: &World) -> (String, String) {
    let ask = async || {
        let call = world.ask("alice", &["openid"]).await;
        call.resource_credential_provider_name("openid").send().await.unwrap()
    };
    let begun = flow(&ask().await);
    let page = world.follow(&begun.authorization_url).await;
    let mut form: HashMap<String, String> = page.query_pairs().into_owned().collect();
    form.insert("user".to_owned(), "alice".to_owned());
    let answer = world.browser.post(page.clone()).form(&form).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    world.follow(answer.headers()["location"].to_str().unwrap()).await;
    world.complete(&begun.session_uri, user_id("alice")).await.unwrap();
    let token = ask().await.access_token().unwrap().to_owned();
    (token, page.join("/userinfo").unwrap().into())
}

#[tokio::test]
async fn a_provider_is_discovered_and_takes_the_secret_in_a_header() {
    let world = with_openid_provider().await;
    let (token, user_info) = connect(&world).await;
    let answer = world.browser.get(user_info).bearer_auth(token).send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["sub"], "alice");
}

#[tokio::test]
async fn an_expired_token_without_a_refresh_token_leads_to_a_new_consent() {
    let world = with_openid_provider().await;
    connect(&world).await;
    world.let_minutes_pass(24 * 60);
    let call = world.ask("alice", &["openid"]).await;
    flow(&call.resource_credential_provider_name("openid").send().await.unwrap());
}
