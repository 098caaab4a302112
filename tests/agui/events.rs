//! Runs and their events. Every event of every test is checked against the official schema
//! (`schema-1.0.json`, from <https://github.com/ag-ui-protocol/ag-ui>; MIT, see `LICENSE`), and every
//! stream against the order that the protocol's own client insists on.

use std::sync::OnceLock;

use boon::{Compiler, SchemaIndex, Schemas};
use reqwest::{Method, Response, StatusCode, header};
use serde_json::{Value, json};
use tests::Browser;

/// A run in the conversation `thread` that brings the user's `messages`, as pairs of id and words.
pub(super) fn input(thread: &str, messages: &[(&str, &str)]) -> Value {
    let message = |(id, text): &(&str, &str)| json!({ "id": id, "role": "user", "content": text });
    let messages: Vec<Value> = messages.iter().map(message).collect();
    json!({
        "threadId": thread, "runId": format!("run of {thread}"), "protocolVersion": "1.0",
        "messages": messages, "tools": [], "context": [], "state": {}, "forwardedProps": {},
    })
}

/// The same with answers to interrupts.
pub(super) fn resuming(mut input: Value, answers: &[Value]) -> Value {
    input["resume"] = answers.into();
    input
}

pub(super) fn resolved(interrupt: &Value) -> Value {
    json!({ "interruptId": interrupt["id"], "status": "resolved" })
}

/// Sends a body as AG-UI's clients do.
pub(super) async fn send(browser: &Browser, body: &Value) -> Response {
    let request = browser.request(Method::POST, "/invocations").json(body);
    let request = request.header("sec-fetch-site", "same-origin");
    request.header(header::ACCEPT, "text/event-stream").send().await.expect("an answer")
}

/// The events that answer `body`.
pub(super) async fn events(browser: &Browser, body: &Value) -> Vec<Value> {
    let answer = send(browser, body).await;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let text = answer.text().await.expect("a body");
    assert_eq!(status, StatusCode::OK, "{text}");
    for (name, value) in [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-store"),
        ("x-accel-buffering", "no"),
    ] {
        assert_eq!(headers.get(name).and_then(|it| it.to_str().ok()), Some(value), "{name}");
    }
    checked(&text)
}

/// The events of a whole stream, checked.
#[track_caller]
pub(super) fn checked(stream: &str) -> Vec<Value> {
    assert!(!stream.contains('\r') && stream.ends_with("\n\n"), "{stream}");
    let parts = stream.split_terminator("\n\n").filter(|part| *part != ": ");
    let data = parts.map(|part| part.strip_prefix("data: ").expect("data"));
    let events: Vec<Value> = data.map(|it| serde_json::from_str(it).expect("JSON")).collect();
    let mut open: Vec<&Value> = Vec::new();
    for (at, event) in events.iter().enumerate() {
        assert_schema(event);
        let kind = kind(event);
        assert_eq!(kind == "RUN_STARTED", at == 0, "{stream}");
        let is_end = kind == "RUN_FINISHED" || kind == "RUN_ERROR";
        assert_eq!(is_end, at + 1 == events.len(), "{stream}");
        let id = match kind {
            "TEXT_MESSAGE_START" | "TEXT_MESSAGE_CONTENT" | "TEXT_MESSAGE_END" => "messageId",
            _ => "toolCallId",
        };
        match kind {
            "TEXT_MESSAGE_START" | "TOOL_CALL_START" => open.push(&event[id]),
            "TEXT_MESSAGE_END" | "TOOL_CALL_END" => assert_eq!(open.pop(), Some(&event[id])),
            "TEXT_MESSAGE_CONTENT" | "TOOL_CALL_ARGS" => assert_eq!(open.last(), Some(&&event[id])),
            _ => assert!(open.is_empty(), "{kind} while {open:?} is open: {stream}"),
        }
    }
    events
}

pub(super) fn kind(event: &Value) -> &str {
    event["type"].as_str().expect("a type")
}

pub(super) fn kinds(events: &[Value]) -> Vec<&str> {
    let mut kinds: Vec<&str> = events.iter().map(kind).collect();
    kinds.dedup();
    kinds
}

pub(super) fn of_kind<'a>(events: &'a [Value], wanted: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| kind(event) == wanted).collect()
}

/// Everything that the agent says.
pub(super) fn said(events: &[Value]) -> String {
    of_kind(events, "TEXT_MESSAGE_CONTENT").iter().filter_map(|it| it["delta"].as_str()).collect()
}

/// Why the run ended.
#[track_caller]
pub(super) fn outcome(events: &[Value]) -> &str {
    let last = events.last().expect("an event");
    last["outcome"]["type"].as_str().unwrap_or_else(|| panic!("no outcome: {last}"))
}

/// What the run waits for.
#[track_caller]
pub(super) fn interrupts(events: &[Value]) -> &Vec<Value> {
    assert_eq!(outcome(events), "interrupt", "{events:?}");
    events.last().and_then(|it| it["outcome"]["interrupts"].as_array()).expect("interrupts")
}

#[track_caller]
fn assert_schema(event: &Value) {
    static SCHEMA: OnceLock<(Schemas, SchemaIndex)> = OnceLock::new();
    let (schemas, index) = SCHEMA.get_or_init(|| {
        let schema = serde_json::from_str(include_str!("schema-1.0.json")).expect("a schema");
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        let place = "https://ag-ui.com/spec/1.0/schema.json";
        compiler.add_resource(place, schema).expect("a schema");
        let index = compiler.compile(place, &mut schemas).expect("a schema");
        (schemas, index)
    });
    if let Err(error) = schemas.validate(event, *index) {
        panic!("{event} is not of the schema: {error}");
    }
}
