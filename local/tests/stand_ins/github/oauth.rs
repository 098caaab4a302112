//! The consent page and the token endpoint.

use std::sync::atomic::Ordering::SeqCst;

use reqwest::StatusCode;
use serde_json::Value;

use super::{CALLBACK, SECRET, World};

#[tokio::test]
async fn scopes_are_normalized_and_separated_by_commas() {
    let world = World::new().await;
    let code = world.decide("octo-alice", "public_repo read:user repo", "authorize").await;
    let answer = world.exchange(SECRET, &code["code"]).await;
    assert_eq!(answer["scope"], "read:user,repo");
    assert_eq!(answer["token_type"], "bearer");
    assert!(answer["access_token"].as_str().unwrap().starts_with("gho_"));
}

#[tokio::test]
async fn a_github_apps_token_lasts_eight_hours_and_is_refreshed_once() {
    let world = World::new().await;
    world.github.register_github_app("app", SECRET, CALLBACK.parse().unwrap());
    let code = world.decide("octo-alice", "", "authorize").await.remove("code").unwrap();
    let first = world.exchange(SECRET, &code).await;
    let text = |answer: &Value, member: &str| answer[member].as_str().unwrap().to_owned();
    let token = text(&first, "access_token");
    assert!(token.starts_with("ghu_") && text(&first, "refresh_token").starts_with("ghr_"));
    assert_eq!((&first["expires_in"], &first["scope"]), (&28_800.into(), &"".into()));
    let answer = world.get("user/repos", &token).await;
    assert!(!answer.headers().contains_key("x-oauth-scopes"), "permissions are no scopes");
    assert_eq!(answer.headers()["x-accepted-github-permissions"], "metadata=read");
    assert_eq!(answer.json::<Value>().await.unwrap().as_array().unwrap().len(), 2);

    world.minutes.fetch_add(8 * 60, SeqCst);
    assert_eq!(world.get("user", &token).await.status(), StatusCode::UNAUTHORIZED);
    let second = world.refresh(&text(&first, "refresh_token")).await;
    let other = text(&second, "access_token");
    assert_eq!(world.get("user", &other).await.status(), StatusCode::OK);
    let again = world.refresh(&text(&first, "refresh_token")).await;
    assert_eq!(again["error"], "bad_refresh_token");
    world.refresh(&text(&second, "refresh_token")).await;
    assert_eq!(world.get("user", &other).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_github_app_reaches_what_it_is_installed_on_as_far_as_its_permissions_go() {
    let world = World::new().await;
    world.github.register_github_app("app", SECRET, CALLBACK.parse().unwrap());
    let code = world.decide("octo-alice", "repo", "authorize").await.remove("code").unwrap();
    let answer = world.exchange(SECRET, &code).await;
    let token = answer["access_token"].as_str().unwrap();
    let status = async |path: &str| world.get(path, token).await.status().as_u16();
    let create = async |repository: &str| {
        let path = format!("repos/octo-alice/{repository}/issues");
        world.post(&path, token, "Water").await
    };

    // Installed nowhere: "scope" means nothing.
    assert_eq!(status("repos/octo-alice/diary").await, 404);
    assert_eq!(status("repos/octo-alice/garden/contents").await, 200);
    let refused = create("garden").await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(refused.headers()["x-accepted-github-permissions"], "issues=write");
    let body: Value = refused.json().await.unwrap();
    assert_eq!(body["message"], "Resource not accessible by integration");

    for (choice, names, garden, diary) in
        [("selected", "garden", 201, 404), ("all", "", 201, 200), ("none", "", 403, 404)]
    {
        let page = world.base.join("apps/app/installations/new").unwrap();
        assert_eq!(world.browser.get(page.clone()).send().await.unwrap().status(), StatusCode::OK);
        let form = [("account", "octo-alice"), ("repositories", choice), ("names", names)];
        let installed = world.browser.post(page).form(&form).send().await.unwrap();
        assert_eq!(installed.status(), StatusCode::OK);
        assert_eq!(create("garden").await.status().as_u16(), garden, "{choice}");
        assert_eq!(status("repos/octo-alice/diary/issues").await, diary, "{choice}");
        assert_eq!(status("repos/octo-bob/ledger").await, 404, "{choice}: it is bob's");
    }
    world.github.permit("app", &["issues=write"]);
    world.decide_with("octo-alice", &[("repositories", "all")]).await;
    assert_eq!(status("repos/octo-alice/diary/issues").await, 200, "who may write may read");
    assert_eq!(status("repos/octo-alice/diary/contents").await, 403);
}

#[tokio::test]
async fn a_choice_of_repositories_that_are_not_there_is_refused() {
    let world = World::new().await;
    world.github.register_github_app("app", SECRET, CALLBACK.parse().unwrap());
    for (app, account, choice, names) in [
        ("other", "octo-alice", "all", ""),
        ("app", "octo-nobody", "all", ""),
        ("app", "octo-alice", "everything", ""),
        ("app", "octo-alice", "selected", "ledger"),
    ] {
        let page = world.base.join(&format!("apps/{app}/installations/new")).unwrap();
        let form = [("account", account), ("repositories", choice), ("names", names)];
        let refused = world.browser.post(page).form(&form).send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{app} {account} {choice} {names}");
    }
}

#[tokio::test]
async fn an_oauth_apps_token_does_not_expire() {
    let world = World::new().await;
    let token = world.token("octo-alice", "repo").await;
    world.minutes.fetch_add(365 * 24 * 60, SeqCst);
    assert_eq!(world.get("user", &token).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_code_is_used_once() {
    let world = World::new().await;
    let code = world.decide("octo-alice", "repo", "authorize").await.remove("code").unwrap();
    assert!(world.exchange(SECRET, &code).await["access_token"].is_string());
    assert_eq!(world.exchange(SECRET, &code).await["error"], "bad_verification_code");
}

#[tokio::test]
async fn a_code_lasts_ten_minutes() {
    let world = World::new().await;
    for (minutes, good) in [(9, true), (10, false)] {
        let code = world.decide("octo-alice", "repo", "authorize").await.remove("code").unwrap();
        world.minutes.fetch_add(minutes, SeqCst);
        let answer = world.exchange(SECRET, &code).await;
        assert_eq!(answer["access_token"].is_string(), good, "after {minutes} minutes");
    }
}

#[tokio::test]
async fn a_wrong_secret_does_not_use_up_the_code() {
    let world = World::new().await;
    let code = world.decide("octo-alice", "repo", "authorize").await.remove("code").unwrap();
    assert_eq!(world.exchange("guess", &code).await["error"], "incorrect_client_credentials");
    assert!(world.exchange(SECRET, &code).await["access_token"].is_string());
}

#[tokio::test]
async fn without_accept_the_token_response_is_form_encoded() {
    let world = World::new().await;
    let code = world.decide("octo-alice", "repo", "authorize").await.remove("code").unwrap();
    let url = world.base.join("login/oauth/access_token").unwrap();
    let form = [("client_id", "app"), ("client_secret", SECRET), ("code", &code)];
    let answer = world.browser.post(url).form(&form).send().await.unwrap();
    let text = answer.text().await.unwrap();
    assert!(text.starts_with("access_token=gho_") && text.contains("&scope=repo&"), "{text}");
}

#[tokio::test]
async fn a_cancelled_consent_redirects_with_access_denied() {
    let world = World::new().await;
    let answer = world.decide("octo-alice", "repo", "cancel").await;
    assert_eq!(answer["error"], "access_denied");
    assert_eq!(answer["state"], "the state");
    assert!(!answer.contains_key("code"));
}

#[tokio::test]
async fn an_unknown_app_or_redirect_stays_on_an_error_page() {
    let world = World::new().await;
    let elsewhere = "http://127.0.0.1:9/callback/evil";
    for (client, redirect) in [("other", CALLBACK), ("app", elsewhere)] {
        let answer = world.ask(&[("client_id", client), ("redirect_uri", redirect)]).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{client} {redirect}");
        let form = [("client_id", client), ("redirect_uri", redirect), ("account", "octo-alice")];
        let url = world.base.join("login/oauth/authorize").unwrap();
        let form = world.browser.post(url).form(&form);
        assert_eq!(form.send().await.unwrap().status(), StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn the_consent_page_shows_the_scopes_escaped_and_says_that_it_is_a_stand_in() {
    let world = World::new().await;
    let hostile = "\"><script>alert(1)</script>";
    let request = [
        ("client_id", "app"),
        ("redirect_uri", CALLBACK),
        ("scope", "repo <b>"),
        ("state", hostile),
    ];
    let answer = world.ask(&request).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    let page = answer.text().await.unwrap();
    assert!(page.contains("<title>Stand-in for GitHub"));
    assert!(page.contains("<li><code>repo</code></li>"));
    assert!(page.contains("octo-alice") && page.contains("octo-bob"));
    assert!(page.contains("value=\"&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;\""));
    assert!(!page.contains("<script>") && !page.contains("<b>"));
}

#[tokio::test]
async fn debug_output_contains_no_secret() {
    let world = World::new().await;
    world.token("octo-alice", "repo").await;
    let shown = format!("{:?}", world.github);
    assert!(!shown.contains(SECRET) && !shown.contains("gho_"), "{shown}");
}
