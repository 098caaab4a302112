//! Every way a visit to the page after consent can end: its status, its page, its audit event, and
//! whether anything was bound (M8, M9, M14).
#![expect(clippy::expect_used, reason = "a test that can't go on has failed")]

use std::time::Duration;

use reqwest::{Method, StatusCode, header};
use serde_json::Value;
use tests::{Browser, Fate, Form, Logs, Proxies, Setup, Time, Visit, World};
use url::Url;

const SESSION: &str = "binding";
const BINDING: &str = "/oauth2/session-binding";
const COMPLETE: &str = "/CompleteResourceTokenAuth";

/// A world in which alice has consented and her browser is about to come back.
struct Ready {
    world: World,
    proxies: Proxies,
    alice: Browser,
    back: Url,
    time: Time,
    logs: Logs,
}

impl Ready {
    async fn new() -> Self {
        let logs = Logs::kept();
        let time = Time::default();
        let setup = Setup { clock: time.clock(), ..Setup::default() };
        let (world, proxies) = World::proxied(setup).await;
        let alice = world.browser_of("alice").await;
        let link = world.ask(&alice, SESSION).await;
        let consent = alice.open(&link).await;
        let back = alice.consent_until(&consent, "octo-alice", |at| at.path() == BINDING).await;
        let back = back.address().clone();
        Self { world, proxies, alice, back, time, logs }
    }

    /// `back` with another query.
    fn back_with(&self, query: &[(&str, &str)]) -> Url {
        let mut back = self.back.clone();
        back.query_pairs_mut().clear().extend_pairs(query);
        back
    }

    fn parameter(&self, name: &str) -> String {
        tests::parameter(&self.back, name).expect("a parameter")
    }

    /// `browser` comes to `address`; the visit has to end as `code` with `status`.
    async fn ends(&self, browser: &Browser, address: &Url, code: &str, status: StatusCode) {
        // As a program, which is told at once and by whose request's id the audit event is found.
        let path = format!("{BINDING}?{}", address.query().unwrap_or_default());
        let request = browser.request(Method::GET, &path).header("accept", "application/json");
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), status, "{code}");
        let id = answer.headers()["x-request-id"].to_str().expect("an id").to_owned();
        let event = self.event(&id);
        let name = match code {
            "connected" => "bound",
            "already_connected" => "bound_before",
            "unclear" => "binding_unclear",
            _ => "binding_refused",
        };
        assert_eq!(event["event"], name, "{event}");
        if name == "binding_refused" {
            assert_eq!(event["reason"], code, "{event}");
        }
        let told: Value = answer.json().await.expect("JSON");
        let told_code = if status.is_success() { &told["result"] } else { &told["code"] };
        assert_eq!(told_code, code, "{told}");
    }

    /// As [`ends`](Self::ends), but a person comes: the page says `words`.
    async fn shows(
        &self,
        browser: &Browser,
        address: &Url,
        (code, words): (&str, &str),
        status: StatusCode,
    ) -> Visit {
        let page = browser.open(address.as_str()).await;
        assert_eq!(page.parameter("result").as_deref(), Some(code), "{:?}", page.way);
        assert_eq!(page.status, status);
        assert!(page.text.contains(words), "{words} is missing: {}", page.text);
        assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(page.headers[header::REFERRER_POLICY], "no-referrer");
        let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().expect("a policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        for secret in [self.parameter("session_id"), self.parameter("state")] {
            assert!(!page.text.contains(&secret) && !page.address().as_str().contains(&secret));
        }
        page
    }

    fn event(&self, request_id: &str) -> Value {
        let mut events = self.logs.audit(request_id);
        assert_eq!(events.len(), 1, "one event for one visit: {events:?}");
        events.remove(0)
    }

    /// Nothing was bound, and nobody was asked to.
    async fn assert_nothing_bound(&self) {
        let (_, answer) = self.alice.say("control", "Which repositories do I have?").await;
        assert_eq!(answer["status"], "interrupted", "a token was bound: {answer}");
        assert_eq!(self.proxies.agentcore.count(&Method::POST, COMPLETE), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m8_bound_once_and_already_bound_on_a_reload() {
    let ready = Ready::new().await;
    let page =
        ready.shows(&ready.alice, &ready.back, ("connected", "You are connected"), StatusCode::OK);
    assert!(page.await.text.contains("BroadcastChannel"), "the conversation is told");
    let again = ("already_connected", "You are already connected");
    ready.shows(&ready.alice, &ready.back, again, StatusCode::OK).await;
    ready.ends(&ready.alice, &ready.back, "already_connected", StatusCode::OK).await;
    assert_eq!(ready.proxies.agentcore.count(&Method::POST, COMPLETE), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn m8_bound_for_a_program_with_its_audit_event() {
    let ready = Ready::new().await;
    ready.ends(&ready.alice, &ready.back, "connected", StatusCode::OK).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_no_session_and_a_malformed_one() {
    let ready = Ready::new().await;
    let state = ready.parameter("state");
    for (query, code) in [
        (vec![], "no_session"),
        (vec![("state", state.as_str())], "no_session"),
        (vec![("session_id", ""), ("state", &state)], "malformed"),
        (vec![("session_id", "https://evil.example"), ("state", &state)], "malformed"),
        (
            vec![
                ("session_id", "urn:ietf:params:oauth:request_uri:a"),
                ("session_id", "urn:ietf:params:oauth:request_uri:b"),
            ],
            "malformed",
        ),
    ] {
        let address = ready.back_with(&query);
        ready.ends(&ready.alice, &address, code, StatusCode::BAD_REQUEST).await;
        let words = "This link is incomplete";
        ready.shows(&ready.alice, &address, (code, words), StatusCode::BAD_REQUEST).await;
    }
    ready.assert_nothing_bound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_nobody_is_signed_in() {
    let ready = Ready::new().await;
    let target = &ready.world.running.addresses.bind_session;
    let mut address = target.join(BINDING).expect("an address");
    address.set_query(ready.back.query());
    let host = ready.world.running.addresses.application.clone();
    let host = host[url::Position::BeforeHost..url::Position::AfterPort].to_owned();
    let client = reqwest::Client::new();
    let request = client.get(address.clone()).header("host", host.clone());
    let page = request.header("cookie", ready.alice.cookies()).send().await.expect("an answer");
    assert_eq!(page.status(), StatusCode::UNAUTHORIZED);
    let id = page.headers()["x-request-id"].to_str().expect("an id").to_owned();
    let page = page.text().await.expect("a page");
    assert!(page.contains("Sign in first"));
    assert!(page.contains("?result=not_signed_in"), "the address keeps its secrets: {page}");
    let events = ready.logs.audit(&id);
    let reasons: Vec<&Value> = events.iter().map(|event| &event["reason"]).collect();
    assert_eq!(reasons, ["no token", "not_signed_in"]);
    assert!(events[1]["user"].is_null() && events[1]["flow"].is_string(), "{events:?}");

    let request = client.get(address).header("host", host).header("accept", "application/json");
    let problem = request.send().await.expect("an answer");
    assert_eq!(problem.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(problem.headers()["content-type"], "application/problem+json");
    ready.assert_nothing_bound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_another_user_in_the_same_browser_learns_nothing_of_whose_it_is() {
    let ready = Ready::new().await;
    // Bob signs in over alice: the flow's cookie and the browser's stay.
    let bob = &ready.alice;
    ready.world.sign_in_over(bob, "bob").await;
    ready.ends(bob, &ready.back, "another_user", StatusCode::FORBIDDEN).await;
    let words = ("another_user", "This request is not yours");
    let page = ready.shows(bob, &ready.back, words, StatusCode::FORBIDDEN).await;
    for hint in ["alice", "Alice", "octo"] {
        assert!(!page.text.contains(hint), "the page tells {hint}");
    }
    assert_eq!(ready.proxies.agentcore.count(&Method::POST, COMPLETE), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_another_browser_no_flow_cookie_and_an_expired_flow_are_told_apart() {
    let ready = Ready::new().await;
    let cafe = ready.world.browser_of("alice").await;
    ready.ends(&cafe, &ready.back, "no_flow", StatusCode::FORBIDDEN).await;
    let words = "This was not asked for in this browser";
    ready.shows(&cafe, &ready.back, ("no_flow", words), StatusCode::FORBIDDEN).await;

    // The flow's cookie, copied to another browser.
    let flow = ready.alice.cookie("flow-");
    cafe.add_cookie(&flow);
    ready.ends(&cafe, &ready.back, "another_browser", StatusCode::FORBIDDEN).await;
    ready.shows(&cafe, &ready.back, ("another_browser", words), StatusCode::FORBIDDEN).await;

    ready.time.let_pass(Duration::from_secs(600));
    ready.ends(&ready.alice, &ready.back, "expired", StatusCode::GONE).await;
    let words = "This request is too old";
    ready.shows(&ready.alice, &ready.back, ("expired", words), StatusCode::GONE).await;
    ready.assert_nothing_bound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_flow_cookie_of_another_flow_or_of_no_key_of_ours_is_none() {
    let ready = Ready::new().await;
    let flow = ready.alice.cookie("flow-");
    let (name, sealed) = flow.split_once('=').expect("a cookie");
    let end = if sealed.ends_with('A') { "B" } else { "A" };
    let spoilt = format!("{name}={}{end}", &sealed[..sealed.len() - 1]);
    ready.alice.add_cookie(&spoilt);
    ready.ends(&ready.alice, &ready.back, "no_flow", StatusCode::FORBIDDEN).await;

    let link = ready.world.ask(&ready.alice, "another").await;
    ready.alice.open(&link).await;
    let other = ready.alice.cookies();
    let other = other.split("; ").find(|it| it.starts_with("flow-") && !it.starts_with(name));
    let (_, other) = other.and_then(|it| it.split_once('=')).expect("the other flow");
    ready.alice.add_cookie(&format!("{name}={other}"));
    ready.ends(&ready.alice, &ready.back, "no_flow", StatusCode::FORBIDDEN).await;
    ready.assert_nothing_bound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_the_state_is_missing_empty_or_wrong() {
    let ready = Ready::new().await;
    let session = ready.parameter("session_id");
    let missing = ready.back_with(&[("session_id", &session)]);
    ready.ends(&ready.alice, &missing, "no_state", StatusCode::FORBIDDEN).await;
    let words = "This is not where you consented";
    ready.shows(&ready.alice, &missing, ("no_state", words), StatusCode::FORBIDDEN).await;
    let state = ready.parameter("state");
    for wrong in ["", "guessed", &state[1..], &format!("{state}A")] {
        let address = ready.back_with(&[("session_id", &session), ("state", wrong)]);
        ready.ends(&ready.alice, &address, "wrong_state", StatusCode::FORBIDDEN).await;
    }
    ready.assert_nothing_bound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m8_the_state_may_come_by_any_of_three_names_beside_others_that_are_wrong() {
    for name in ["state", "customState", "custom_state"] {
        let ready = Ready::new().await;
        let (session, state) = (ready.parameter("session_id"), ready.parameter("state"));
        let query =
            [("session_id", session.as_str()), ("state", "of somebody else's"), (name, &state)];
        let address = ready.back_with(&query);
        ready.ends(&ready.alice, &address, "connected", StatusCode::OK).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_refused_by_agentcore_identity_is_one_page_whether_used_unknown_or_anothers() {
    let ready = Ready::new().await;
    // Used: bound by a second visit that carries the flow as the first did.
    let flow = ready.alice.cookie("flow-");
    ready.ends(&ready.alice, &ready.back, "connected", StatusCode::OK).await;
    ready.alice.add_cookie(&flow);
    ready.ends(&ready.alice, &ready.back, "session_refused", StatusCode::FORBIDDEN).await;
    ready.alice.add_cookie(&flow);
    let words = ("session_refused", "This request is no longer open");
    ready.shows(&ready.alice, &ready.back, words, StatusCode::FORBIDDEN).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_declined_at_the_provider() {
    let ready = Ready::new().await;
    let link = ready.world.ask(&ready.alice, "another").await;
    let page = ready.alice.open(&link).await;
    let no = Form::in_page(&page.text).with("account", "octo-alice").with("decision", "cancel");
    let page = ready.alice.submit(&page, no).await;
    assert_eq!(page.parameter("result").as_deref(), Some("declined"));
    assert!(page.text.contains("You did not allow it"), "{}", page.text);
    let session = ready.parameter("session_id");
    let address = ready.back_with(&[("session_id", &session), ("error", "access_denied")]);
    ready.ends(&ready.alice, &address, "declined", StatusCode::FORBIDDEN).await;
    ready.assert_nothing_bound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_agentcore_identity_throttling_failing_refusing_us_or_making_no_sense() {
    let denied = "User: arn:aws:sts::1:assumed-role/binder is not authorized to perform: \
                  bedrock-agentcore:CompleteResourceTokenAuth";
    let (busy, wrong) = ("Please try again in a moment", "Something is wrong on our side");
    let gateway = (StatusCode::BAD_GATEWAY, wrong);
    let unclear = (StatusCode::SERVICE_UNAVAILABLE, "We could not see whether it worked");
    let unavailable = (StatusCode::SERVICE_UNAVAILABLE, busy);
    for (fate, code, (status, words)) in [
        (aws(429, "ThrottlingException", "Slow down"), "throttled", unavailable),
        (aws(500, "InternalServerException", "Oh"), "unclear", unclear),
        (aws(403, "AccessDeniedException", denied), "misconfigured", gateway),
        (aws(400, "ValidationException", "No"), "misconfigured", gateway),
        (
            aws(403, "AccessDeniedException", "Invalid or expired session"),
            "session_refused",
            (StatusCode::FORBIDDEN, "no longer open"),
        ),
        (
            aws(404, "ResourceNotFoundException", "No"),
            "session_refused",
            (StatusCode::FORBIDDEN, "no longer open"),
        ),
    ] {
        let ready = Ready::new().await;
        ready.proxies.agentcore.rule(move |seen| {
            if seen.is(&Method::POST, COMPLETE) { fate.clone() } else { Fate::Arrives }
        });
        ready.ends(&ready.alice, &ready.back, code, status).await;
        let page = ready.shows(&ready.alice, &ready.back, (code, words), status).await;
        assert!(!page.text.contains("arn:"), "no internals: {}", page.text);
        let is_busy = status == StatusCode::SERVICE_UNAVAILABLE;
        assert_eq!(page.headers.contains_key(header::RETRY_AFTER), is_busy, "{code}");
        if status.is_server_error() {
            // Nothing was used up: once all is well again, a reload of the same address binds.
            ready.proxies.agentcore.rule(|_| Fate::Arrives);
            ready.ends(&ready.alice, &ready.back, "connected", StatusCode::OK).await;
        }
    }
}

fn aws(status: u16, name: &'static str, message: &str) -> Fate {
    Fate::aws_error(StatusCode::from_u16(status).expect("a status"), name, message)
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_agentcore_identity_that_can_not_be_reached() {
    let ready = Ready::new().await;
    ready.proxies.agentcore.rule(|seen| {
        if seen.is(&Method::POST, COMPLETE) { Fate::NeverArrives } else { Fate::Arrives }
    });
    let status = StatusCode::SERVICE_UNAVAILABLE;
    // The connection stood, so nobody knows; `vault` tells it from one that never did.
    ready.ends(&ready.alice, &ready.back, "unclear", status).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_head_post_prefetching_and_prerendering_never_bind() {
    let ready = Ready::new().await;
    let path = format!("{BINDING}?{}", ready.back.query().expect("a query"));
    for method in [Method::HEAD, Method::POST, Method::PUT, Method::DELETE] {
        let request = ready.alice.request(method.clone(), &path);
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(answer.headers()["allow"], "GET", "{method}");
    }
    for (name, value) in [
        ("sec-purpose", "prefetch"),
        ("sec-purpose", "prefetch;prerender"),
        ("purpose", "prefetch"),
        ("sec-fetch-mode", "no-cors"),
        ("sec-fetch-dest", "image"),
        ("sec-fetch-dest", "iframe"),
    ] {
        let request = ready.alice.request(Method::GET, &path).header(name, value);
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{name}: {value}");
    }
    ready.assert_nothing_bound().await;
}
