#![doc = include_str!("../README.md")]

mod frames;
pub mod real;
mod request;
mod script;

use axum::{
    Json, Router,
    body::{Body, Bytes},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use futures_util::{StreamExt, stream};
use serde_json::json;

use stand_in::SAID;

use self::{request::Request, script::Script};

pub use self::real::ModelError;

/// The runtime's `ConverseStream`.
pub fn router() -> Router {
    Router::new().route("/model/{model}/converse-stream", post(converse_stream))
}

async fn converse_stream(body: Bytes) -> Response {
    let request = match Request::parse(&body) {
        Ok(request) => request,
        Err(rule) => return exception(StatusCode::BAD_REQUEST, "ValidationException", &rule),
    };
    tell(&request);
    let frames = match script::answer(&request) {
        Script::Throttled => {
            let message = "Too many requests, please wait before trying again.";
            return exception(StatusCode::TOO_MANY_REQUESTS, "ThrottlingException", message);
        }
        Script::Silence => Body::from_stream(stream::pending::<std::io::Result<Bytes>>()),
        Script::BrokenAfter(text) => events(frames::broken_after(&text)),
        Script::Says(answer) => {
            if answer.calls.is_empty() {
                let text = beginning(&answer.text);
                tracing::info!(target: SAID, step = "said", text, "the model answers");
            } else {
                let tools: Vec<_> = answer.calls.iter().map(|call| call.tool).collect();
                let tools = tools.join(", ");
                tracing::info!(target: SAID, step = "calls", tools, "the model wants tools");
            }
            events(frames::answer(&answer))
        }
    };
    let mut reply = Response::new(frames);
    let media_type = HeaderValue::from_static("application/vnd.amazon.eventstream");
    reply.headers_mut().insert(header::CONTENT_TYPE, media_type);
    reply
}

/// Reports what another model is asked, as far as it can be read.
fn tell_what_is_asked(body: &[u8]) {
    if let Ok(request) = Request::parse(body) {
        tell(&request);
    }
}

fn tell(request: &Request) {
    if let Some(text) = script::last_words(request) {
        tracing::info!(target: SAID, step = "asked", text = beginning(&text), "the model is asked");
    } else {
        tracing::info!(target: SAID, step = "results", "the model gets a tool's answer");
    }
}

/// As much of a text as is shown.
fn beginning(text: &str) -> String {
    text.chars().take(100).collect()
}

/// Each event in a chunk of its own, as a model's come.
fn events(frames: Vec<Bytes>) -> Body {
    Body::from_stream(stream::iter(frames).map(Ok::<_, std::io::Error>))
}

fn exception(status: StatusCode, name: &'static str, message: &str) -> Response {
    let mut reply = (status, Json(json!({ "message": message }))).into_response();
    reply.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(name));
    reply
}
