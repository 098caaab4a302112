//! Refusals and failures in the words of each part.
//!
//! Sources: the service models of `bedrock-runtime` and `bedrock-agentcore` (names and status codes; the
//! name is in `x-amzn-errortype`, Smithy's `aws.protocols#restJson1`); Amazon S3, "Error responses"
//! (`SlowDown` and `InternalError`); GitHub, "Rate limits for the REST API" (a secondary limit, and when to
//! come back); RFC 6585, section 4, for all others.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::fault::FaultyPart;

/// Too many requests.
pub(super) fn slow_down(part: FaultyPart) -> Response {
    match part {
        FaultyPart::S3 => {
            s3(StatusCode::SERVICE_UNAVAILABLE, "SlowDown", "Please reduce your request rate.")
        }
        FaultyPart::GitHub => retry_soon(github(
            StatusCode::TOO_MANY_REQUESTS,
            "You have exceeded a secondary rate limit. Please wait a few minutes before you try \
             again.",
        )),
        FaultyPart::Bedrock | FaultyPart::AgentCore => aws(
            StatusCode::TOO_MANY_REQUESTS,
            "ThrottlingException",
            "Too many requests, please wait before trying again.",
        ),
        _ => retry_soon(plain(StatusCode::TOO_MANY_REQUESTS, "too many requests")),
    }
}

/// A failure of the part's own.
pub(super) fn error(part: FaultyPart) -> Response {
    match part {
        FaultyPart::S3 => s3(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalError",
            "We encountered an internal error. Please try again.",
        ),
        FaultyPart::GitHub => github(StatusCode::BAD_GATEWAY, "Server Error"),
        FaultyPart::Bedrock | FaultyPart::AgentCore => aws(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalServerException",
            "The request processing has failed because of an unknown error.",
        ),
        _ => plain(StatusCode::BAD_GATEWAY, "bad gateway"),
    }
}

/// What AgentCore Identity's stand-in says of a workload access token that has expired.
pub(super) fn expired() -> Response {
    aws(
        StatusCode::UNAUTHORIZED,
        "UnauthorizedException",
        "The workload access token is invalid or expired",
    )
}

fn aws(status: StatusCode, name: &'static str, message: &str) -> Response {
    let body = json!({ "message": message }).to_string();
    (status, [("x-amzn-errortype", name), ("content-type", "application/json")], body)
        .into_response()
}

fn s3(status: StatusCode, code: &str, message: &str) -> Response {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}\
         </Message><RequestId>0000000000000000</RequestId></Error>"
    );
    (status, [(header::CONTENT_TYPE, "application/xml")], body).into_response()
}

fn github(status: StatusCode, message: &str) -> Response {
    let page = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api";
    let body = json!({ "message": message, "documentation_url": page }).to_string();
    let headers = [
        ("content-type", "application/json; charset=utf-8"),
        ("x-github-request-id", "0000:0000:0000000:0000000:00000000"),
    ];
    (status, headers, body).into_response()
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    (status, Body::from(text)).into_response()
}

fn retry_soon(mut response: Response) -> Response {
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}
