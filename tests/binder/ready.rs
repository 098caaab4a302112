//! Where a visit to the page after consent begins, and how it has to end.

use reqwest::{Method, StatusCode, header};
use serde_json::Value;
use tests::{Browser, Logs, Proxies, Setup, Time, Visit, World};
use url::Url;

use super::{BINDING, COMPLETE};

const SESSION: &str = "binding";

/// A world in which alice has consented and her browser is about to come back.
pub(crate) struct Ready {
    pub(crate) world: World,
    pub(crate) proxies: Proxies,
    pub(crate) alice: Browser,
    pub(crate) back: Url,
    pub(crate) time: Time,
    pub(crate) logs: Logs,
}

impl Ready {
    pub(crate) async fn new() -> Self {
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
    pub(crate) fn back_with(&self, query: &[(&str, &str)]) -> Url {
        let mut back = self.back.clone();
        back.query_pairs_mut().clear().extend_pairs(query);
        back
    }

    pub(crate) fn parameter(&self, name: &str) -> String {
        tests::parameter(&self.back, name).expect("a parameter")
    }

    /// `browser` comes to `address`; the visit has to end as `code` with `status`.
    pub(crate) async fn ends(
        &self,
        browser: &Browser,
        address: &Url,
        code: &str,
        status: StatusCode,
    ) {
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
    pub(crate) async fn shows(
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
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_says_what_happened(&page, code);
        for secret in [self.parameter("session_id"), self.parameter("state")] {
            assert!(!page.text.contains(&secret) && !page.address().as_str().contains(&secret));
        }
        page
    }

    pub(crate) fn event(&self, request_id: &str) -> Value {
        let mut events = self.logs.audit(request_id);
        assert_eq!(events.len(), 1, "one event for one visit: {events:?}");
        events.remove(0)
    }

    /// Nothing was bound, and nobody was asked to.
    pub(crate) async fn assert_nothing_bound(&self) {
        let (_, answer) =
            self.alice.say("control", "Which repositories do I have, private ones too?").await;
        assert_eq!(answer["status"], "interrupted", "a token was bound: {answer}");
        assert_eq!(self.proxies.agentcore.count(&Method::POST, COMPLETE), 0);
    }
}

/// By an icon with words of its own, the next step and who is signed in; and for the operator, unless
/// there is nothing to tell them.
pub(crate) fn assert_says_what_happened(page: &Visit, code: &str) {
    let icon = format!("role=\"img\" aria-label=\"{}\"", icon_of(code));
    let next = "<a href=\"/\">Back to the conversation</a>";
    for part in [icon.as_str(), next, "<p>Signed in as <b>"] {
        assert!(page.text.contains(part), "{code}: {part} is missing: {}", page.text);
    }
    let request = format!("request <code>{}</code>", request_id(page));
    assert_eq!(page.text.contains(&request), !page.status.is_success(), "{}", page.text);
}

/// The id of the page's own request.
pub(crate) fn request_id(page: &Visit) -> &str {
    page.headers["x-request-id"].to_str().expect("an id")
}

/// What the icon says to those who do not see it.
fn icon_of(code: &str) -> &'static str {
    match code {
        "connected" | "already_connected" => "Done",
        "another_user" => "Refused: another person's",
        "another_browser" => "Refused: another browser's",
        "no_flow" | "expired" | "session_refused" => "Refused: too late",
        "no_session" | "malformed" | "no_state" | "wrong_state" => "Refused: wrong link",
        "declined" => "Declined",
        "unclear" => "Not known",
        "throttled" | "unavailable" => "Busy",
        _ => "Failure",
    }
}
