//! GitHub's stand-in, seen by a browser and by octocrab.

use std::collections::HashMap;
use std::sync::{Arc, atomic::AtomicU64, atomic::Ordering::SeqCst};
use std::time::{Duration, SystemTime};

use github_local::GitHub;
use octocrab::{
    Octocrab,
    models::{Repository, UserProfile},
};
use reqwest::{Client, Response, StatusCode, redirect::Policy};
use serde_json::Value;
use stand_in::Clock;
use tokio::net::TcpListener;
use url::Url;

const CALLBACK: &str = "http://127.0.0.1:9/callback";
const SECRET: &str = "app-secret";

struct World {
    github: GitHub,
    base: Url,
    browser: Client,
    minutes: Arc<AtomicU64>,
}

impl World {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let minutes = Arc::new(AtomicU64::new(0));
        let (start, passed) = (SystemTime::now(), Arc::clone(&minutes));
        let clock = Clock::new(move || start + Duration::from_secs(60 * passed.load(SeqCst)));
        let github = GitHub::new(base.clone(), clock);
        github.register_app("app", SECRET, CALLBACK.parse().unwrap());
        let server = axum::serve(listener, github.router());
        tokio::spawn(async { server.await.unwrap() });
        let browser = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Self { github, base, browser, minutes }
    }

    /// Opens the consent page.
    async fn ask(&self, request: &[(&str, &str)]) -> Response {
        let url = self.base.join("login/oauth/authorize").unwrap();
        self.browser.get(url).query(request).send().await.unwrap()
    }

    /// Sends the consent page's form. Returns what the callback gets.
    async fn decide(&self, account: &str, scope: &str, decision: &str) -> HashMap<String, String> {
        let url = self.base.join("login/oauth/authorize").unwrap();
        let form = [
            ("client_id", "app"),
            ("redirect_uri", CALLBACK),
            ("scope", scope),
            ("state", "the state"),
            match decision {
                "cancel" => ("decision", "cancel"),
                _ => ("account", account),
            },
        ];
        let answer = self.browser.post(url).form(&form).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let target = answer.headers()["location"].to_str().unwrap();
        assert!(target.starts_with(CALLBACK));
        Url::parse(target).unwrap().query_pairs().into_owned().collect()
    }

    async fn exchange(&self, secret: &str, code: &str) -> Value {
        let url = self.base.join("login/oauth/access_token").unwrap();
        let form = [("client_id", "app"), ("client_secret", secret), ("code", code)];
        let request = self.browser.post(url).header("accept", "application/json").form(&form);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "GitHub's errors have status 200 here");
        answer.json().await.unwrap()
    }

    async fn refresh(&self, token: &str) -> Value {
        let url = self.base.join("login/oauth/access_token").unwrap();
        let form = [
            ("client_id", "app"),
            ("client_secret", SECRET),
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
        ];
        let request = self.browser.post(url).header("accept", "application/json").form(&form);
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn token(&self, account: &str, scope: &str) -> String {
        let code = self.decide(account, scope, "authorize").await.remove("code").unwrap();
        self.exchange(SECRET, &code).await["access_token"].as_str().unwrap().to_owned()
    }

    async fn octocrab(&self, account: &str, scope: &str) -> Octocrab {
        let builder = Octocrab::builder().base_uri(self.base.as_str()).unwrap();
        builder.personal_token(self.token(account, scope).await).build().unwrap()
    }

    async fn get(&self, path: &str, token: &str) -> Response {
        let request = self.browser.get(self.base.join(path).unwrap()).header("user-agent", "test");
        request.bearer_auth(token).send().await.unwrap()
    }
}

fn names(repositories: &[Repository]) -> Vec<&str> {
    repositories.iter().map(|it| it.name.as_str()).collect()
}

#[tokio::test]
async fn a_person_consents_and_octocrab_knows_them() {
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
async fn private_repositories_are_for_tokens_with_repo_only() {
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
async fn scopes_are_normalized_and_separated_by_commas() {
    let world = World::new().await;
    let code = world.decide("octo-alice", "public_repo read:user repo", "authorize").await;
    let answer = world.exchange(SECRET, &code["code"]).await;
    assert_eq!(answer["scope"], "read:user,repo");
    assert_eq!(answer["token_type"], "bearer");
    assert!(answer["access_token"].as_str().unwrap().starts_with("gho_"));
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
    assert_eq!(answer.headers()["x-oauth-scopes"], "", "permissions are no scopes");
    assert_eq!(answer.json::<Value>().await.unwrap().as_array().unwrap().len(), 3);

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
async fn an_oauth_apps_token_does_not_expire() {
    let world = World::new().await;
    let token = world.token("octo-alice", "repo").await;
    world.minutes.fetch_add(365 * 24 * 60, SeqCst);
    assert_eq!(world.get("user", &token).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_client_has_to_name_itself() {
    let world = World::new().await;
    let token = world.token("octo-alice", "repo").await;
    let request = world.browser.get(world.base.join("user").unwrap()).bearer_auth(token);
    assert_eq!(request.send().await.unwrap().status(), StatusCode::FORBIDDEN);
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
async fn a_wrong_secret_does_not_cost_the_code() {
    let world = World::new().await;
    let code = world.decide("octo-alice", "repo", "authorize").await.remove("code").unwrap();
    assert_eq!(world.exchange("guess", &code).await["error"], "incorrect_client_credentials");
    assert!(world.exchange(SECRET, &code).await["access_token"].is_string());
}

#[tokio::test]
async fn without_accept_the_token_comes_as_a_form() {
    let world = World::new().await;
    let code = world.decide("octo-alice", "repo", "authorize").await.remove("code").unwrap();
    let url = world.base.join("login/oauth/access_token").unwrap();
    let form = [("client_id", "app"), ("client_secret", SECRET), ("code", &code)];
    let answer = world.browser.post(url).form(&form).send().await.unwrap();
    let text = answer.text().await.unwrap();
    assert!(text.starts_with("access_token=gho_") && text.contains("&scope=repo&"), "{text}");
}

#[tokio::test]
async fn a_cancelled_consent_comes_back_with_access_denied() {
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
async fn the_page_says_what_is_asked_and_that_it_is_a_stand_in() {
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
async fn five_thousand_requests_an_hour_are_enough() {
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
async fn no_secret_shows_in_debug_output() {
    let world = World::new().await;
    world.token("octo-alice", "repo").await;
    let shown = format!("{:?}", world.github);
    assert!(!shown.contains(SECRET) && !shown.contains("gho_"), "{shown}");
}
