//! A problem as a program reads it (RFC 9457), and the log line that tells the operator its cause.

use std::{error::Error, fmt};

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    code::Code,
    problem::Problem,
    reply::{self, Reply},
    request_id::RequestId,
};

/// A failure, as the caller reads it (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
#[serde(rename_all = "camelCase")]
pub struct ProblemDocument {
    /// `about:blank`: the status says what kind of problem it is.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What a program tells the problem by.
    code: Code,
    /// What went wrong, for a person.
    detail: String,
    /// What the operator finds the cause by.
    request_id: String,
    /// The member of the request that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    /// With the code `turn_not_saved`: the turn that is done, and only here.
    #[serde(skip_serializing_if = "Option::is_none")]
    unsaved: Option<UnsavedTurn>,
}

/// A turn that is done and could not be saved.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnsavedTurn {
    /// What the agent said.
    message: String,
}

/// The document of `problem`.
pub(crate) fn document(problem: Problem, request: &RequestId) -> Reply {
    let status = problem.kind.status();
    let document = ProblemDocument {
        kind: "about:blank",
        title: status.canonical_reason().unwrap_or("Problem"),
        status: status.as_u16(),
        code: problem.code,
        detail: problem.detail,
        request_id: request.as_str().to_owned(),
        field: problem.field,
        unsaved: problem.unsaved.map(|message| UnsavedTurn { message: message.into() }),
    };
    let body = serde_json::to_vec(&document).unwrap_or_else(|error| {
        tracing::error!(%error, "a problem has no JSON form");
        Vec::new()
    });
    reply::body(status, "application/problem+json", body)
}

impl Problem {
    /// Writes the operator's half to the log.
    pub fn log(&self) {
        if let Some(cause) = &self.cause {
            let code = self.code.as_str();
            tracing::error!(code, cause = %Chain(cause.as_ref()), "request failed");
        }
    }
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
