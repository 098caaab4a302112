//! The REST API.

use std::sync::atomic::Ordering::SeqCst;

use octocrab::models::{Repository, UserProfile};
use reqwest::StatusCode;
use serde_json::Value;

use super::World;

fn names(repositories: &[Repository]) -> Vec<&str> {
    repositories.iter().map(|it| it.name.as_str()).collect()
}

#[tokio::test]
async fn a_token_from_a_consent_reads_the_profile_with_octocrab() {
    let world = World::new().await;
    let octocrab = world.octocrab("octo-bob", "read:user").await;
    let user = octocrab.current().user().await.unwrap();
    assert_eq!((user.login.as_str(), *user.id), ("octo-bob", 1002));
    let profile: UserProfile = octocrab.get("/user", None::<&()>).await.unwrap();
    assert_eq!((profile.name.as_deref(), profile.public_repos), (Some("Octo Bob"), 2));
    let full: Value = octocrab.get("/user", None::<&()>).await.unwrap();
    assert_eq!(full["owned_private_repos"], 1);
}

#[tokio::test]
async fn only_a_token_with_repo_lists_private_repositories() {
    let world = World::new().await;
    let public = world.octocrab("octo-alice", "read:user").await;
    let public = public.current().list_repos_for_authenticated_user().send().await.unwrap();
    assert_eq!(names(&public.items), ["garden", "weather-station"]);
    let all = world.octocrab("octo-alice", "repo").await;
    let all = all.current().list_repos_for_authenticated_user().send().await.unwrap();
    assert_eq!(names(&all.items), ["diary", "garden", "weather-station"]);
    assert_eq!(all.items[0].private, Some(true));
}

#[tokio::test]
async fn octocrab_follows_the_pages_of_a_list() {
    let world = World::new().await;
    let octocrab = world.octocrab("octo-bob", "repo").await;
    let current = octocrab.current();
    let list = current.list_repos_for_authenticated_user();
    let first = list.sort("pushed").per_page(1).send().await.unwrap();
    assert_eq!(first.number_of_pages(), Some(3));
    let all = octocrab.all_pages(first).await.unwrap();
    assert_eq!(names(&all), ["ledger", "boat", "chess"]);
}

#[tokio::test]
async fn every_answer_describes_the_token_and_its_rate_limit() {
    let world = World::new().await;
    let token = world.token("octo-alice", "repo read:user").await;
    world.get("user", &token).await;
    let answer = world.get("user/repos", &token).await;
    let header = |name| answer.headers()[name].to_str().unwrap();
    assert_eq!(header("x-oauth-scopes"), "read:user, repo");
    assert_eq!(header("x-accepted-oauth-scopes"), "repo");
    assert_eq!(header("x-ratelimit-limit"), "5000");
    assert_eq!(header("x-ratelimit-remaining"), "4998");
    assert!(!header("x-github-request-id").is_empty());
}

#[tokio::test]
async fn revoked_and_unknown_tokens_are_bad_credentials() {
    let world = World::new().await;
    let token = world.token("octo-alice", "repo").await;
    assert_eq!(world.get("user", &token).await.status(), StatusCode::OK);
    world.github.revoke_all();
    for token in [token.as_str(), "gho_unknown"] {
        let answer = world.get("user", token).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(answer.json::<Value>().await.unwrap()["message"], "Bad credentials");
    }
}

#[tokio::test]
async fn a_request_without_user_agent_is_refused() {
    let world = World::new().await;
    let token = world.token("octo-alice", "repo").await;
    let request = world.browser.get(world.base.join("user").unwrap()).bearer_auth(token);
    assert_eq!(request.send().await.unwrap().status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn more_than_5000_requests_an_hour_are_refused() {
    let world = World::new().await;
    let token = world.token("octo-alice", "repo").await;
    for _ in 0..5_000 {
        assert_eq!(world.get("user", &token).await.status(), StatusCode::OK);
    }
    let answer = world.get("user", &token).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert_eq!(answer.headers()["x-ratelimit-remaining"], "0");
    world.minutes.fetch_add(60, SeqCst);
    assert_eq!(world.get("user", &token).await.status(), StatusCode::OK);
}
