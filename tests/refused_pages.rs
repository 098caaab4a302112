//! What a person's browser is shown where there is nothing for it, and what a program is told there.

use reqwest::{Client, Method, StatusCode, header};
use serde_json::Value;
use tests::{Browser, Fate, Setup, World};

const NAVIGATION: &str = "text/html,application/xhtml+xml,*/*;q=0.8";
const BINDING: &str = "/oauth2/session-binding";

/// An answer at an address of the services, as a person's browser or a program reads it.
#[derive(Debug)]
struct Told {
    status: StatusCode,
    id: String,
    media_type: String,
    allow: Option<String>,
    text: String,
}

async fn told(request: reqwest::RequestBuilder, accept: &str) -> Told {
    let answer = request.header("accept", accept).send().await.expect("an answer");
    let text = |name: &str| {
        let value = answer.headers().get(name)?;
        Some(value.to_str().expect("text").to_owned())
    };
    Told {
        status: answer.status(),
        id: text("x-request-id").expect("an answer of the services"),
        media_type: text(header::CONTENT_TYPE.as_str()).expect("a media type"),
        allow: text(header::ALLOW.as_str()),
        text: answer.text().await.expect("a body"),
    }
}

impl Told {
    fn assert_page(&self, status: StatusCode, icon: &str, heading: &str, next: &str) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.media_type, "text/html; charset=utf-8", "{}", self.text);
        for part in [
            format!("aria-label=\"{icon}\""),
            format!("<h1>{heading}</h1>"),
            format!("<a href=\"/\">{next}</a>"),
            format!("request <code>{}</code>", self.id),
        ] {
            assert!(self.text.contains(&part), "{part} is missing: {}", self.text);
        }
    }

    fn assert_problem(&self, status: StatusCode, code: &str) {
        assert_eq!((self.status, self.media_type.as_str()), (status, "application/problem+json"));
        let problem: Value = serde_json::from_str(&self.text).expect("JSON");
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["requestId"], self.id, "{problem}");
    }
}

const BACK: &str = "Back to the conversation";

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_browser_gets_a_page_with_the_requests_id_and_a_program_a_problem() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let not_found = (StatusCode::NOT_FOUND, "not_found", "Not found", "Page not found");
    let other =
        (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Refused", "This is no page");
    let result = format!("{BINDING}?result=unknown");
    for (method, path, (status, code, icon, heading)) in [
        (Method::GET, "/c/two/parts", not_found),
        (Method::GET, "/docs/nothing.js", not_found),
        (Method::GET, result.as_str(), not_found),
        (Method::GET, "/invocations", other),
        (Method::PUT, BINDING, other),
    ] {
        let request = || alice.request(method.clone(), path);
        let page = told(request(), NAVIGATION).await;
        page.assert_page(status, icon, heading, BACK);
        let problem = told(request(), "application/json").await;
        problem.assert_problem(status, code);
        told(request(), "*/*").await.assert_problem(status, code);
        assert_eq!(page.allow, problem.allow, "{path}");
        assert_eq!(page.allow.is_some(), status == StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
    // Who is signed in, where the service has looked.
    let page = told(alice.request(Method::GET, "/docs/nothing.js"), NAVIGATION).await;
    assert!(page.text.contains("Signed in as <b>Alice Example</b>"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn m2_a_browser_without_a_sign_in_gets_a_page_of_either_service() {
    let world = World::in_process().await;
    let client = Client::new();
    let addresses = &world.running.addresses;
    let at = |service: &url::Url, path: &str| client.get(service.join(path).expect("an address"));
    let page = told(at(&addresses.invoke, "/"), NAVIGATION).await;
    let unauthorized = StatusCode::UNAUTHORIZED;
    page.assert_page(unauthorized, "Not signed in", "You are not signed in", "Sign in");
    assert!(!page.text.contains("Signed in as"), "{}", page.text);
    told(at(&addresses.invoke, "/"), "*/*").await.assert_problem(unauthorized, "unauthorized");
    let host =
        addresses.application[url::Position::BeforeHost..url::Position::AfterPort].to_owned();
    let page = told(at(&addresses.bind_session, BINDING).header("host", host), NAVIGATION).await;
    page.assert_page(unauthorized, "Not signed in", "Sign in first", "Sign in");
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_page_tells_of_a_failure_of_ours_without_its_cause() {
    let (world, proxies) = World::proxied(Setup::default()).await;
    let alice = world.browser_of("alice").await;
    let denied = "User: arn:aws:sts::1:assumed-role/x is not authorized to perform: s3:ListBucket";
    proxies.s3.rule(|_| Fate::aws_error(StatusCode::FORBIDDEN, "AccessDenied", denied));
    let page = told(alice.request(Method::GET, "/sessions"), NAVIGATION).await;
    page.assert_page(StatusCode::BAD_GATEWAY, "Failure", "Something is wrong on our side", BACK);
    assert!(!page.text.contains("arn:aws") && !page.text.contains("ListBucket"), "{}", page.text);
    let stale = alice.request(Method::GET, "/sessions").header("x-countersign-user", "another's");
    let page = told(stale, NAVIGATION).await;
    let heading = "Another person is signed in now";
    page.assert_page(StatusCode::CONFLICT, "Refused: another person's", heading, BACK);
}

/// Follows `link` as a person and as a program; neither gets any further.
async fn refused(browser: &Browser, link: &str, status: StatusCode, expected: [&str; 3]) -> String {
    let [code, icon, heading] = expected;
    let page = told(browser.request(Method::GET, link), NAVIGATION).await;
    page.assert_page(status, icon, heading, BACK);
    told(browser.request(Method::GET, link), "application/json").await.assert_problem(status, code);
    page.text
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_the_link_of_a_consent_says_by_an_icon_and_in_words_why_it_is_refused() {
    let world = World::in_process().await;
    let (alice, bob) = (world.browser_of("alice").await, world.browser_of("bob").await);
    let link = world.ask(&alice, "a").await;
    let yours = ["another_user", "Refused: another person's", "This request is not yours"];
    let page = refused(&bob, &link, StatusCode::FORBIDDEN, yours).await;
    assert!(page.contains("Signed in as <b>Bob Example</b>") && !page.contains("Alice"), "{page}");
    let elsewhere = world.browser_of("alice").await;
    let here =
        ["another_browser", "Refused: another browser's", "This was not asked for in this browser"];
    refused(&elsewhere, &link, StatusCode::FORBIDDEN, here).await;
    let malformed = ["malformed", "Refused: wrong link", "This link is incomplete"];
    refused(&alice, "/consent?flow=x", StatusCode::BAD_REQUEST, malformed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m16_pages_have_the_colours_of_the_chat_page() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let text = async |path: &str| told(alice.request(Method::GET, path), NAVIGATION).await.text;
    let chat = text("/").await;
    let style = chat.split('"').find(|it| it.ends_with("/chat.css")).expect("a style");
    let style = text(style).await;
    let page = text("/c/two/parts").await;
    let (_, root) = page.split_once(":root{").expect("colours");
    let (root, _) = root.split_once('}').expect("their end");
    let colours: Vec<&str> =
        root.split(';').map(str::trim).filter(|it| it.starts_with("--")).collect();
    assert!(colours.len() > 9, "{colours:?}");
    for colour in colours {
        assert!(colour.contains("light-dark(") && style.contains(colour), "{colour}");
    }
}
