//! Messages of the model as event-stream frames (Smithy, "Amazon Event Stream Specification").

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use axum::body::Bytes;
use serde_json::{Value, json};

use super::{model_answer::ModelAnswer, thinking::Reasoning};

/// Bytes of text, or of a tool's input, that one delta holds.
const FRAGMENT: usize = 12;

/// Returns the events of `answer`.
pub(super) fn answer(answer: &ModelAnswer) -> Vec<Bytes> {
    let mut events = vec![event("messageStart", &json!({ "role": "assistant" }))];
    let mut block = 0;
    for reasoning in &answer.reasoning {
        for part in parts(reasoning) {
            events.push(delta(block, &json!({ "reasoningContent": part })));
        }
        events.push(event("contentBlockStop", &json!({ "contentBlockIndex": block })));
        block += 1;
    }
    if !answer.text.is_empty() {
        for text in fragments(&answer.text) {
            events.push(delta(block, &json!({ "text": text })));
        }
        events.push(event("contentBlockStop", &json!({ "contentBlockIndex": block })));
        block += 1;
    }
    for call in &answer.calls {
        let start = json!({ "toolUse": { "toolUseId": call.id, "name": call.tool } });
        let start = json!({ "contentBlockIndex": block, "start": start });
        events.push(event("contentBlockStart", &start));
        for input in fragments(&call.input) {
            events.push(delta(block, &json!({ "toolUse": { "input": input } })));
        }
        events.push(event("contentBlockStop", &json!({ "contentBlockIndex": block })));
        block += 1;
    }
    events.push(event("messageStop", &json!({ "stopReason": answer.stop_reason })));
    let (input, output) = (answer.input_tokens, answer.text.len() / 4 + 1);
    let kept = answer.kept_tokens;
    let usage = json!({
        "inputTokens": input, "outputTokens": output, "totalTokens": input + output + kept,
        "cacheReadInputTokens": 0, "cacheWriteInputTokens": kept,
    });
    events.push(event("metadata", &json!({ "usage": usage, "metrics": { "latencyMs": 1 } })));
    events
}

/// Returns a reasoning block as its deltas: the words, if there are any, and then their signature.
fn parts(reasoning: &Reasoning) -> Vec<Value> {
    match reasoning {
        Reasoning::ReasoningText { text, signature } => {
            let words = fragments(text).into_iter().map(|text| json!({ "text": text }));
            let signature = signature.iter().map(|signature| json!({ "signature": signature }));
            words.chain(signature).collect()
        }
        Reasoning::RedactedContent(content) => vec![json!({ "redactedContent": content })],
    }
}

/// Returns the events of a text that ends in an exception.
pub(super) fn broken_after(text: &str) -> Vec<Bytes> {
    let message = json!({ "message": "The model stopped." });
    vec![
        event("messageStart", &json!({ "role": "assistant" })),
        delta(0, &json!({ "text": text })),
        frame("exception", ":exception-type", "modelStreamErrorException", &message),
    ]
}

/// Returns the events of a stream that ends in an exception before it holds anything.
pub(super) fn failing(kind: &'static str, message: &str) -> Vec<Bytes> {
    let message = json!({ "message": message });
    vec![
        event("messageStart", &json!({ "role": "assistant" })),
        frame("exception", ":exception-type", kind, &message),
    ]
}

fn delta(block: usize, delta: &Value) -> Bytes {
    event("contentBlockDelta", &json!({ "contentBlockIndex": block, "delta": delta }))
}

fn event(name: &'static str, payload: &Value) -> Bytes {
    frame("event", ":event-type", name, payload)
}

fn frame(
    kind: &'static str,
    type_header: &'static str,
    name: &'static str,
    payload: &Value,
) -> Bytes {
    let header = |name: &'static str, value: &'static str| {
        Header::new(name, HeaderValue::String(value.into()))
    };
    let message = Message::new(payload.to_string())
        .add_header(header(":message-type", kind))
        .add_header(header(type_header, name))
        .add_header(header(":content-type", "application/json"));
    let mut frame = Vec::new();
    // Only a message over 16 MiB can't be written, and no script is that long.
    match write_message_to(&message, &mut frame) {
        Ok(()) => frame.into(),
        Err(_) => Bytes::new(),
    }
}

fn fragments(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(FRAGMENT).map(|chunk| chunk.iter().collect()).collect()
}
