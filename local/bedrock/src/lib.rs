#![doc = include_str!("../README.md")]

mod conversation;
mod families;
mod form;
mod frames;
mod guardrail;
mod habits;
mod help;
mod intents;
mod missing;
mod model_answer;
mod models;
mod obedience;
mod phrases;
pub mod real;
mod request;
mod script;
mod servers;
mod summaries;
#[cfg(test)]
mod tests;
mod thinking;
mod wordings;

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use futures_util::{StreamExt, stream};
use serde_json::json;

use stand_in::PRIVATE_STEP;

use self::{model_answer::Script, request::Request};

pub use self::{real::ModelError, thinking::THOUGHT};

/// The runtime's `ConverseStream`.
pub fn router() -> Router {
    Router::new().route("/model/{model}/converse-stream", post(converse_stream))
}

async fn converse_stream(Path(model): Path<String>, body: Bytes) -> Response {
    let request = Request::parse(&body)
        .and_then(|request| families::refusal(&model, &request).map_or(Ok(request), Err));
    let request = match request {
        Ok(request) => request,
        Err(rule) => return exception(StatusCode::BAD_REQUEST, "ValidationException", &rule),
    };
    log_request(&request);
    if let Some(refusal) = models::refusal(&model, &request.raw) {
        return exception(refusal.status, refusal.name, refusal.message);
    }
    let frames = match script::answer(&request) {
        Script::Throttled => {
            let message = "Too many requests, please wait before trying again.";
            return exception(StatusCode::TOO_MANY_REQUESTS, "ThrottlingException", message);
        }
        Script::Refused(rule) => {
            return exception(StatusCode::BAD_REQUEST, "ValidationException", &rule);
        }
        Script::NoAnswer => Body::from_stream(stream::pending::<std::io::Result<Bytes>>()),
        Script::BrokenAfter(text) => events(frames::broken_after(&text)),
        Script::Fails(kind, message) => events(frames::failing(kind, message)),
        Script::Answer(answer) => {
            if answer.calls.is_empty() {
                let text = excerpt(&answer.text);
                tracing::info!(target: PRIVATE_STEP, step = "model_answered", text, "the model answers");
            } else {
                let tools: Vec<_> = answer.calls.iter().map(|call| call.tool.as_str()).collect();
                let tools = tools.join(", ");
                tracing::info!(target: PRIVATE_STEP, step = "tools_requested", tools, "tools");
            }
            events(frames::answer(&answer))
        }
    };
    let mut reply = Response::new(frames);
    let media_type = HeaderValue::from_static("application/vnd.amazon.eventstream");
    reply.headers_mut().insert(header::CONTENT_TYPE, media_type);
    reply
}

/// Logs what the real model is asked, if the request can be parsed.
fn log_request_if_valid(body: &[u8]) {
    if let Ok(request) = Request::parse(body) {
        log_request(&request);
    }
}

fn log_request(request: &Request) {
    if let Some(text) = request.user_message() {
        let text = excerpt(&text);
        tracing::info!(target: PRIVATE_STEP, step = "model_asked", text, "the model is asked");
    } else {
        tracing::info!(target: PRIVATE_STEP, step = "tool_results", "the model gets tool results");
    }
}

/// The first 100 characters.
fn excerpt(text: &str) -> String {
    text.chars().take(100).collect()
}

/// Sends each event in a chunk of its own, as a model does.
fn events(frames: Vec<Bytes>) -> Body {
    Body::from_stream(stream::iter(frames).map(Ok::<_, std::io::Error>))
}

fn exception(status: StatusCode, name: &'static str, message: &str) -> Response {
    let mut reply = (status, Json(json!({ "message": message }))).into_response();
    reply.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(name));
    reply
}
