//! The stand-in for GitHub, used by a browser and by octocrab.

mod oauth;
mod pages;
mod rest;
mod revocation;

use std::collections::HashMap;
use std::sync::{Arc, atomic::AtomicU64, atomic::Ordering::SeqCst};
use std::time::{Duration, SystemTime};

use github_local::GitHub;
use octocrab::Octocrab;
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

    /// Consents as `account`, with these fields of the form besides.
    async fn decide_with(&self, account: &str, more: &[(&str, &str)]) {
        let url = self.base.join("login/oauth/authorize").unwrap();
        let mut form = vec![("client_id", "app"), ("account", account)];
        form.extend(more);
        let answer = self.browser.post(url).form(&form).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
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

    /// Creates an issue.
    async fn post(&self, path: &str, token: &str, title: &str) -> Response {
        let request = self.browser.post(self.base.join(path).unwrap()).bearer_auth(token);
        let request = request.header("user-agent", "test");
        request.json(&serde_json::json!({ "title": title })).send().await.unwrap()
    }
}
