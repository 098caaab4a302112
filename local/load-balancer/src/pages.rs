//! The load balancer's own responses: bare HTML pages, like AWS's.
//!
//! Elastic Load Balancing, "Troubleshoot your Application Load Balancers".

use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};

/// The response for a path without a rule.
pub(super) fn no_rule() -> Response {
    page(StatusCode::NOT_FOUND, "404 Not Found")
}

/// No session where the rule says `deny`; or a sign-in that another browser started.
pub(super) fn unauthorized() -> Response {
    page(StatusCode::UNAUTHORIZED, "401 Authorization Required")
}

/// A body that is too large for a Lambda function.
pub(super) fn too_large() -> Response {
    page(StatusCode::PAYLOAD_TOO_LARGE, "413 Request Entity Too Large")
}

/// A target that is unreachable, or whose response is malformed or too large.
pub(super) fn bad_gateway() -> Response {
    page(StatusCode::BAD_GATEWAY, "502 Bad Gateway")
}

/// A target that does not answer in time.
pub(super) fn gateway_timeout() -> Response {
    page(StatusCode::GATEWAY_TIMEOUT, "504 Gateway Time-out")
}

/// The identity provider can't be used: AWS's load balancer has a status of its own for that.
pub(super) fn identity_provider_failed() -> Response {
    page(StatusCode::from_u16(561).unwrap_or(StatusCode::BAD_GATEWAY), "561 Authentication Error")
}

fn page(status: StatusCode, title: &str) -> Response {
    let html = format!(
        "<html>\n<head><title>{title}</title></head>\n<body>\n<center><h1>{title}</h1></center>\n\
         </body>\n</html>\n"
    );
    (status, [("server", "stand-in for awselb/2.0")], Html(html)).into_response()
}
