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

#[tokio::test]
async fn a_former_name_leads_a_get_to_the_repository_and_a_post_to_nothing() {
    let world = World::new().await;
    let token = world.token("octo-carol", "repo").await;
    let get = world.get("repos/octo-carol/caterpillar/issues?state=all", &token).await;
    assert_eq!(get.status(), StatusCode::MOVED_PERMANENTLY);
    let location = get.headers()["location"].to_str().unwrap();
    assert_eq!(location, format!("{}repositories/2012/issues?state=all", world.base));
    assert_eq!(world.get("repositories/2012/issues?state=all", &token).await.status(), 200);
    assert_eq!(world.get("repositories/999/issues", &token).await.status(), 404);
    let post = world.post("repos/octo-carol/caterpillar/issues", &token, "title").await;
    assert_eq!(post.status(), StatusCode::TEMPORARY_REDIRECT);
    // octocrab follows the redirect of a GET, as the tools do.
    let octocrab = world.octocrab("octo-carol", "repo").await;
    let repository = octocrab.repos("octo-carol", "caterpillar").get().await.unwrap();
    assert_eq!(repository.full_name.as_deref(), Some("octo-carol/butterfly"));
}

#[tokio::test]
async fn a_sign_on_lets_one_token_in_and_its_link_works_once() {
    let world = World::new().await;
    let [token, other] =
        [world.token("octo-carol", "repo").await, world.token("octo-carol", "repo").await];
    let refused = world.get("repos/bigcorp/handbook", &token).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let header = refused.headers()["x-github-sso"].to_str().unwrap();
    let link = header.strip_prefix("required; url=").unwrap();
    assert_eq!(world.browser.get(link).send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(world.browser.get(link).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    assert_eq!(world.get("repos/bigcorp/handbook", &token).await.status(), StatusCode::OK);
    assert_eq!(world.get("repos/bigcorp/handbook", &other).await.status(), 403);
    let list = world.get("user/repos", &other).await;
    assert_eq!(list.headers()["x-github-sso"], "partial-results; organizations=1004");
    // Who is no member is asked for no sign-on, and sees what is public.
    let bob = world.token("octo-bob", "repo").await;
    assert_eq!(world.get("repos/bigcorp/handbook", &bob).await.status(), StatusCode::OK);
    assert_eq!(world.get("repos/bigcorp/bigcorp-blueprints", &bob).await.status(), 404);
}

#[tokio::test]
async fn more_than_80_issues_a_minute_are_refused_without_a_header() {
    let world = World::new().await;
    let token = world.token("octo-carol", "repo").await;
    let create = || world.post("repos/octo-carol/bare/issues", &token, "Hello");
    for _ in 0..80 {
        assert_eq!(create().await.status(), StatusCode::CREATED);
    }
    let refused = create().await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert!(!refused.headers().contains_key("retry-after"));
    assert!(refused.text().await.unwrap().contains("secondary rate limit"));
    world.minutes.fetch_add(1, SeqCst);
    assert_eq!(create().await.status(), StatusCode::CREATED);
}
