//! Amazon Bedrock's ConverseStream from a model that does as it is told by the last words of the user:
//! `bench:words=N`, `bench:tool`, `bench:first` (a word that says when it was said), `bench:wait` (a word, and
//! then silence) or `bench:long` (64 KiB of words, and then silence).

use std::convert::Infallible;

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::Response;
use http_body_util::{StreamBody, combinators::BoxBody};
use hyper::body::Frame;
use serde_json::{Value, json};

use super::Reply;
use crate::process::monotonic;

/// So much of a pause that a word is in no packet with the head of its answer.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(5);

pub(super) fn answer(asked: &str) -> Reply {
    let told = asked.rsplit("bench:").next().unwrap_or_default();
    if told.starts_with("tool") && !asked.contains(r#""toolResult""#) {
        return streamed(stream::iter(call()));
    }
    if told.starts_with("first") {
        let word = stream::once(async {
            tokio::time::sleep(PAUSE).await;
            word(&format!("at={};", monotonic().as_nanos()))
        });
        return streamed(stream::iter([begin()]).chain(word).chain(stream::iter(end("end_turn"))));
    }
    if told.starts_with("wait") {
        let first = stream::iter([begin(), word("A word, ")]);
        return streamed(first.chain(stream::pending()));
    }
    if told.starts_with("long") {
        let words = stream::repeat(word(&"x".repeat(256))).take(256);
        return streamed(stream::iter([begin()]).chain(words).chain(stream::pending()));
    }
    let words = told.trim_start_matches(|it: char| !it.is_ascii_digit());
    let words = words.split(|it: char| !it.is_ascii_digit()).next().and_then(|it| it.parse().ok());
    let words = stream::repeat(word("word ")).take(words.unwrap_or(10));
    streamed(stream::iter([begin()]).chain(words).chain(stream::iter(end("end_turn"))))
}

fn streamed(frames: impl Stream<Item = Bytes> + Send + Sync + 'static) -> Reply {
    let body = StreamBody::new(frames.map(|frame| Ok::<_, Infallible>(Frame::data(frame))));
    let answer = Response::builder().header("content-type", "application/vnd.amazon.eventstream");
    answer.body(BoxBody::new(body)).expect("an answer")
}

fn frame(kind: &str, body: &Value) -> Bytes {
    let header = |name: &'static str, value: &str| {
        Header::new(name, HeaderValue::String(value.to_owned().into()))
    };
    let message = Message::new(body.to_string())
        .add_header(header(":event-type", kind))
        .add_header(header(":content-type", "application/json"))
        .add_header(header(":message-type", "event"));
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).expect("a frame");
    bytes.into()
}

fn begin() -> Bytes {
    frame("messageStart", &json!({ "role": "assistant" }))
}

fn word(text: &str) -> Bytes {
    let body = json!({ "contentBlockIndex": 0, "delta": { "text": text } });
    frame("contentBlockDelta", &body)
}

fn end(stop: &str) -> [Bytes; 3] {
    [
        frame("contentBlockStop", &json!({ "contentBlockIndex": 0 })),
        frame("messageStop", &json!({ "stopReason": stop })),
        frame(
            "metadata",
            &json!({
                "usage": { "inputTokens": 10, "outputTokens": 300, "totalTokens": 310 },
                "metrics": { "latencyMs": 1 }
            }),
        ),
    ]
}

/// It calls the tool that lists repositories.
fn call() -> Vec<Bytes> {
    let tool = json!({ "toolUseId": "tooluse_0", "name": "github_list_repositories" });
    let mut frames = vec![
        begin(),
        frame(
            "contentBlockStart",
            &json!({ "contentBlockIndex": 0, "start": { "toolUse": tool } }),
        ),
    ];
    for part in ["{\"visibility\":", " \"public\"}"] {
        let delta = json!({ "toolUse": { "input": part } });
        let body = json!({ "contentBlockIndex": 0, "delta": delta });
        frames.push(frame("contentBlockDelta", &body));
    }
    frames.extend(end("tool_use"));
    frames
}
