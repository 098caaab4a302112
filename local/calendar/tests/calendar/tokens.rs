//! The token endpoint and the metadata.

use std::time::Duration;

use super::harness::{ALICE, APP, CALLBACK, World, answer, valid_request, with};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const TEN_MINUTES: Duration = Duration::from_secs(10 * 60);
const NINETY_DAYS: Duration = Duration::from_secs(90 * 24 * 60 * 60);
const SECOND: Duration = Duration::from_secs(1);

fn refresh(token: &str) -> [(&str, &str); 2] {
    [("grant_type", "refresh_token"), ("refresh_token", token)]
}

/// Encodes a secret for the header, which is as in a form (RFC 6749, section 2.3.1).
fn encoded(secret: &str) -> String {
    form_urlencoded::byte_serialize(secret.as_bytes()).collect()
}

#[tokio::test]
async fn the_metadata_name_the_endpoints_below_the_issuer() {
    let world = World::new().await;
    let path = world.at(".well-known/oauth-authorization-server");
    let (_, metadata) = answer(world.browser.get(path)).await;
    let issuer = metadata["issuer"].as_str().unwrap();
    assert_eq!(format!("{issuer}/"), world.address.as_str());
    assert_eq!(metadata["authorization_endpoint"], format!("{issuer}/authorize"));
    assert_eq!(metadata["token_endpoint"], format!("{issuer}/token"));
    assert_eq!(metadata["code_challenge_methods_supported"][0], "S256");
}

#[tokio::test]
async fn a_code_gives_tokens_for_what_was_consented_to() {
    let world = World::new().await;
    let tokens = world.tokens(ALICE, "events.write events.read").await;
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 3600);
    assert_eq!(tokens["scope"], "events.read events.write");
    assert!(tokens["access_token"].is_string() && tokens["refresh_token"].is_string());
}

#[tokio::test]
async fn an_app_proves_who_it_is_in_the_header_too() {
    let world = World::new().await;
    let code = world.consent(&valid_request(), ALICE).await;
    let form = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", CALLBACK)];
    let request = || world.browser.post(world.at("token")).form(&form);
    let secret = encoded(APP.1);
    let (status, wrong) = answer(request().basic_auth(APP.0, Some("wrong"))).await;
    assert_eq!((status, &wrong["error"]), (401, &"invalid_client".into()));
    let response = request().basic_auth(APP.0, Some("wrong")).send().await.unwrap();
    assert!(response.headers()["www-authenticate"].to_str().unwrap().starts_with("Basic"));
    let response = request().basic_auth(APP.0, Some(secret)).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["cache-control"], "no-store");
}

#[tokio::test]
async fn an_app_that_does_not_prove_who_it_is_gets_nothing() {
    let world = World::new().await;
    let code = world.consent(&valid_request(), ALICE).await;
    let code = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", CALLBACK)];
    for client in [
        vec![],
        vec![("client_id", APP.0)],
        vec![("client_id", APP.0), ("client_secret", "wrong")],
        vec![("client_id", "another"), ("client_secret", APP.1)],
    ] {
        let form: Vec<_> = code.into_iter().chain(client).collect();
        let (status, refusal) = answer(world.browser.post(world.at("token")).form(&form)).await;
        assert_eq!((status, &refusal["error"]), (401, &"invalid_client".into()), "{form:?}");
    }
    for contradiction in [("client_secret", APP.1), ("client_id", "another")] {
        let form: Vec<_> = code.into_iter().chain([contradiction]).collect();
        let request = world.browser.post(world.at("token")).form(&form);
        let (status, refusal) = answer(request.basic_auth(APP.0, Some(encoded(APP.1)))).await;
        assert_eq!((status, &refusal["error"]), (400, &"invalid_request".into()));
    }
}

#[tokio::test]
async fn a_code_lasts_ten_minutes() {
    let world = World::new().await;
    let code = world.consent(&valid_request(), ALICE).await;
    world.pass(TEN_MINUTES - SECOND);
    assert_eq!(world.redeem(&code).await.0, 200);
    let code = world.consent(&valid_request(), ALICE).await;
    world.pass(TEN_MINUTES);
    let (status, refusal) = world.redeem(&code).await;
    assert_eq!((status, &refusal["error"]), (400, &"invalid_grant".into()));
}

#[tokio::test]
async fn a_code_that_is_used_twice_ends_the_tokens_of_its_first_use() {
    let world = World::new().await;
    let code = world.consent(&valid_request(), ALICE).await;
    let (_, tokens) = world.redeem(&code).await;
    let (status, refusal) = world.redeem(&code).await;
    assert_eq!((status, &refusal["error"]), (400, &"invalid_grant".into()));
    let (status, _) = world.token(&refresh(tokens["refresh_token"].as_str().unwrap())).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_code_of_another_app_is_refused_and_stays_valid_for_its_own() {
    let world = World::new().await;
    world.calendar.register_app("other", "secret", CALLBACK.parse().unwrap());
    let code = world.consent(&valid_request(), ALICE).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("client_id", "other"),
        ("client_secret", "secret"),
    ];
    let (status, refusal) = answer(world.browser.post(world.at("token")).form(&form)).await;
    assert_eq!((status, &refusal["error"]), (400, &"invalid_grant".into()));
    assert_eq!(world.redeem(&code).await.0, 200);
}

#[tokio::test]
async fn a_code_needs_the_redirect_of_its_request() {
    let world = World::new().await;
    let code = world.consent(&valid_request(), ALICE).await;
    let form = [("grant_type", "authorization_code"), ("code", &code)];
    let (_, refusal) = world.token(&form).await;
    assert_eq!(refusal["error"], "invalid_request");
    let (_, refusal) =
        world.token(&[form[0], form[1], ("redirect_uri", "http://127.0.0.1:9/other")]).await;
    assert_eq!(refusal["error"], "invalid_grant");
}

#[tokio::test]
async fn a_code_with_a_challenge_needs_its_verifier() {
    let world = World::new().await;
    let request = with(valid_request(), "code_challenge", CHALLENGE);
    let request = with(request, "code_challenge_method", "S256");
    for (verifier, expected) in [
        (Some(VERIFIER), 200),
        (Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl"), 400),
        (None, 400),
    ] {
        let code = world.consent(&request, ALICE).await;
        let form = [("grant_type", "authorization_code"), ("redirect_uri", CALLBACK)];
        let mut form = form.to_vec();
        form.push(("code", &code));
        form.extend(verifier.map(|verifier| ("code_verifier", verifier)));
        assert_eq!(world.token(&form).await.0, expected, "{verifier:?}");
    }
    let code = world.consent(&valid_request(), ALICE).await;
    let form = [("grant_type", "authorization_code"), ("code", &code), ("code_verifier", VERIFIER)];
    let (_, refusal) = world.token(&[form[0], form[1], form[2], ("redirect_uri", CALLBACK)]).await;
    assert_eq!(refusal["error"], "invalid_grant", "a verifier without a challenge");
}

#[tokio::test]
async fn a_refresh_token_is_used_once_and_its_second_use_ends_the_next_one() {
    let world = World::new().await;
    let first = world.tokens(ALICE, "events.read").await;
    let first = refresh(first["refresh_token"].as_str().unwrap());
    let (status, second) = world.token(&first).await;
    assert_eq!((status, &second["scope"]), (200, &"events.read".into()));
    let (status, refusal) = world.token(&first).await;
    assert_eq!((status, &refusal["error"]), (400, &"invalid_grant".into()));
    let (status, _) = world.token(&refresh(second["refresh_token"].as_str().unwrap())).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_refresh_token_of_another_app_is_refused_and_stays_valid_for_its_own() {
    let world = World::new().await;
    world.calendar.register_app("other", "secret", CALLBACK.parse().unwrap());
    let tokens = world.tokens(ALICE, "events.read").await;
    let [grant, token] = refresh(tokens["refresh_token"].as_str().unwrap());
    let form = [grant, token, ("client_id", "other"), ("client_secret", "secret")];
    let (status, refusal) = answer(world.browser.post(world.at("token")).form(&form)).await;
    assert_eq!((status, &refusal["error"]), (400, &"invalid_grant".into()));
    assert_eq!(world.token(&[grant, token]).await.0, 200);
}

#[tokio::test]
async fn a_refresh_token_that_nobody_uses_lasts_ninety_days() {
    let world = World::new().await;
    let tokens = world.tokens(ALICE, "events.read").await;
    world.pass(NINETY_DAYS - SECOND);
    let (status, tokens) = world.token(&refresh(tokens["refresh_token"].as_str().unwrap())).await;
    assert_eq!(status, 200);
    world.pass(NINETY_DAYS);
    let (status, _) = world.token(&refresh(tokens["refresh_token"].as_str().unwrap())).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_token_is_for_the_mcp_server_and_for_no_other_resource() {
    let world = World::new().await;
    let tokens = world.tokens(ALICE, "events.read").await;
    let [grant, token] = refresh(tokens["refresh_token"].as_str().unwrap());
    let (status, refusal) =
        world.token(&[grant, token, ("resource", "https://mcp.example/mcp")]).await;
    assert_eq!((status, &refusal["error"]), (400, &"invalid_target".into()));
    let resource = world.at("mcp");
    assert_eq!(world.token(&[grant, token, ("resource", resource.as_str())]).await.0, 200);
}

#[tokio::test]
async fn a_refresh_gives_no_more_than_was_granted() {
    let world = World::new().await;
    let tokens = world.tokens(ALICE, "events.read").await;
    let [grant, token] = refresh(tokens["refresh_token"].as_str().unwrap());
    let (status, refusal) = world.token(&[grant, token, ("scope", "events.write")]).await;
    assert_eq!((status, &refusal["error"]), (400, &"invalid_scope".into()));
    let (status, _) = world.token(&[grant, token, ("scope", "events.read")]).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn another_grant_type_and_a_body_that_is_no_form_are_refused() {
    let world = World::new().await;
    let (_, refusal) = world.token(&[("grant_type", "password")]).await;
    assert_eq!(refusal["error"], "unsupported_grant_type");
    let (_, refusal) = world.token(&[]).await;
    assert_eq!(refusal["error"], "invalid_request");
    let (status, refusal) =
        answer(world.browser.post(world.at("token")).json(&["grant_type"])).await;
    assert_eq!((status, &refusal["error"]), (400, &"invalid_request".into()));
}

#[tokio::test]
async fn revoked_refresh_tokens_are_refused() {
    let world = World::new().await;
    let tokens = world.tokens(ALICE, "events.read").await;
    world.calendar.revoke_all();
    let (status, _) = world.token(&refresh(tokens["refresh_token"].as_str().unwrap())).await;
    assert_eq!(status, 400);
}
