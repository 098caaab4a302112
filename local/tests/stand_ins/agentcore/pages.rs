//! What only the program has: the built-in pages, the setup file and the settings.

use std::{collections::HashMap, time::Duration};

use agentcore_local::{AgentCore, GrantLookup, Settings};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use stand_in::Clock;
use url::Url;

use super::world::{PROVIDER, WORKLOAD, World, query};

/// A stand-in whose workload identity has no return URL of its own, and the built-in return page.
async fn program(change: impl FnOnce(&mut Settings)) -> (World, Url) {
    let world = World::build(GrantLookup::ByRequest, |core| {
        let mut settings =
            Settings { default_return_urls: vec![core.return_page()], ..Settings::default() };
        change(&mut settings);
        settings
    });
    let world = world.await;
    world.core.create_workload_identity(WORKLOAD, &[]);
    let return_page = world.core.return_page();
    (world, return_page)
}

/// A flow of alice's at `provider`; returns its authorization URL.
async fn begin(world: &World, provider: &str, return_page: &Url) -> String {
    let call = world.ask("alice", &["profile"]).await.resource_credential_provider_name(provider);
    let answer = call.resource_oauth2_return_url(return_page.as_str()).send().await.unwrap();
    answer.authorization_url().unwrap().to_owned()
}

/// Decides at the built-in page. Returns its redirect.
async fn decide(world: &World, authorization_url: &str, person: &str) -> Response {
    let page = world.follow(authorization_url).await;
    let shown = world.open(page.as_str()).await;
    assert_eq!(shown.status(), StatusCode::OK);
    assert!(shown.text().await.unwrap().contains("Allow as alice"));
    let mut form = query(&page);
    form.insert("person".to_owned(), person.to_owned());
    let target = world.base.join("/stand-in/authorize").unwrap();
    world.browser.post(target).form(&form).send().await.unwrap()
}

fn location(answer: &Response) -> &str {
    answer.headers()["location"].to_str().unwrap()
}

#[tokio::test]
async fn the_front_page_says_that_it_is_a_stand_in_and_how_an_sdk_finds_it() {
    let (world, _) = program(|_| ()).await;
    let shown = world.open(world.base.as_str()).await;
    assert_eq!(shown.status(), StatusCode::OK);
    let shown = shown.text().await.unwrap();
    assert!(shown.contains("It is not AWS") && shown.contains("A stand-in for"), "{shown}");
    let base = world.base.as_str().trim_end_matches('/');
    assert!(shown.contains(&format!("AWS_ENDPOINT_URL_BEDROCK_AGENTCORE={base}")), "{shown}");
}

#[tokio::test]
async fn a_name_that_the_service_model_does_not_allow_is_refused_with_its_rule() {
    let (world, _) = program(|_| ()).await;
    let provider = world.core.add_built_in_provider("a name").await.unwrap_err().to_string();
    assert!(provider.ends_with("its text is letters, digits, `_` and `-`"), "{provider}");
    let workload = world.core.add_workload_identity("a").unwrap_err().to_string();
    assert!(workload.contains("the length of WorkloadName is in 3..=255"), "{workload}");
    let taken = world.core.add_workload_identity(WORKLOAD).unwrap_err().to_string();
    assert_eq!(taken, "Workload identity 'workload' already exists");
}

#[tokio::test]
async fn a_consent_at_the_built_in_page_is_completed_by_the_return_page() {
    let (world, return_page) = program(|_| ()).await;
    let demo = world.core.add_built_in_provider("demo").await.unwrap();
    let url = begin(&world, "demo", &return_page).await;
    let decided = decide(&world, &url, "bob").await;
    assert!(location(&decided).starts_with(demo.callback.as_str()));
    let arrived = world.follow(location(&decided)).await;
    assert_eq!(arrived.path(), return_page.path());
    let page = world.open(arrived.as_str()).await;
    assert_eq!(page.status(), StatusCode::OK);
    let page = page.text().await.unwrap();
    assert!(
        page.contains("<strong>alice</strong>") && page.contains("Nobody has checked"),
        "{page}"
    );
    let again = world.open(arrived.as_str()).await;
    assert_eq!(again.status(), StatusCode::BAD_REQUEST, "a session is completed once");

    let call = world.ask("alice", &["profile"]).await.resource_credential_provider_name("demo");
    let answer = call.resource_oauth2_return_url(return_page.as_str()).send().await.unwrap();
    let token = answer.access_token().unwrap();
    let whose = |token: &str| {
        let request = world.browser.get(world.base.join("/stand-in/userinfo").unwrap());
        request.bearer_auth(token).send()
    };
    let told: Value = whose(token).await.unwrap().json().await.unwrap();
    assert_eq!(told, json!({ "sub": "bob", "scope": "profile" }));
    assert_eq!(whose("guess").await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_person_who_declines_is_told_that_nothing_is_connected() {
    let (world, return_page) = program(|_| ()).await;
    world.core.add_built_in_provider("demo").await.unwrap();
    let url = begin(&world, "demo", &return_page).await;
    let arrived = world.follow(location(&decide(&world, &url, "").await)).await;
    assert_eq!(query(&arrived)["error"], "access_denied");
    let page = world.open(arrived.as_str()).await;
    assert_eq!(page.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_built_in_page_redirects_only_to_callbacks_of_the_stand_in() {
    let (world, _) = program(|_| ()).await;
    world.core.add_built_in_provider("demo").await.unwrap();
    let page = world.base.join("/stand-in/authorize").unwrap();
    let request =
        [("client_id", "c"), ("redirect_uri", "http://127.0.0.1:9/"), ("person", "alice")];
    let asked = world.browser.get(page.clone()).query(&request).send().await.unwrap();
    assert_eq!(asked.status(), StatusCode::BAD_REQUEST);
    let decided = world.browser.post(page).form(&request).send().await.unwrap();
    assert_eq!(decided.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_code_of_the_built_in_page_works_once_for_its_callback_within_a_minute() {
    let (world, return_page) = program(|_| ()).await;
    let callback = world.core.add_built_in_provider("demo").await.unwrap().callback;
    let code = async || {
        let url = begin(&world, "demo", &return_page).await;
        let decided = decide(&world, &url, "alice").await;
        query(&location(&decided).parse().unwrap())["code"].clone()
    };
    let exchange = async |code: &str, redirect: &str| {
        let form = HashMap::from([
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect),
        ]);
        let page = world.base.join("/stand-in/token").unwrap();
        world.browser.post(page).form(&form).send().await.unwrap().status()
    };
    let first = code().await;
    assert_eq!(exchange(&first, callback.as_str()).await, StatusCode::OK);
    assert_eq!(exchange(&first, callback.as_str()).await, StatusCode::BAD_REQUEST);
    assert_eq!(exchange(&code().await, "http://127.0.0.1:9/").await, StatusCode::BAD_REQUEST);
    let late = code().await;
    world.let_minutes_pass(1);
    assert_eq!(exchange(&late, callback.as_str()).await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_token_of_the_built_in_page_is_refreshed_when_it_has_expired() {
    let (world, return_page) = program(|it| it.access_token = Duration::from_secs(120)).await;
    world.core.add_built_in_provider("demo").await.unwrap();
    let url = begin(&world, "demo", &return_page).await;
    let arrived = world.follow(location(&decide(&world, &url, "alice").await)).await;
    assert_eq!(world.open(arrived.as_str()).await.status(), StatusCode::OK);
    let token = async || {
        let call = world.ask("alice", &["profile"]).await.resource_credential_provider_name("demo");
        let answer = call.resource_oauth2_return_url(return_page.as_str()).send().await.unwrap();
        answer.access_token().unwrap().to_owned()
    };
    let first = token().await;
    assert_eq!(token().await, first);
    world.let_minutes_pass(3);
    assert_ne!(token().await, first);
}

#[tokio::test]
async fn every_provider_sends_people_to_the_built_in_page_if_the_settings_say_so() {
    let (world, return_page) = program(|it| it.consents_here = true).await;
    let definition = json!({
        "name": "anything", "credentialProviderVendor": "CustomOauth2",
        "oauth2ProviderConfigInput": { "customOauth2ProviderConfig": {
            "clientId": "c", "clientSecret": "s",
            "oauthDiscovery": {
                "discoveryUrl": "https://issuer.invalid/.well-known/openid-configuration"
            },
        } },
    });
    let (status, _) = world.control("CreateOauth2CredentialProvider", definition).await;
    assert_eq!(status, 201);
    let url = begin(&world, "anything", &return_page).await;
    let arrived = world.follow(location(&decide(&world, &url, "alice").await)).await;
    assert_eq!(world.open(arrived.as_str()).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_session_lasts_as_long_as_the_settings_say() {
    let (world, return_page) = program(|it| it.session = Duration::from_secs(60)).await;
    let url = begin(&world, PROVIDER, &return_page).await;
    world.let_minutes_pass(1);
    assert_eq!(world.open(&url).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_setup_creates_what_it_lists_and_its_errors_name_what_is_wrong() {
    let base = Url::parse("http://127.0.0.1:9").unwrap();
    let setup = json!({
        "workloadIdentities": [{ "name": "agent" }],
        "apiKeyCredentialProviders": [{ "name": "weather", "apiKey": "k" }],
        "oauth2CredentialProviders": [{
            "name": "calendar", "credentialProviderVendor": "CustomOauth2",
            "oauth2ProviderConfigInput": { "customOauth2ProviderConfig": {
                "clientId": "c", "clientSecret": "s",
                "oauthDiscovery": { "authorizationServerMetadata": {
                    "issuer": "https://issuer.example",
                    "authorizationEndpoint": "https://issuer.example/authorize",
                    "tokenEndpoint": "https://issuer.example/token",
                } },
            } },
        }],
    });
    let setup = setup.to_string();
    let core = || AgentCore::new(base.clone(), Clock::system());
    let first = core();
    let [calendar] = first.set_up(setup.as_bytes()).await.unwrap().try_into().unwrap();
    assert_eq!(calendar.authorization_endpoint.as_str(), "https://issuer.example/authorize");
    let again = first.set_up(setup.as_bytes()).await.unwrap_err();
    assert!(again.to_string().contains("'agent' already exists"), "{again}");
    let restarted = core().set_up(setup.as_bytes()).await.unwrap();
    assert_eq!(restarted[0].callback, calendar.callback, "it stays registered at the provider");
    let other = core().add_built_in_provider("other").await.unwrap();
    assert_ne!(other.callback, calendar.callback);
    let misspelt = core().set_up(br#"{"workloadIdentity": []}"#).await.unwrap_err();
    assert!(misspelt.to_string().contains("workloadIdentity"), "{misspelt}");
}
