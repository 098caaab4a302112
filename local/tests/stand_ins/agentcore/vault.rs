//! Which tokens are stored, for which user, and when a person is asked again.

use agentcore_local::GrantLookup;
use aws_sdk_bedrockagentcore::types::UserIdentifier;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

use super::world::{RETURN_URL, WORKLOAD, World, flow, outcome, user_id};

#[tokio::test]
async fn every_user_has_tokens_of_their_own() {
    let world = World::new().await;
    let alice = world.connect("alice", "octo-alice", &["repo"]).await;
    flow(&world.ask("bob", &["repo"]).await.send().await.unwrap());
    let bob = world.connect("bob", "octo-bob", &["repo"]).await;
    assert_eq!(world.login(&alice).await, "octo-alice");
    assert_eq!(world.login(&bob).await, "octo-bob");
}

#[tokio::test]
async fn every_workload_has_tokens_of_its_own() {
    let world = World::new().await;
    world.connect("alice", "octo-alice", &["repo"]).await;
    world.core.create_workload_identity("another", &[RETURN_URL.parse().unwrap()]);
    let call = world.sdk.get_workload_access_token_for_user_id();
    let answer = call.workload_name("another").user_id("alice").send().await.unwrap();
    let call = world.ask_with(answer.workload_access_token().to_owned(), &["repo"]);
    flow(&call.send().await.unwrap());
}

#[tokio::test]
async fn a_token_with_fewer_scopes_begins_another_consent() {
    let world = World::with(GrantLookup::ByScopes).await;
    let stored = world.connect("alice", "octo-alice", &["read:user", "repo"]).await;
    let fewer = world.ask("alice", &["repo"]).await.send().await.unwrap();
    assert_eq!(fewer.access_token(), Some(stored.as_str()));
    flow(&world.ask("alice", &["repo", "gist"]).await.send().await.unwrap());
}

#[tokio::test]
async fn a_token_with_fewer_scopes_is_returned_by_provider() {
    let world = World::with(GrantLookup::ByProvider).await;
    let stored = world.connect("alice", "octo-alice", &["read:user"]).await;
    let greater = world.ask("alice", &["repo"]).await.send().await.unwrap();
    assert_eq!(greater.access_token(), Some(stored.as_str()));
}

#[tokio::test]
async fn a_grant_is_found_by_the_whole_request_that_it_was_given_for() {
    let world = World::with(GrantLookup::ByRequest).await;
    let stored = world.connect("alice", "octo-alice", &["read:user", "repo"]).await;
    let same = world.ask("alice", &["repo", "read:user"]).await.send().await.unwrap();
    assert_eq!(same.access_token(), Some(stored.as_str()));
    flow(&world.ask("alice", &["repo"]).await.send().await.unwrap());
    let another = world.ask("alice", &["read:user", "repo"]).await;
    flow(&another.custom_parameters("prompt", "consent").send().await.unwrap());
}

#[tokio::test]
async fn a_consent_to_another_request_leaves_the_first_grant_where_it_is() {
    let world = World::with(GrantLookup::ByRequest).await;
    let first = world.connect("alice", "octo-alice", &["read:user"]).await;
    let second = world.connect("alice", "octo-alice", &["repo"]).await;
    assert_ne!(first, second);
    for (scopes, token) in [("read:user", first), ("repo", second)] {
        let answer = world.ask("alice", &[scopes]).await.send().await.unwrap();
        assert_eq!(answer.access_token(), Some(token.as_str()));
    }
}

#[tokio::test]
async fn scopes_that_the_provider_normalizes_away_are_not_asked_for_again() {
    let world = World::with(GrantLookup::ByScopes).await;
    let stored = world.connect("alice", "octo-alice", &["repo", "public_repo"]).await;
    let again = world.ask("alice", &["public_repo"]).await.send().await.unwrap();
    assert_eq!(again.access_token(), Some(stored.as_str()));
}

#[tokio::test]
async fn force_authentication_begins_a_flow_although_a_token_is_stored() {
    let world = World::new().await;
    let first = world.connect("alice", "octo-alice", &["repo"]).await;
    let forced = world.ask("alice", &["repo"]).await.force_authentication(true);
    let forced = flow(&forced.send().await.unwrap());
    let stored = world.ask("alice", &["repo"]).await.send().await.unwrap();
    assert_eq!(stored.access_token(), Some(first.as_str()), "until the new one is completed");
    world.decide(&forced, "octo-bob", "authorize").await;
    world.complete(&forced.session_uri, user_id("alice")).await.unwrap();
    let stored = world.ask("alice", &["repo"]).await.send().await.unwrap();
    assert_eq!(world.login(stored.access_token().unwrap()).await, "octo-bob");
}

/// A JWT without a valid signature.
fn jwt(claims: &serde_json::Value) -> String {
    let segment = |json: &serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
    format!("{}.{}.AAAA", segment(&json!({ "alg": "ES256" })), segment(claims))
}

#[tokio::test]
async fn a_person_with_a_jwt_completes_with_that_very_jwt_and_keeps_the_token() {
    let world = World::new().await;
    let first = jwt(&json!({ "iss": "i", "sub": "alice", "exp": 4_000_000_000_u64 }));
    let fresh = jwt(&json!({ "iss": "i", "sub": "alice", "exp": 4_000_000_001_u64 }));
    let ask = async |jwt: &str| {
        let call = world.sdk.get_workload_access_token_for_jwt();
        let answer = call.workload_name(WORKLOAD).user_token(jwt).send().await.unwrap();
        let call = world.ask_with(answer.workload_access_token().to_owned(), &["repo"]);
        call.send().await.unwrap()
    };
    let begun = flow(&ask(&first).await);
    world.decide(&begun, "octo-alice", "authorize").await;
    let token = |jwt: &str| UserIdentifier::UserToken(jwt.to_owned());
    assert!(world.complete(&begun.session_uri, token(&fresh)).await.is_err());
    assert!(world.complete(&begun.session_uri, user_id("alice")).await.is_err());
    world.complete(&begun.session_uri, token(&first)).await.unwrap();
    assert!(ask(&fresh).await.access_token().is_some(), "the vault knows the person");
    flow(&world.ask("alice", &["repo"]).await.send().await.unwrap());
}

#[tokio::test]
async fn an_expired_jwt_is_unauthorized() {
    let world = World::new().await;
    let old = jwt(&json!({ "iss": "i", "sub": "alice", "exp": 1 }));
    let call = world.sdk.get_workload_access_token_for_jwt();
    let answer = outcome(call.workload_name(WORKLOAD).user_token(old).send().await);
    assert_eq!(answer.err().unwrap().0, "UnauthorizedException");
}

#[tokio::test]
async fn a_workload_access_token_lasts_fifteen_minutes() {
    let world = World::new().await;
    let token = world.workload_token("alice").await;
    world.let_minutes_pass(14);
    flow(&world.ask_with(token.clone(), &["repo"]).send().await.unwrap());
    world.let_minutes_pass(1);
    let (name, _) = outcome(world.ask_with(token, &["repo"]).send().await).err().unwrap();
    assert_eq!(name, "UnauthorizedException");
}

#[tokio::test]
async fn force_authentication_while_polling_begins_another_flow() {
    let world = World::new().await;
    let begun = world.begin("alice", &["repo"]).await;
    let poll = world.ask("alice", &["repo"]).await.session_uri(&begun.session_uri);
    let forced = flow(&poll.force_authentication(true).send().await.unwrap());
    assert_ne!(forced.session_uri, begun.session_uri);
}

#[tokio::test]
async fn debug_output_contains_no_secret() {
    let world = World::new().await;
    world.connect("alice", "octo-alice", &["repo"]).await;
    let shown = format!("{:?}", world.core);
    assert!(!shown.contains("gho_") && !shown.contains("secret"), "{shown}");
}
