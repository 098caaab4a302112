//! The Invoke API, by which a load balancer or a client runs a function.
//!
//! Source: AWS Lambda API reference, "Invoke". Signatures are not checked.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::json;
use serde_json::value::RawValue;
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    Lambda, arn, error,
    function::{Function, Invocation, Outcome, Running},
};

/// "Lambda quotas": 6 MB for a synchronous invocation.
const MAX_PAYLOAD_BYTES: usize = 6_291_456;

pub(super) fn router(lambda: &Lambda) -> Router {
    Router::new()
        .route("/2015-03-31/functions/{name}/invocations", post(invoke))
        .layer(DefaultBodyLimit::disable())
        .with_state(lambda.clone())
}

async fn invoke(
    State(lambda): State<Lambda>,
    Path(name): Path<String>,
    headers: HeaderMap,
    payload: Bytes,
) -> Response {
    let id = Uuid::new_v4();
    let outcome = run(&lambda, &name, id, &headers, payload).await;
    let mut reply = match outcome {
        Ok(Outcome::Response(payload)) => payload.into_response(),
        Ok(Outcome::Error(error)) => {
            let mut reply = error.into_response();
            let unhandled = HeaderValue::from_static("Unhandled");
            reply.headers_mut().insert("x-amz-function-error", unhandled);
            reply
        }
        Err(refusal) => refusal.into_response(),
    };
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("x-amz-executed-version", HeaderValue::from_static("$LATEST"));
    if let Ok(id) = HeaderValue::try_from(id.to_string()) {
        headers.insert("x-amzn-requestid", id);
    }
    reply
}

async fn run(
    lambda: &Lambda,
    name: &str,
    id: Uuid,
    headers: &HeaderMap,
    payload: Bytes,
) -> Result<Outcome, InvokeRefusal> {
    let function =
        lambda.function(name).ok_or_else(|| InvokeRefusal::UnknownFunction(arn(name)))?;
    let kind = headers.get("x-amz-invocation-type");
    if kind.is_some_and(|kind| kind != "RequestResponse") {
        return Err(InvokeRefusal::NotSynchronous);
    }
    if payload.len() > MAX_PAYLOAD_BYTES {
        return Err(InvokeRefusal::PayloadTooLarge);
    }
    // Raw, it is read to its end, and as text.
    serde_json::from_slice::<&RawValue>(&payload).map_err(InvokeRefusal::NotJson)?;
    let trace = headers.get("x-amzn-trace-id").and_then(|trace| trace.to_str().ok());
    let trace = trace.map_or_else(|| new_trace(id), ToOwned::to_owned);
    let taken = function.push(Invocation { id, payload, trace });
    match timeout(lambda.timeout, taken).await {
        Ok(Ok(running)) => Ok(finish(&function, id, running, lambda.timeout).await),
        Ok(Err(_)) | Err(_) => Err(InvokeRefusal::NoWorkerInTime),
    }
}

/// Waits for a running invocation until its timeout.
async fn finish(function: &Function, id: Uuid, running: Running, limit: Duration) -> Outcome {
    if let Ok(Ok(outcome)) = timeout(limit, running).await {
        return outcome;
    }
    let message = format!("{id} Task timed out after {:.2} seconds", limit.as_secs_f64());
    // Removes it, so that a late response is refused.
    function.complete(id, Outcome::Error(Bytes::new()));
    Outcome::Error(error("Sandbox.Timedout", &message))
}

/// Returns a new trace header (AWS X-Ray developer guide, "Tracing header").
fn new_trace(id: Uuid) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let random = id.simple().to_string();
    format!("Root=1-{now:08x}-{};Sampled=0", &random[..24])
}

/// Why an invocation is refused.
enum InvokeRefusal {
    UnknownFunction(String),
    NotSynchronous,
    PayloadTooLarge,
    NotJson(serde_json::Error),
    /// No worker took it before its timeout.
    NoWorkerInTime,
}

impl IntoResponse for InvokeRefusal {
    fn into_response(self) -> Response {
        let (status, name, message) = match self {
            Self::UnknownFunction(arn) => (
                StatusCode::NOT_FOUND,
                "ResourceNotFoundException",
                format!("Function not found: {arn}"),
            ),
            Self::NotSynchronous => (
                StatusCode::BAD_REQUEST,
                "InvalidParameterValueException",
                "This stand-in has no invocation type but RequestResponse".to_owned(),
            ),
            Self::PayloadTooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestTooLargeException",
                format!("Request must be smaller than {MAX_PAYLOAD_BYTES} bytes"),
            ),
            Self::NotJson(error) => (
                StatusCode::BAD_REQUEST,
                "InvalidRequestContentException",
                format!("Could not parse request body into json: {error}"),
            ),
            Self::NoWorkerInTime => (
                StatusCode::TOO_MANY_REQUESTS,
                "TooManyRequestsException",
                "Rate Exceeded.".to_owned(),
            ),
        };
        let body = Json(json!({ "Type": "User", "Message": message }));
        let mut reply = (status, body).into_response();
        reply.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(name));
        reply
    }
}
