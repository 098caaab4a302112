//! Bad input gets a clear error, the same on every platform (M3, M15).

use local::options::Platform;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;
use tests::{Browser, World};

struct Case {
    name: &'static str,
    method: Method,
    path: &'static str,
    media_type: &'static str,
    body: &'static str,
    status: StatusCode,
    /// The member that the problem names, if it names one.
    field: Option<&'static str>,
}

const fn post(name: &'static str, body: &'static str, field: Option<&'static str>) -> Case {
    let (path, media_type) = ("/invocations", "application/json");
    Case {
        name,
        method: Method::POST,
        path,
        media_type,
        body,
        status: StatusCode::BAD_REQUEST,
        field,
    }
}

fn cases() -> Vec<Case> {
    let good = r#"{"sessionId":"s","message":"hello"}"#;
    vec![
        post("no JSON", "{", None),
        post("no object", "[]", None),
        post("empty", "", None),
        post("no sessionId", r#"{"message":"hello"}"#, Some("sessionId")),
        post("empty sessionId", r#"{"sessionId":"","message":"hello"}"#, Some("sessionId")),
        post(
            "sessionId with a path",
            r#"{"sessionId":"../bob/s","message":"hello"}"#,
            Some("sessionId"),
        ),
        post(
            "sessionId of another type",
            r#"{"sessionId":7,"message":"hello"}"#,
            Some("sessionId"),
        ),
        post("nothing to do", r#"{"sessionId":"s"}"#, Some("message")),
        post("empty message", r#"{"sessionId":"s","message":""}"#, Some("message")),
        post("blank message", r#"{"sessionId":"s","message":" \n\t"}"#, Some("message")),
        post("message of another type", r#"{"sessionId":"s","message":{}}"#, Some("message")),
        Case {
            media_type: "text/plain",
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ..post("no JSON type", good, None)
        },
        Case {
            media_type: "application/x-www-form-urlencoded",
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ..post("a form", good, None)
        },
        Case {
            method: Method::GET,
            status: StatusCode::METHOD_NOT_ALLOWED,
            ..post("GET", "", None)
        },
        Case {
            method: Method::DELETE,
            path: "/docs/",
            status: StatusCode::METHOD_NOT_ALLOWED,
            ..post("DELETE", "", None)
        },
        Case {
            path: "/oauth2/session-binding",
            status: StatusCode::METHOD_NOT_ALLOWED,
            ..post("POST to the binder", good, None)
        },
        Case {
            method: Method::GET,
            path: "/docs/nothing.js",
            status: StatusCode::NOT_FOUND,
            ..post("no such file", "", None)
        },
    ]
}

fn request(browser: &Browser, case: &Case) -> RequestBuilder {
    let request = browser.request(case.method.clone(), case.path);
    let request = request.header("sec-fetch-site", "same-origin");
    if case.method == Method::POST {
        return request.header("content-type", case.media_type).body(case.body);
    }
    request
}

async fn bad_input_is_refused(platform: Platform) {
    let world = World::on(platform).await;
    let alice = world.browser_of("alice").await;
    for case in cases() {
        let answer = request(&alice, &case).send().await.expect("an answer");
        let name = case.name;
        assert_eq!(answer.status(), case.status, "{name}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{name}");
        let id = answer.headers()["x-request-id"].to_str().expect("an id").to_owned();
        let allow = answer.headers().get("allow").cloned();
        assert_eq!(allow.is_some(), case.status == StatusCode::METHOD_NOT_ALLOWED, "{name}");
        let problem: Value = answer.json().await.expect("a problem");
        assert_eq!(problem["requestId"], id.as_str(), "{name}");
        assert_eq!(problem["status"], case.status.as_u16(), "{name}");
        assert_eq!(problem["field"].as_str(), case.field, "{name}: {problem}");
    }
    world.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m3_bad_input_is_refused_in_one_process() {
    bad_input_is_refused(Platform::InProcess).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_bad_input_is_refused_by_the_container_binaries() {
    bad_input_is_refused(Platform::Container).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_bad_input_is_refused_by_the_lambda_binaries() {
    bad_input_is_refused(Platform::Lambda).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m3_a_body_of_1_mib_passes_and_one_byte_more_does_not() {
    const LIMIT: usize = 1_048_576;
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let send = |length: usize| {
        let frame = r#"{"sessionId":"s","message":""}"#;
        let body = frame.replace(r#""""#, &format!(r#""{}""#, "a".repeat(length - frame.len())));
        assert_eq!(body.len(), length);
        let target = world.running.addresses.invoke.join("/invocations").expect("an address");
        let request =
            reqwest::Client::new().post(target).header("content-type", "application/json");
        request.body(body).send()
    };
    // Not signed in: whether the body was read shows in which refusal it is.
    assert_eq!(send(LIMIT).await.expect("an answer").status(), StatusCode::UNAUTHORIZED);
    let answer = send(LIMIT + 1).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    drop(alice);
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_a_turn_that_failed_never_answers_200_and_leaves_no_trace() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    for (message, status) in [
        ("fail please", StatusCode::SERVICE_UNAVAILABLE),
        ("break the stream", StatusCode::SERVICE_UNAVAILABLE),
    ] {
        let (got, problem) = alice.say("failing", message).await;
        assert_eq!(got, status, "{message}: {problem}");
        assert!(problem["requestId"].is_string(), "{problem}");
        assert!(!world.everything_saved().await.contains(message), "{message} was saved");
    }
    let (status, answer) = alice.say("failing", "Hello").await;
    assert_eq!(status, StatusCode::OK, "the conversation goes on: {answer}");
}
