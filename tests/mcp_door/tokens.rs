//! Whom the door believes: access tokens of the one issuer, for this audience, and nothing else (M2).

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::World;

use super::client::{Door, Kind};

const METADATA: &str = "/.well-known/oauth-protected-resource";

#[tokio::test(flavor = "multi_thread")]
async fn m21_who_brings_no_token_is_told_where_to_get_one() {
    let door = Door::open().await;
    let origin = door.world.running.addresses.application.as_str().trim_end_matches('/').to_owned();
    let refused = door.request(Method::POST, "/mcp").json(&json!({})).send().await;
    let refused = refused.expect("an answer");
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    let challenge = refused.headers()["www-authenticate"].to_str().expect("text").to_owned();
    assert_eq!(challenge, format!("Bearer resource_metadata=\"{origin}{METADATA}/mcp\""));
    assert_eq!(refused.json::<Value>().await.expect("JSON")["code"], "unauthorized");
    for path in [METADATA.to_owned(), format!("{METADATA}/mcp")] {
        let told = door.request(Method::GET, &path).send().await.expect("an answer");
        assert_eq!(told.status(), StatusCode::OK);
        let told: Value = told.json().await.expect("JSON");
        assert_eq!(told["resource"], format!("{origin}/mcp"));
        assert_eq!(told["authorization_servers"], json!([door.world.running.issuer]));
        assert_eq!(told["bearer_methods_supported"], json!(["header"]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m2_a_token_for_another_audience_of_another_issuer_or_of_another_time_is_refused() {
    let door = Door::open().await;
    let with = |claims: Value| door.token("alice", &claims);
    let forged = {
        let token = with(json!({}));
        let (head, _) = token.rsplit_once('.').expect("a signature");
        format!("{head}.{}", "A".repeat(86))
    };
    for (what, token) in [
        ("the pages' audience", with(json!({ "aud": local::environment::OIDC_CLIENT_ID }))),
        ("another audience", with(json!({ "aud": "https://other.example" }))),
        ("another issuer", with(json!({ "iss": "https://issuer.example" }))),
        ("expired", with(json!({ "exp": 1 }))),
        ("no expiry", with(json!({ "exp": null }))),
        ("not yet", with(json!({ "nbf": 99_999_999_999_u64 }))),
        ("bound to a key", with(json!({ "cnf": { "jkt": "x" } }))),
        ("forged", forged),
        ("nothing", String::new()),
    ] {
        let request = door.request(Method::POST, "/mcp").bearer_auth(&token).json(&json!({}));
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{what}");
        let challenge = answer.headers()["www-authenticate"].to_str().expect("text");
        assert!(challenge.contains("error=\"invalid_token\""), "{what}: {challenge}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m2_neither_a_session_nor_a_load_balancers_header_counts_at_the_door() {
    let door = Door::open().await;
    let alice = door.world.browser_of("alice").await;
    let signed_in = alice.request(Method::POST, "/mcp").header("sec-fetch-site", "same-origin");
    let answer = signed_in.json(&json!({})).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "a session");

    // Straight to the workload, where nothing takes a forged header away.
    let event = local::events::all().into_iter().find(|it| it.file == "invoke-hello.json");
    let event = event.expect("an event").json;
    let data =
        event["multiValueHeaders"]["x-amzn-oidc-data"][0].as_str().expect("a token").to_owned();
    let address = door.world.running.addresses.invoke.join("/mcp").expect("an address");
    let request = reqwest::Client::new().post(address).header("x-amzn-oidc-data", data);
    let answer = request.json(&json!({})).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "a header");

    // And a token of the door's counts nowhere else.
    let client = door.client(Kind::WithLinks, "alice").await;
    assert!(client.result("tools/list", json!({})).await.is_ok());
    let token = door.token("alice", &json!({}));
    let request = door.request(Method::GET, "/sessions").bearer_auth(&token);
    assert_eq!(request.send().await.expect("an answer").status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn m21_a_page_of_another_site_can_not_call_and_other_methods_are_not_there() {
    let door = Door::open().await;
    let client = door.client(Kind::WithLinks, "alice").await;
    for (name, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        let request = client.request("tools/list", json!({})).header(name, value);
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{name}");
    }
    for method in [Method::GET, Method::DELETE] {
        let answer = door.request(method, "/mcp").send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m21_there_is_no_door_unless_an_audience_is_configured() {
    let door = Door::of(World::in_process().await);
    let alice = door.world.browser_of("alice").await;
    let confirm = alice.request(Method::GET, "/confirm?call=x").send().await.expect("an answer");
    assert_eq!(confirm.status(), StatusCode::NOT_FOUND);
    let token = door.token("alice", &json!({}));
    let call = door.request(Method::POST, "/mcp").bearer_auth(token).json(&json!({})).send().await;
    assert_eq!(call.expect("an answer").status(), StatusCode::NOT_FOUND);
    let metadata = door.request(Method::GET, METADATA).send().await.expect("an answer");
    assert_eq!(metadata.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn m21_the_limits_and_the_allowed_claim_count_at_the_door() {
    let door = Door::with(tests::Setup::default().with("ALLOW_CLAIM", "groups=engineering")).await;
    for (groups, status) in [("engineering", StatusCode::OK), ("sales", StatusCode::FORBIDDEN)] {
        let token = door.token("alice", &json!({ "groups": [groups] }));
        let client = door.client_with(Kind::WithLinks, token);
        let answer = client.request("tools/list", json!({})).send().await.expect("an answer");
        assert_eq!(answer.status(), status, "{groups}");
    }
}
