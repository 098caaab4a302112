//! A person consents or declines.

use agentcore_local::GrantLookup;
use aws_sdk_bedrockagentcore::types::{SessionStatus, UserIdentifier};
use reqwest::StatusCode;

use super::world::{World, flow, outcome, query, user_id};

fn session_error() -> (String, String) {
    ("AccessDeniedException".to_owned(), "Invalid or expired session".to_owned())
}

#[tokio::test]
async fn a_person_consents_and_the_workload_gets_their_token() {
    let world = World::new().await;
    let token = world.connect("alice", "octo-alice", &["read:user"]).await;
    assert!(token.starts_with("gho_"));
    assert_eq!(world.login(&token).await, "octo-alice");
}

#[tokio::test]
async fn the_first_response_has_an_authorization_url_and_a_session() {
    let world = World::new().await;
    let answer = world.ask("alice", &["repo"]).await.send().await.unwrap();
    assert_eq!(answer.session_status(), Some(&SessionStatus::InProgress));
    let flow = flow(&answer);
    let id = flow.session_uri.strip_prefix("urn:ietf:params:oauth:request_uri:").unwrap();
    assert_eq!(id.len(), 43, "32 bytes in base64url");
    let url = flow.authorization_url.parse().unwrap();
    assert_eq!(query(&url)["request_uri"], flow.session_uri);
    assert!(flow.authorization_url.starts_with(world.base.as_str()));
}

#[tokio::test]
async fn the_provider_is_asked_for_the_scopes_with_the_custom_parameters() {
    let world = World::new().await;
    let call = world.ask("alice", &["repo", "read:user"]).await;
    let call = call.custom_parameters("prompt", "select_account");
    let call = call.custom_parameters("client_id", "another");
    let begun = flow(&call.send().await.unwrap());
    let provider = world.follow(&begun.authorization_url).await;
    assert!(provider.as_str().starts_with(world.github.as_str()));
    let query = query(&provider);
    assert_eq!(query["client_id"], "app", "a custom parameter overrides nothing");
    assert_eq!(query["prompt"], "select_account");
    assert_eq!(query["scope"], "repo read:user");
    assert!(query["redirect_uri"].contains("/identities/oauth2/callback/"));
    assert_eq!(provider.query_pairs().filter(|(name, _)| name == "client_id").count(), 1);
}

#[tokio::test]
async fn the_redirect_to_the_application_has_the_session_and_the_custom_state() {
    let world = World::new().await;
    let flow = world.begin("alice", &["repo"]).await;
    let arrived = query(&world.decide(&flow, "octo-alice", "authorize").await);
    assert_eq!(arrived["from"], "here", "the return URL's own query is kept");
    assert_eq!(arrived["session_id"], flow.session_uri);
    assert_eq!(arrived["state"], "nonce");
    assert!(!arrived.contains_key("code") && !arrived.contains_key("error"));
}

#[tokio::test]
async fn a_declined_consent_fails_the_session() {
    let world = World::new().await;
    let flow = world.begin("alice", &["repo"]).await;
    let arrived = query(&world.decide(&flow, "octo-alice", "cancel").await);
    assert_eq!(arrived["error"], "access_denied");
    assert_eq!(arrived["session_id"], flow.session_uri);
    assert_eq!(arrived["state"], "nonce");
    let completed = world.complete(&flow.session_uri, user_id("alice")).await;
    assert_eq!(completed, Err(session_error()));
    let poll = world.ask("alice", &["repo"]).await.session_uri(&flow.session_uri);
    let answer = poll.send().await.unwrap();
    assert_eq!(answer.session_status(), Some(&SessionStatus::Failed));
    assert_eq!(answer.authorization_url(), None);
}

#[tokio::test]
async fn consent_alone_gives_no_token_until_the_session_is_completed() {
    let world = World::new().await;
    let flow = world.begin("alice", &["repo"]).await;
    world.decide(&flow, "octo-alice", "authorize").await;
    let poll = || async { world.ask("alice", &["repo"]).await.session_uri(&flow.session_uri) };
    let waiting = poll().await.send().await.unwrap();
    assert_eq!(waiting.session_status(), Some(&SessionStatus::InProgress));
    assert_eq!(waiting.access_token(), None);
    world.complete(&flow.session_uri, user_id("alice")).await.unwrap();
    assert!(poll().await.send().await.unwrap().access_token().is_some());
}

#[tokio::test]
async fn only_the_identity_that_began_a_session_completes_it() {
    let world = World::new().await;
    let flow = world.begin("alice", &["repo"]).await;
    world.decide(&flow, "octo-alice", "authorize").await;
    let token = UserIdentifier::UserToken("a.b.c".to_owned());
    for other in [user_id("bob"), user_id("Alice"), token] {
        assert_eq!(world.complete(&flow.session_uri, other).await, Err(session_error()));
    }
    assert_eq!(world.complete(&flow.session_uri, user_id("alice")).await, Ok(()));
}

#[tokio::test]
async fn a_session_is_completed_once() {
    let world = World::new().await;
    let flow = world.begin("alice", &["repo"]).await;
    world.decide(&flow, "octo-alice", "authorize").await;
    let both = tokio::join!(
        world.complete(&flow.session_uri, user_id("alice")),
        world.complete(&flow.session_uri, user_id("alice")),
    );
    assert!(both.0.is_ok() != both.1.is_ok(), "{both:?}");
    assert_eq!(world.complete(&flow.session_uri, user_id("alice")).await, Err(session_error()));
}

#[tokio::test]
async fn a_session_without_consent_or_unknown_can_not_be_completed() {
    let world = World::new().await;
    let begun = world.begin("alice", &["repo"]).await.session_uri;
    let at_provider = world.begin("alice", &["repo"]).await;
    world.follow(&at_provider.authorization_url).await;
    let unknown = "urn:ietf:params:oauth:request_uri:unknown".to_owned();
    for session in [begun, at_provider.session_uri, unknown] {
        assert_eq!(world.complete(&session, user_id("alice")).await, Err(session_error()));
    }
}

#[tokio::test]
async fn a_session_lasts_ten_minutes() {
    let world = World::new().await;
    for (minutes, good) in [(10, false), (9, true)] {
        let flow = world.begin("alice", &["repo"]).await;
        world.decide(&flow, "octo-alice", "authorize").await;
        world.let_minutes_pass(minutes);
        let completed = world.complete(&flow.session_uri, user_id("alice")).await;
        assert_eq!(completed.is_ok(), good, "after {minutes} minutes");
    }
    let expired = world.begin("bob", &["repo"]).await;
    world.let_minutes_pass(10);
    assert_eq!(world.open(&expired.authorization_url).await.status(), StatusCode::BAD_REQUEST);
    let poll = world.ask("bob", &["repo"]).await.session_uri(&expired.session_uri);
    let answer = poll.send().await.unwrap();
    assert_eq!(answer.session_status(), Some(&SessionStatus::Failed));
}

#[tokio::test]
async fn an_authorization_address_is_used_once() {
    let world = World::new().await;
    let flow = world.begin("alice", &["repo"]).await;
    world.follow(&flow.authorization_url).await;
    let again = world.open(&flow.authorization_url).await;
    assert_eq!(again.status(), StatusCode::BAD_REQUEST);
    let page = again.text().await.unwrap();
    assert!(page.contains("<title>Stand-in for AgentCore Identity</title>"));
}

#[tokio::test]
async fn a_callback_is_used_once_and_belongs_to_its_provider() {
    let world = World::new().await;
    let other = world.core.create_github_provider("other", "other-app", "secret", &world.github);
    let flow = world.begin("alice", &["repo"]).await;
    let provider = query(&world.follow(&flow.authorization_url).await);
    let at = |callback: &str| format!("{callback}?code=guess&state={}", provider["state"]);
    assert_eq!(world.open(&at(other.as_str())).await.status(), StatusCode::BAD_REQUEST);
    let own = at(&provider["redirect_uri"]);
    world.follow(&own).await;
    assert_eq!(world.open(&own).await.status(), StatusCode::BAD_REQUEST);
    // The provider does not know that code, so the session fails for good.
    let (name, message) = world.complete(&flow.session_uri, user_id("alice")).await.err().unwrap();
    assert_eq!(name, "ValidationException");
    assert!(message.starts_with("Error parsing"), "{message}");
    assert_eq!(world.complete(&flow.session_uri, user_id("alice")).await, Err(session_error()));
}

#[tokio::test]
async fn a_session_of_another_person_or_another_request_can_not_be_polled() {
    for lookup in [GrantLookup::ByRequest, GrantLookup::ByScopes, GrantLookup::ByProvider] {
        let world = World::with(lookup).await;
        let flow = world.begin("alice", &["repo"]).await;
        for (user, scopes) in [("bob", ["repo"]), ("alice", ["read:user"])] {
            let poll = world.ask(user, &scopes).await.session_uri(&flow.session_uri);
            let (name, _) = outcome(poll.send().await).err().unwrap();
            assert_eq!(name, "AccessDeniedException", "{user}, {scopes:?}");
        }
    }
}
