//! A server that speaks OpenAI's chat completions, as strictly as OpenAI's own: a scripted model that
//! streams in the published shapes.
//!
//! Sources: OpenAI API Reference, "Create chat completion" and "The chat completion chunk object"; OpenAI,
//! "Function calling" and "Error codes".

mod request;
mod script;

use axum::{
    Json, Router,
    body::{Body, Bytes},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

use self::{request::ChatRequest, script::Script};

/// The only model that it has.
pub const MODEL: &str = "gpt-scripted";
/// The only key that it takes. It begins as OpenAI's do, so that it is found wherever it is written down.
pub const KEY: &str = "sk-proj-of-the-end-to-end-tests";

/// Serves it. Returns its address.
///
/// # Panics
/// When nothing can be listened on.
pub async fn serve() -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = Router::new().route("/v1/chat/completions", post(complete));
    tokio::spawn(async { axum::serve(listener, router).await });
    Url::parse(&format!("http://{address}")).expect("an address")
}

async fn complete(headers: HeaderMap, body: Bytes) -> Response {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if bearer != Some(&format!("Bearer {KEY}")) {
        let given = bearer.unwrap_or_default().trim_start_matches("Bearer ");
        let message = format!("Incorrect API key provided: {given}.");
        return error(
            StatusCode::UNAUTHORIZED,
            "invalid_request_error",
            "invalid_api_key",
            &message,
        );
    }
    let request = match ChatRequest::parse(&body) {
        Ok(request) => request,
        Err(rule) => return error(StatusCode::BAD_REQUEST, "invalid_request_error", "", &rule),
    };
    if request.model != MODEL {
        let message = format!("The model `{}` does not exist", request.model);
        return error(StatusCode::NOT_FOUND, "invalid_request_error", "model_not_found", &message);
    }
    match script::answer(&request) {
        Script::Says(text) => events(script::says(&text, "stop")),
        Script::FilteredAfter(text) => events(script::says(&text, "content_filter")),
        Script::Calls(calls) => events(script::calls(&calls)),
        Script::BreaksAfter(text) => events(script::breaks_after(&text)),
        Script::Refuses(status, kind, code, message) => error(status, kind, code, message),
    }
}

fn events(chunks: Vec<String>) -> Response {
    let chunks = chunks.into_iter().map(|chunk| Ok::<_, std::io::Error>(Bytes::from(chunk)));
    let headers = [(header::CONTENT_TYPE, "text/event-stream; charset=utf-8")];
    (headers, Body::from_stream(stream::iter(chunks))).into_response()
}

fn error(status: StatusCode, kind: &str, code: &str, message: &str) -> Response {
    let code = if code.is_empty() { Value::Null } else { code.into() };
    let error = json!({ "message": message, "type": kind, "param": null, "code": code });
    // So that what is tried again is tried at once.
    let headers = [(header::RETRY_AFTER, "0")];
    (status, headers, Json(json!({ "error": error }))).into_response()
}
