//! What the scripted model does for some words of the user's, and how it is streamed.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::request::ChatRequest;

pub(super) enum Script {
    Says(String),
    /// Names and arguments.
    Calls(Vec<(&'static str, String)>),
    /// The stream ends with an error after this text.
    BreaksAfter(String),
    /// A content filter ends the stream after this text.
    FilteredAfter(String),
    /// A status, a type, a code and a message.
    Refuses(StatusCode, &'static str, &'static str, &'static str),
}

/// What is refused for which words.
const REFUSALS: [(&str, StatusCode, &str, &str, &str); 3] = [
    (
        "(no quota)",
        StatusCode::TOO_MANY_REQUESTS,
        "insufficient_quota",
        "insufficient_quota",
        "You exceeded your current quota, please check your plan and billing details.",
    ),
    (
        "(too many)",
        StatusCode::TOO_MANY_REQUESTS,
        "requests",
        "rate_limit_exceeded",
        "Rate limit reached for gpt-scripted",
    ),
    (
        "(too long)",
        StatusCode::BAD_REQUEST,
        "invalid_request_error",
        "context_length_exceeded",
        "This model's maximum context length is 8192 tokens.",
    ),
];

pub(super) fn answer(request: &ChatRequest) -> Script {
    let results = request.results();
    if !results.is_empty() {
        return Script::Says(format!("The tools say: {}", results.join(" | ")));
    }
    let said = request.said();
    if let Some((_, status, kind, code, message)) =
        REFUSALS.into_iter().find(|(words, ..)| said.contains(words))
    {
        return Script::Refuses(status, kind, code, message);
    }
    if said.contains("(breaks)") {
        return Script::BreaksAfter("I begin, and then".to_owned());
    }
    if said.contains("(is filtered)") {
        return Script::FilteredAfter("I begin, and then".to_owned());
    }
    let mut calls = Vec::new();
    if said.contains("repositories") {
        let input = match said.contains("private ones") {
            true => json!({ "visibility": "all" }),
            false => json!({}),
        };
        calls.push(("github_list_repositories", input));
    }
    if said.contains("Who am I") {
        calls.push(("github_get_profile", json!({})));
    }
    calls.extend(issue(said).map(|input| ("github_create_issue", input)));
    calls.retain(|(name, _)| request.offers(name));
    if calls.is_empty() {
        return Script::Says(format!("You said: {said}"));
    }
    Script::Calls(calls.into_iter().map(|(name, input)| (name, input.to_string())).collect())
}

/// `… issue in {owner}/{repo}: {title}`.
fn issue(text: &str) -> Option<Value> {
    let (repository, title) = text.split_once("ssue in ")?.1.split_once(": ")?;
    let (owner, repo) = repository.split_once('/')?;
    Some(json!({ "owner": owner, "repo": repo, "title": title }))
}

/// The stream of a text, in words, that ends for a reason.
pub(super) fn says(text: &str, finish_reason: &str) -> Vec<String> {
    let mut events = vec![begin(&json!("")), said_part("")];
    events.extend(text.split_inclusive(' ').map(said_part));
    events.push(chunk(&json!({}), &json!(finish_reason)));
    end(events)
}

/// The stream of calls: id and name first, and then the arguments in pieces.
pub(super) fn calls(calls: &[(&'static str, String)]) -> Vec<String> {
    let mut events = vec![begin(&Value::Null)];
    for (index, (name, arguments)) in calls.iter().enumerate() {
        let part = |call: Value| chunk(&json!({ "tool_calls": [call] }), &Value::Null);
        let function = json!({ "name": name, "arguments": "" });
        let id = format!("call_{name}_with_an_id_of_more_than_forty_characters");
        events.push(part(
            json!({ "index": index, "id": id, "type": "function", "function": function }),
        ));
        let pieces: Vec<char> = arguments.chars().collect();
        for piece in pieces.chunks(3) {
            let piece: String = piece.iter().collect();
            events.push(part(json!({ "index": index, "function": { "arguments": piece } })));
        }
    }
    events.push(chunk(&json!({}), &json!("tool_calls")));
    end(events)
}

/// The stream of a text that ends in an error.
pub(super) fn breaks_after(text: &str) -> Vec<String> {
    let error =
        json!({ "message": "The server had an error", "type": "server_error", "code": null });
    vec![begin(&json!("")), said_part(text), event(&json!({ "error": error }))]
}

fn begin(content: &Value) -> String {
    chunk(&json!({ "role": "assistant", "content": content, "refusal": null }), &Value::Null)
}

fn said_part(text: &str) -> String {
    chunk(&json!({ "content": text }), &Value::Null)
}

fn end(mut events: Vec<String>) -> Vec<String> {
    let details = json!({ "cached_tokens": 8, "audio_tokens": 0 });
    let usage = json!({
        "prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30, "prompt_tokens_details": details
    });
    events.push(event(&json!({
        "id": "chatcmpl-123", "object": "chat.completion.chunk", "created": 1_694_268_190,
        "model": super::MODEL, "choices": [], "usage": usage
    })));
    events.push("data: [DONE]\n\n".to_owned());
    events
}

fn chunk(delta: &Value, finish_reason: &Value) -> String {
    let choice =
        json!({ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason });
    event(&json!({
        "id": "chatcmpl-123", "object": "chat.completion.chunk", "created": 1_694_268_190,
        "model": super::MODEL, "choices": [choice], "usage": null
    }))
}

fn event(data: &Value) -> String {
    format!("data: {data}\n\n")
}
