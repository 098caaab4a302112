//! A problem as the caller reads it (RFC 9457), and the log line that tells the operator its cause.

use std::{error::Error, fmt};

use http::{HeaderValue, header};
use serde_json::json;

use crate::{
    problem::{Advice, Problem},
    reply::{self, Reply},
    request_id::RequestId,
};

/// Writes the operator's half to the log and returns the caller's half.
pub(crate) fn reply(problem: Problem, request: &RequestId) -> Reply {
    let status = problem.kind.status();
    if let Some(cause) = &problem.cause {
        tracing::error!(code = problem.code, cause = %Chain(cause.as_ref()), "request failed");
    }
    let mut body = json!({
        "type": "about:blank",
        "title": status.canonical_reason(),
        "status": status.as_u16(),
        "code": problem.code,
        "detail": problem.detail,
        "requestId": request.as_str(),
    });
    if let Some(field) = problem.field {
        body["field"] = field.into();
    }
    if let Some(extension) = problem.extension {
        let (member, value) = *extension;
        body[member] = value;
    }
    let mut reply = reply::body(status, "application/problem+json", body.to_string());
    if let Some(advice) = problem.advice {
        let (name, value) = match advice {
            Advice::Allow(methods) => (header::ALLOW, methods),
            Advice::Challenge(scheme) => (header::WWW_AUTHENTICATE, scheme),
        };
        reply.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if let Some(wait) = problem.retry_after {
        reply.headers_mut().insert(header::RETRY_AFTER, wait.into());
    }
    reply
}

/// An error and what caused it, on one line.
struct Chain<'a>(&'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(cause) = source {
            write!(f, ": {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}
