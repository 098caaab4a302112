//! Which requests are refused, and with which errors.

use aws_sdk_bedrockagentcore::types::Oauth2FlowType;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::world::{SIGNED, WORKLOAD, World, outcome, query};

#[tokio::test]
async fn flows_other_than_user_federation_are_refused() {
    let world = World::new().await;
    for other in [Oauth2FlowType::M2M, Oauth2FlowType::OnBehalfOfTokenExchange] {
        let call = world.ask("alice", &["repo"]).await.oauth2_flow(other);
        let (name, message) = outcome(call.send().await).err().unwrap();
        assert_eq!(name, "ValidationException");
        assert!(message.contains("no oauth2Flow but USER_FEDERATION"), "{message}");
    }
}

#[tokio::test]
async fn a_return_url_has_to_be_registered() {
    let world = World::new().await;
    let wrong = "http://127.0.0.1:9/elsewhere".to_owned();
    for url in [Some(wrong), None] {
        let call = world.ask("alice", &["repo"]).await.set_resource_oauth2_return_url(url);
        let (name, message) = outcome(call.send().await).err().unwrap();
        assert_eq!(name, "ValidationException");
        assert!(message.contains("ResourceOauth2ReturnUrl"), "{message}");
    }
}

#[tokio::test]
async fn an_unknown_name_is_not_found() {
    let world = World::new().await;
    let call = world.ask("alice", &["repo"]).await.resource_credential_provider_name("gitlab");
    assert_eq!(outcome(call.send().await).err().unwrap().0, "ResourceNotFoundException");
    let call = world.sdk.get_workload_access_token().workload_name("nobody");
    assert_eq!(outcome(call.send().await).err().unwrap().0, "ResourceNotFoundException");
}

#[tokio::test]
async fn a_workload_without_a_user_gets_no_users_token() {
    let world = World::new().await;
    let call = world.sdk.get_workload_access_token().workload_name(WORKLOAD);
    let token = call.send().await.unwrap().workload_access_token().to_owned();
    let (name, _) = outcome(world.ask_with(token, &["repo"]).send().await).err().unwrap();
    assert_eq!(name, "ValidationException");
    let unknown = outcome(world.ask_with("guess".to_owned(), &["repo"]).send().await);
    assert_eq!(unknown.err().unwrap().0, "UnauthorizedException");
}

#[tokio::test]
async fn a_request_that_is_not_signed_for_this_service_is_refused() {
    let world = World::new().await;
    let body = json!({ "workloadName": WORKLOAD, "userId": "alice" });
    let of_another = SIGNED.replace("bedrock-agentcore", "bedrock");
    for (authorization, error) in [
        ("Bearer token", "MissingAuthenticationTokenException"),
        ("AWS4-HMAC-SHA256 Credential=KEY", "IncompleteSignatureException"),
        (of_another.as_str(), "InvalidSignatureException"),
    ] {
        let answer = world.post("GetWorkloadAccessTokenForUserId", authorization, &body).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{authorization}");
        assert_eq!(answer.headers()["x-amzn-errortype"], error);
        assert!(!answer.headers()["x-amzn-requestid"].is_empty());
        assert!(answer.json::<Value>().await.unwrap()["message"].is_string());
    }
    let answer = world.post("GetWorkloadAccessTokenForUserId", SIGNED, &body).await;
    assert_eq!(answer.status(), StatusCode::OK, "the signature itself is not verified");
    assert!(!answer.headers()["x-amzn-requestid"].is_empty());
}

#[tokio::test]
async fn an_unknown_operation_is_an_unknown_operation_exception() {
    let world = World::new().await;
    let answer = world.post("GetResourceApiKey", SIGNED, &json!({})).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert_eq!(answer.headers()["x-amzn-errortype"], "UnknownOperationException");
}

#[tokio::test]
async fn the_limits_of_the_service_model_hold() {
    let world = World::new().await;
    let for_user = |workload: &str, user: &str| {
        ("GetWorkloadAccessTokenForUserId", json!({ "workloadName": workload, "userId": user }))
    };
    let complete = |user: Value, session: &str| {
        let body = json!({ "userIdentifier": user, "sessionUri": session });
        ("CompleteResourceTokenAuth", body)
    };
    let session = "urn:ietf:params:oauth:request_uri:abc";
    let long = "u".repeat(129);
    let cases = [
        for_user("ab", "alice"),
        for_user("work load", "alice"),
        for_user(WORKLOAD, ""),
        for_user(WORKLOAD, &long),
        ("GetWorkloadAccessTokenForUserId", json!({ "workloadName": WORKLOAD })),
        ("GetWorkloadAccessTokenForJWT", json!({ "workloadName": WORKLOAD, "userToken": "a.b" })),
        complete(json!({ "userId": "alice", "userToken": "a.b.c" }), session),
        complete(json!({}), session),
        complete(json!({ "userId": "alice" }), "urn:something:else"),
        complete(json!({ "userId": "alice" }), "urn:ietf:params:oauth:request_uri:"),
        ("CreateWorkloadIdentity", json!({ "name": "x" })),
        ("ListWorkloadIdentities", json!({ "maxResults": 21 })),
    ];
    for (operation, body) in cases {
        let answer = world.post(operation, SIGNED, &body).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{operation} {body}");
        assert_eq!(answer.headers()["x-amzn-errortype"], "ValidationException");
    }
}

#[tokio::test]
async fn a_validation_error_has_the_reason_that_its_model_requires() {
    let world = World::new().await;
    let url = world.base.join("identities/GetWorkloadAccessToken").unwrap();
    for (body, reason) in [("{", "CannotParse"), ("{}", "FieldValidationFailed")] {
        let request = world.browser.post(url.clone()).header("authorization", SIGNED);
        let answer = request.body(body).send().await.unwrap();
        assert_eq!(answer.headers()["x-amzn-errortype"], "ValidationException");
        assert_eq!(answer.json::<Value>().await.unwrap()["reason"], reason, "{body}");
    }
}

#[tokio::test]
async fn the_limits_of_a_token_request_hold() {
    let world = World::new().await;
    let token = world.workload_token("alice").await;
    let good = json!({
        "workloadIdentityToken": token, "resourceCredentialProviderName": "github",
        "scopes": ["repo"], "oauth2Flow": "USER_FEDERATION",
        "resourceOauth2ReturnUrl": super::world::RETURN_URL,
    });
    assert_eq!(world.post("oauth2/token", SIGNED, &good).await.status(), StatusCode::OK);
    for (member, value) in [
        ("workloadIdentityToken", json!("")),
        ("resourceCredentialProviderName", json!("git hub")),
        ("scopes", json!([""])),
        ("scopes", json!(["s".repeat(129)])),
        ("scopes", Value::Null),
        ("oauth2Flow", json!("PASSWORD")),
        ("resourceOauth2ReturnUrl", json!("nowhere")),
        ("customState", json!("s".repeat(4_097))),
        ("customState", json!("")),
        ("customParameters", json!({ "a b": "c" })),
        ("customParameters", json!({ "a": "" })),
        ("sessionUri", json!("urn:something:else")),
        ("audiences", json!(["api"])),
        ("resources", json!(["https://api.example"])),
    ] {
        let mut wrong = good.clone();
        wrong[member] = value;
        let answer = world.post("oauth2/token", SIGNED, &wrong).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{member}");
        assert_eq!(answer.headers()["x-amzn-errortype"], "ValidationException");
        assert!(!answer.text().await.unwrap().contains(token.as_str()));
    }
}

#[tokio::test]
async fn a_provider_that_is_down_does_not_use_up_the_code() {
    let world = World::new().await;
    let gone = "http://127.0.0.1:1/".parse().unwrap();
    let callback = world.core.create_github_provider("gone", "app", "secret", &gone);
    let call = world.ask("alice", &["repo"]).await.resource_credential_provider_name("gone");
    let flow = super::world::flow(&call.send().await.unwrap());
    let state = &query(&world.follow(&flow.authorization_url).await)["state"];
    world.follow(&format!("{callback}?code=code&state={state}")).await;
    let body = json!({ "userIdentifier": { "userId": "alice" }, "sessionUri": flow.session_uri });
    for _ in 0..2 {
        let answer = world.post("CompleteResourceTokenAuth", SIGNED, &body).await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(answer.headers()["x-amzn-errortype"], "InternalServerException");
    }
}
