//! The agent on AgentCore Runtime, which passes `/invocations` and `/ping` on and no page: the page
//! `/consent` and the binder are on another host (M9, M15).

use reqwest::{Method, RequestBuilder, StatusCode, header};
use serde_json::{Value, json};
use tests::parameter;
use url::Url;

use crate::bearer::Application;

/// As a client of Runtime makes one for each conversation.
const SESSION: &str = "0b8fbb7e-6f6b-4b3c-9a5b-5d0f9ad1f3c2";
const SESSION_HEADER: &str = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id";
const QUESTION: &str = "Which repositories do I have, private ones too?";
const BINDING: &str = "/oauth2/session-binding";

/// The hosts: `application` has the page and the binder, and `runtime` nothing that a browser reaches.
struct Hosts {
    application: Application,
    runtime: Url,
}

impl Hosts {
    async fn start() -> Self {
        let application = Application::with(&[("BROWSER_BINDING", "off")]).await;
        let page = application.invoke.as_str().to_owned();
        let runtime = application.another_workload(&[("CONSENT_URL", &page)]).await;
        Self { application, runtime }
    }

    /// What `token`'s user is answered by the agent in the conversation of the header.
    async fn invoke(&self, token: &str, body: &Value) -> Value {
        let application = &self.application;
        let request = application.request(Method::POST, &self.runtime, "/invocations", token);
        let answer = request.header(SESSION_HEADER, SESSION).json(body).send().await;
        let answer = answer.expect("an answer");
        let status = answer.status();
        let answer: Value = answer.json().await.expect("JSON");
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    }

    /// The link to consent that alice is answered.
    async fn link(&self) -> Url {
        let token = self.application.token("alice");
        let asked = self.invoke(&token, &json!({ "message": QUESTION })).await;
        let link = asked["interrupts"][0]["url"].as_str().expect("a link");
        Url::parse(link).expect("an address")
    }

    /// The status that `person` is answered at `link`.
    async fn status_at(&self, link: &Url, person: &str) -> StatusCode {
        self.open(link, person).send().await.expect("an answer").status()
    }

    fn open(&self, link: &Url, person: &str) -> RequestBuilder {
        let token = self.application.token(person);
        self.application.request(Method::GET, link, link.as_str(), &token)
    }

    /// The code of how it ends when `person` comes back to the binder with this cookie, by the site's own
    /// name, which the proxy leaves as it is.
    async fn come_back(&self, person: &str, query: &str, cookie: &str) -> Value {
        let (application, path) = (&self.application, format!("{BINDING}?{query}"));
        let token = application.token(person);
        let request = application.request(Method::GET, &application.binder, &path, &token);
        let site = &application.world.running.addresses.application;
        let site = &site[url::Position::BeforeHost..url::Position::AfterPort];
        let request = request.header(header::ACCEPT, "application/json").header(header::HOST, site);
        let answer = request.header(header::COOKIE, cookie).send().await.expect("an answer");
        let answer: Value = answer.json().await.expect("JSON");
        answer.get("result").or_else(|| answer.get("code")).cloned().unwrap_or_default()
    }
}

/// A proxy signs alice in on the other host and adds her token to what her browser sends there.
#[tokio::test(flavor = "multi_thread")]
async fn m15_a_consent_is_given_on_another_host_and_the_agent_on_runtime_goes_on() {
    let hosts = Hosts::start().await;
    let link = hosts.link().await;
    let page = hosts.application.invoke.join("/consent").expect("an address");
    assert!(link.as_str().starts_with(&format!("{page}?flow=")), "{link}");
    assert_ne!(page.port(), hosts.runtime.port());

    let hop = hosts.open(&link, "alice").send().await.expect("an answer");
    assert_eq!(hop.status(), StatusCode::SEE_OTHER);
    let cookies = hop.headers().get_all(header::SET_COOKIE).iter();
    let cookies: Vec<&str> = cookies
        .filter_map(|cookie| cookie.to_str().ok()?.split(';').next())
        .filter(|cookie| !cookie.ends_with('='))
        .collect();
    let cookie = cookies.join("; ");
    let provider = hop.headers()["location"].to_str().expect("an address").to_owned();
    let browser = hosts.application.world.browser();
    let consent = browser.open(&provider).await;
    let back = browser.consent_until(&consent, "octo-alice", |at| at.path() == BINDING).await;
    let query = |name: &str| back.parameter(name).expect("a parameter");
    let state = |state: &str| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("session_id", &back.parameter("session_id").expect("a session"));
        query.append_pair("state", state).finish()
    };

    // Each check of a binding is made as if the page were on the agent's own host.
    let returned = state(&query("state"));
    assert_eq!(hosts.come_back("bob", &returned, &cookie).await, "another_user");
    assert_eq!(hosts.come_back("alice", &returned, "").await, "no_flow");
    assert_eq!(hosts.come_back("alice", &state("guessed"), &cookie).await, "wrong_state");
    assert_eq!(hosts.come_back("alice", &returned, &cookie).await, "connected");
    let answer = hosts.invoke(&hosts.application.token("alice"), &json!({})).await;
    assert!(answer["message"].as_str().is_some_and(|it| it.contains("diary")), "{answer}");
    assert_eq!(answer["sessionId"], SESSION);
}

/// A link of bob's at alice, a link of alice's at bob, and hosts that do not belong together.
#[tokio::test(flavor = "multi_thread")]
async fn m9_a_link_to_another_host_is_for_its_user_and_for_a_page_with_the_same_keys() {
    let hosts = Hosts::start().await;
    let link = hosts.link().await;
    assert_eq!(hosts.status_at(&link, "bob").await, StatusCode::FORBIDDEN);
    let flow = parameter(&link, "flow").expect("a flow");
    for (variable, value, status) in [
        ("CONSENT_KEY", "another-key-of-at-least-32-characters", StatusCode::BAD_REQUEST),
        ("WORKLOAD_IDENTITY_NAME", "another-agent", StatusCode::BAD_REQUEST),
        // A page that looks at browsers opens no flow that was begun without one.
        ("BROWSER_BINDING", "on", StatusCode::FORBIDDEN),
    ] {
        let other = hosts.application.another_workload(&[(variable, value)]).await;
        let other = other.join(&format!("/consent?flow={flow}")).expect("an address");
        assert_eq!(hosts.status_at(&other, "alice").await, status, "{variable}");
    }
    assert_eq!(hosts.status_at(&link, "alice").await, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn m3_a_run_without_a_thread_is_in_the_conversation_of_the_header() {
    let hosts = Hosts::start().await;
    let token = hosts.application.token("alice");
    let run = json!({ "runId": "run-1", "messages": [
        { "id": "message-1", "role": "user", "content": "Hello" },
    ] });
    let request = |id: &str| {
        let request =
            hosts.application.request(Method::POST, &hosts.runtime, "/invocations", &token);
        request.header(SESSION_HEADER, id).json(&run)
    };
    let events = request(SESSION).send().await.expect("an answer").text().await.expect("events");
    assert!(events.contains(&format!("\"threadId\":\"{SESSION}\"")), "{events}");
    let answer = request("not/a/conversation").send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let problem: Value = answer.json().await.expect("JSON");
    assert!(problem["detail"].to_string().contains("Runtime-Session-Id"), "{problem}");
}
