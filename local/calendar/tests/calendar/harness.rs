//! A calendar at a free port, a clock that a test moves, and a browser that does not follow redirects.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use calendar_local::Calendar;
use reqwest::{Client, RequestBuilder, Response, redirect};
use serde_json::Value;
use stand_in::Clock;
use url::Url;

pub(crate) const APP: (&str, &str) = ("countersign", "a secret: with/signs");
pub(crate) const CALLBACK: &str = "http://127.0.0.1:9/callback";
pub(crate) const ALICE: &str = "alice@calendar.example";
pub(crate) const BOB: &str = "bob@calendar.example";
/// 2026-12-01T08:00:00Z.
const START: u64 = 1_796_112_000;

/// A calendar that is served, with one app.
pub(crate) struct World {
    pub(crate) calendar: Calendar,
    pub(crate) address: Url,
    pub(crate) browser: Client,
    seconds: Arc<AtomicU64>,
}

/// The parameters of an authorization request that is granted.
pub(crate) fn valid_request() -> Vec<(&'static str, &'static str)> {
    vec![
        ("response_type", "code"),
        ("client_id", APP.0),
        ("redirect_uri", CALLBACK),
        ("scope", "events.read"),
        ("state", "a state"),
    ]
}

/// Returns `parameters` with `name` as `value`.
pub(crate) fn with(
    mut parameters: Vec<(&'static str, &'static str)>,
    name: &'static str,
    value: &'static str,
) -> Vec<(&'static str, &'static str)> {
    parameters.retain(|(other, _)| *other != name);
    parameters.push((name, value));
    parameters
}

impl World {
    pub(crate) async fn new() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        let address: Url = address.parse().unwrap();
        let seconds = Arc::new(AtomicU64::new(START));
        let clock = Clock::new({
            let seconds = Arc::clone(&seconds);
            move || SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.load(Ordering::SeqCst))
        });
        let calendar = Calendar::new(address.clone(), clock);
        calendar.register_app(APP.0, APP.1, CALLBACK.parse().unwrap());
        let router = calendar.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let browser = Client::builder().redirect(redirect::Policy::none()).build().unwrap();
        Self { calendar, address, browser, seconds }
    }

    pub(crate) fn at(&self, path: &str) -> Url {
        self.address.join(path).unwrap()
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, time: Duration) {
        self.seconds.fetch_add(time.as_secs(), Ordering::SeqCst);
    }

    /// Opens the consent page.
    pub(crate) async fn open(&self, request: &[(&str, &str)]) -> Response {
        self.browser.get(self.at("authorize")).query(request).send().await.unwrap()
    }

    /// The consent page's form.
    pub(crate) fn form(&self, request: &[(&str, &str)], choice: (&str, &str)) -> RequestBuilder {
        let mut form = request.to_vec();
        form.push(choice);
        self.browser.post(self.at("authorize")).form(&form)
    }

    /// Consents as `person`. Returns the code.
    pub(crate) async fn consent(&self, request: &[(&str, &str)], person: &str) -> String {
        let response = self.form(request, ("account", person)).send().await.unwrap();
        back(&response).remove("code").unwrap()
    }

    /// Sends a token request of the app, whose secret is in the form.
    pub(crate) async fn token(&self, form: &[(&str, &str)]) -> (u16, Value) {
        let mut form = form.to_vec();
        form.extend([("client_id", APP.0), ("client_secret", APP.1)]);
        answer(self.browser.post(self.at("token")).form(&form)).await
    }

    /// Exchanges a code.
    pub(crate) async fn redeem(&self, code: &str) -> (u16, Value) {
        let form = [("grant_type", "authorization_code"), ("code", code)];
        self.token(&[form[0], form[1], ("redirect_uri", CALLBACK)]).await
    }

    /// Consents as `person` and returns the tokens.
    pub(crate) async fn tokens(&self, person: &str, scopes: &'static str) -> Value {
        let code = self.consent(&with(valid_request(), "scope", scopes), person).await;
        let (status, tokens) = self.redeem(&code).await;
        assert_eq!(status, 200, "{tokens}");
        tokens
    }
}

/// Returns the status and the JSON of the response.
pub(crate) async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

/// Returns the parameters with which the browser is sent back to the app.
pub(crate) fn back(response: &Response) -> HashMap<String, String> {
    let location = response.headers()["location"].to_str().unwrap();
    assert!(location.starts_with(CALLBACK), "{location}");
    let location: Url = location.parse().unwrap();
    location.query_pairs().into_owned().collect()
}
