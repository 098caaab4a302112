//! Pages and documents (M3, M16).

use std::time::Duration;

use local::options::Platform;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tests::{Fate, Gate, Setup, Time, World};

/// What a Lambda function behind an Application Load Balancer can answer.
const LIMIT: usize = 1_048_576;
const FILES: [&str; 5] =
    ["", "swagger-ui.css", "swagger-ui-bundle.js", "index.css", "swagger-initializer.js"];

async fn the_documentation_is_complete(platform: Platform) {
    let world = World::on(platform).await;
    let alice = world.browser_of("alice").await;
    for file in FILES {
        let answer = alice.request(Method::GET, &format!("/docs/{file}")).send().await;
        let answer = answer.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "/docs/{file}");
        let policy = answer.headers()["content-security-policy"].to_str().expect("a policy");
        assert!(policy.contains("default-src 'none'"), "{policy}");
        let body = answer.bytes().await.expect("a body");
        // As Lambda sends it: in base64, within JSON.
        assert!(body.len() * 4 / 3 < LIMIT - 4_096, "/docs/{file} has {} bytes", body.len());
    }
    let document = alice.request(Method::GET, "/openapi.json").send().await.expect("an answer");
    let document: Value = document.json().await.expect("JSON");
    assert!(document["paths"]["/invocations"]["post"]["responses"]["503"].is_object());
    let request = &document["components"]["schemas"]["InvocationRequest"]["properties"];
    assert!(request["sessionId"].is_object() && request["message"].is_object(), "{request}");
    world.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m16_the_documentation_is_complete_in_one_process() {
    the_documentation_is_complete(Platform::InProcess).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m16_the_documentation_passes_through_lambda() {
    the_documentation_is_complete(Platform::Lambda).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m16_no_page_names_another_site() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    for path in [
        "/",
        "/c/any",
        "/docs/",
        "/docs/swagger-initializer.js",
        "/oauth2/session-binding?result=connected",
    ] {
        let answer = alice.request(Method::GET, path).send().await.expect("an answer");
        let headers = answer.headers().clone();
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
        let policy = headers["content-security-policy"].to_str().expect("a policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        let text = answer.text().await.expect("a page");
        for elsewhere in ["src=\"http", "href=\"http", "src=\"//", "validator.swagger.io"] {
            assert!(!text.contains(elsewhere), "{path} names another site: {elsewhere}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_the_browser_cookie_is_kept_from_scripts_and_given_once() {
    let world = World::in_process().await;
    let alice = world.browser();
    let page = world.sign_in(&alice, "alice").await;
    let cookie = page.headers["set-cookie"].to_str().expect("a cookie");
    for attribute in ["countersign=", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"] {
        assert!(cookie.contains(attribute), "{attribute} is missing: {cookie}");
    }
    let again = alice.open(world.running.addresses.application.as_str()).await;
    assert!(again.headers.get("set-cookie").is_none(), "a valid secret is not rotated");
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_page_asked_for_under_another_name_is_sent_to_its_own() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let request = alice.request(Method::GET, "/").header("host", "127.0.0.1:1");
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(answer.headers()["location"], world.running.addresses.application.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_ping_needs_no_sign_in() {
    let world = World::in_process().await;
    for target in [&world.running.addresses.invoke, &world.running.addresses.bind_session] {
        let ping = target.join("/ping").expect("an address");
        let answer = reqwest::get(ping.clone()).await;
        let health: Value = answer.expect("an answer").json().await.expect("JSON");
        assert_eq!(health["status"], "Healthy");
        let answer = reqwest::Client::new().post(ping).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.headers()["allow"], "GET, HEAD");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_ping_says_that_turns_are_at_work_and_when_that_last_changed() {
    let time = Time::default();
    let setup = Setup { clock: time.clock(), ..Setup::default() };
    let (world, proxies) = World::proxied(setup).await;
    let ping = async || {
        let address = world.running.addresses.invoke.join("/ping").expect("an address");
        let health: Value =
            reqwest::get(address).await.expect("an answer").json().await.expect("JSON");
        let since = health["time_of_last_update"].as_u64().expect("a time");
        (health["status"].as_str().expect("a status").to_owned(), since)
    };
    let (idle, started) = ping().await;
    let alice = world.browser_of("alice").await;
    let gate = Gate::closed();
    let waits = gate.clone();
    proxies.bedrock.rule(move |_| Fate::Waits(waits.clone()));
    time.let_pass(Duration::from_secs(100));
    let turn = tokio::spawn(async move { alice.say("s", "Hello!").await });
    gate.reached().await;
    let (busy, begun) = ping().await;
    assert_eq!((idle.as_str(), busy.as_str()), ("Healthy", "HealthyBusy"));
    assert!(begun >= started + 100, "{started} {begun}");
    time.let_pass(Duration::from_secs(100));
    assert_eq!(ping().await.1, begun, "nothing has changed since");
    gate.open();
    assert_eq!(turn.await.expect("a turn").0, StatusCode::OK);
    let (idle, ended) = ping().await;
    assert_eq!(idle, "Healthy");
    assert!(ended >= begun + 100, "{begun} {ended}");
}

/// The addresses of the files that the chat page names.
fn assets(page: &str) -> Vec<String> {
    let named = page.split('"').filter(|part| part.starts_with("/assets/"));
    named.map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn m16_the_page_of_a_conversation_is_the_same_at_every_address_and_its_files_are_kept() {
    for platform in [Platform::InProcess, Platform::Lambda] {
        let world = World::on(platform).await;
        let alice = world.browser_of("alice").await;
        let get =
            async |path: &str| alice.request(Method::GET, path).send().await.expect("an answer");
        let page = get("/").await.text().await.expect("a page");
        assert_eq!(get("/c/a-conversation").await.text().await.expect("a page"), page);
        let files = assets(&page);
        assert_eq!(files.len(), 2, "a style and a script: {files:?}");
        for file in files {
            let answer = get(&file).await;
            let kept = answer.headers()["cache-control"].to_str().expect("text").to_owned();
            assert!(kept.contains("immutable"), "{file}: {kept}");
        }
        for unknown in ["/c/", "/c/two/parts", "/c/not%20an%20id", "/assets/x/other.js"] {
            assert_eq!(get(unknown).await.status(), StatusCode::NOT_FOUND, "{unknown}");
        }
        world.running.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m16_a_browser_that_has_the_documentation_is_not_sent_it_again() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let ask = async |tag: &str| {
        let request = alice.request(Method::GET, "/docs/swagger-ui-bundle.js");
        request.header("if-none-match", tag).send().await.expect("an answer")
    };
    let first = ask("\"another\"").await;
    assert_eq!(first.status(), StatusCode::OK);
    let tag = first.headers()["etag"].to_str().expect("a tag").to_owned();
    let again = ask(&tag).await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert!(again.bytes().await.expect("a body").is_empty());
    assert_eq!(ask(&format!("W/{tag}, \"x\"")).await.status(), StatusCode::NOT_MODIFIED);
}
