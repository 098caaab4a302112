//! What is answered is what the OpenAPI document says, member by member (M3, M16).

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::{Browser, Document, World};

const SESSION: &str = "described";

/// The document, as a signed-in client gets it.
async fn document_for(browser: &Browser) -> Document {
    let answer = browser.request(Method::GET, "/openapi.json").send().await.expect("an answer");
    Document::new(answer.json().await.expect("JSON"))
}

#[track_caller]
fn assert_describes(
    document: &Document,
    (method, path): (&str, &str),
    status: StatusCode,
    answer: &Value,
) {
    let response = document.response(method, path, status);
    let response = response.unwrap_or_else(|| panic!("{method} {path} {status}"));
    let content = response["content"].as_object().expect("content");
    let json = content.iter().find(|(media_type, _)| media_type.ends_with("json"));
    let (_, content) = json.expect("JSON");
    let mistake = document.mistake(&content["schema"], answer);
    assert_eq!(mistake, None, "{method} {path} {status}: {answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m16_every_kind_of_answer_is_as_the_document_describes_it() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let document = document_for(&alice).await;
    let turn = |status: StatusCode, answer: &Value| {
        assert_describes(&document, ("post", "/invocations"), status, answer);
    };

    let (status, answer) = alice.say(SESSION, "Hello!").await;
    assert_eq!(answer["status"], "completed");
    turn(status, &answer);
    let create = "Please create an issue in octo-alice/garden: Water the tomatoes";
    let (status, answer) = alice.say(SESSION, create).await;
    assert_eq!(answer["interrupts"][0]["reason"], "authorization_required");
    turn(status, &answer);
    world.consent(&alice, &answer, "octo-alice").await;
    let (status, answer) = alice.go_on(SESSION).await;
    assert_eq!(answer["interrupts"][0]["reason"], "confirmation_required", "{answer}");
    turn(status, &answer);
    let again = json!([{ "interruptId": uuid(), "status": "resolved" }]);
    let (status, answer) = alice.invoke(&json!({ "sessionId": SESSION, "resume": again })).await;
    assert_eq!(status, StatusCode::CONFLICT);
    turn(status, &answer);
    let (status, answer) = alice.invoke(&json!({ "sessionId": "", "message": "Hello!" })).await;
    assert_eq!(answer["field"], "sessionId");
    turn(status, &answer);

    for path in ["/sessions", "/sessions/described", "/connections"] {
        let answer = alice.request(Method::GET, path).send().await.expect("an answer");
        let status = answer.status();
        let answer = answer.json().await.expect("JSON");
        assert_describes(&document, ("get", path), status, &answer);
    }

    let missing = alice.request(Method::GET, "/sessions/none").send().await.expect("an answer");
    let (status, answer) = (missing.status(), missing.json().await.expect("JSON"));
    assert_describes(&document, ("get", "/sessions/none"), status, &answer);
    let text = alice.request(Method::POST, "/invocations").body("Hello!");
    let answer = text.send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let (status, answer) = (answer.status(), answer.json().await.expect("JSON"));
    turn(status, &answer);
    let foreign = alice.request(Method::POST, "/invocations");
    let foreign = foreign.header("sec-fetch-site", "cross-site").json(&json!({}));
    let answer = foreign.send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let (status, answer) = (answer.status(), answer.json().await.expect("JSON"));
    turn(status, &answer);

    world.lose_storage();
    let (status, answer) = alice.say("lost", "Hello!").await;
    assert_eq!(answer["code"], "turn_not_saved");
    turn(status, &answer);
}

fn uuid() -> &'static str {
    "00000000-0000-4000-8000-000000000000"
}

#[tokio::test(flavor = "multi_thread")]
async fn m16_an_answer_that_differs_from_the_document_is_noticed() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let document = document_for(&alice).await;
    let (_, right) = alice.say(SESSION, "Which repositories do I have, private ones too?").await;
    let schema = document.schema("InvocationAnswer");
    assert_eq!(document.mistake(schema, &right), None);
    for (pointer, wrong) in [
        ("/status", json!("done")),
        ("/interrupts/0", json!({})),
        ("/interrupts/0/reason", json!("other")),
        ("/interrupts/0/scopes", json!("repo")),
        ("/usage", json!({ "input_tokens": 1, "output_tokens": 1 })),
    ] {
        let mut answer = right.clone();
        *answer.pointer_mut(pointer).expect("a member") = wrong;
        assert!(document.mistake(schema, &answer).is_some(), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m16_a_code_that_an_operation_does_not_list_is_noticed() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let document = document_for(&alice).await;
    let missing = alice.request(Method::GET, "/sessions/none").send().await.expect("an answer");
    let mut problem: Value = missing.json().await.expect("JSON");
    let response = document.response("get", "/sessions/none", StatusCode::NOT_FOUND);
    let content = &response.expect("a response")["content"];
    let schema = &content["application/problem+json"]["schema"];
    assert_eq!(document.mistake(schema, &problem), None);
    for (member, wrong) in [("code", json!("turn_in_progress")), ("status", json!(409))] {
        let right = std::mem::replace(&mut problem[member], wrong);
        assert!(document.mistake(schema, &problem).is_some(), "{problem}");
        problem[member] = right;
    }
}
