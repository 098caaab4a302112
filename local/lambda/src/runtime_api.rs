//! The Runtime API: how a function's process gets its invocations and returns their results.
//!
//! Source: AWS Lambda developer guide, "Using the Lambda runtime API for custom runtimes".

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use uuid::Uuid;

use crate::{
    Lambda, arn, error,
    function::{Function, Outcome},
};

/// "Lambda quotas": 6 MB, and a little for what wraps the response.
const MAX_RESPONSE_BYTES: usize = 6_291_556;

pub(super) fn router(lambda: &Lambda) -> Router {
    let api = Router::new()
        .route("/invocation/next", get(next))
        .route("/invocation/{id}/response", post(response))
        .route("/invocation/{id}/error", post(failure))
        .route("/init/error", post(init_failure))
        .layer(DefaultBodyLimit::disable())
        .with_state(lambda.clone());
    Router::new().nest("/{function}/2018-06-01/runtime", api)
}

async fn next(
    State(lambda): State<Lambda>,
    Path(name): Path<String>,
) -> Result<Response, RuntimeRefusal> {
    let invocation = find(&lambda, &name)?.next().await;
    let mut reply = invocation.payload.into_response();
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (header, value) in [
        ("lambda-runtime-aws-request-id", invocation.id.to_string()),
        ("lambda-runtime-deadline-ms", deadline(lambda.timeout).to_string()),
        ("lambda-runtime-invoked-function-arn", arn(&name)),
        ("lambda-runtime-trace-id", invocation.trace),
    ] {
        let value = HeaderValue::try_from(value).map_err(|_| RuntimeRefusal::UnknownFunction)?;
        headers.insert(header, value);
    }
    Ok(reply)
}

async fn response(
    State(lambda): State<Lambda>,
    Path((name, id)): Path<(String, String)>,
    payload: Bytes,
) -> Result<Response, RuntimeRefusal> {
    let function = find(&lambda, &name)?;
    if payload.len() > MAX_RESPONSE_BYTES {
        let message = format!(
            "Response payload size ({} bytes) exceeded maximum allowed payload size \
             ({MAX_RESPONSE_BYTES} bytes).",
            payload.len()
        );
        complete(&function, &id, Outcome::Error(too_large(&message)))?;
        return Err(RuntimeRefusal::ResponseTooLarge(message));
    }
    complete(&function, &id, Outcome::Response(payload))
}

async fn failure(
    State(lambda): State<Lambda>,
    Path((name, id)): Path<(String, String)>,
    diagnostic: Bytes,
) -> Result<Response, RuntimeRefusal> {
    complete(&*find(&lambda, &name)?, &id, Outcome::Error(diagnostic))
}

async fn init_failure(
    State(lambda): State<Lambda>,
    Path(name): Path<String>,
    diagnostic: Bytes,
) -> Result<Response, RuntimeRefusal> {
    find(&lambda, &name)?.end(diagnostic);
    Ok(accepted())
}

fn find(lambda: &Lambda, name: &str) -> Result<Arc<Function>, RuntimeRefusal> {
    lambda.function(name).ok_or(RuntimeRefusal::UnknownFunction)
}

fn complete(function: &Function, id: &str, outcome: Outcome) -> Result<Response, RuntimeRefusal> {
    let known = id.parse::<Uuid>().is_ok_and(|id| function.complete(id, outcome));
    if known { Ok(accepted()) } else { Err(RuntimeRefusal::UnknownInvocation) }
}

fn deadline(timeout: Duration) -> u128 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (now + timeout).as_millis()
}

fn accepted() -> Response {
    (StatusCode::ACCEPTED, r#"{"status":"OK"}"#).into_response()
}

fn too_large(message: &str) -> Bytes {
    error("Function.ResponseSizeTooLarge", message)
}

/// Why a request of a function's process is refused.
enum RuntimeRefusal {
    UnknownFunction,
    /// It never existed, has ended, or timed out.
    UnknownInvocation,
    ResponseTooLarge(String),
}

impl IntoResponse for RuntimeRefusal {
    fn into_response(self) -> Response {
        let (status, body) = match self {
            Self::UnknownFunction => {
                (StatusCode::NOT_FOUND, error("UnknownFunction", "There is no such function"))
            }
            Self::UnknownInvocation => {
                (StatusCode::BAD_REQUEST, error("InvalidRequestID", "Invalid request ID"))
            }
            Self::ResponseTooLarge(message) => (StatusCode::PAYLOAD_TOO_LARGE, too_large(&message)),
        };
        (status, body).into_response()
    }
}
