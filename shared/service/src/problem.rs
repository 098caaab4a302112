//! What went wrong, told twice: plainly to the caller and fully to the operator.
//!
//! The caller gets `application/problem+json` (RFC 9457) with the request's id and no internals;
//! the operator finds the cause in the log under the same id.

use std::{error::Error, fmt, time::Duration};

use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{code::Code, reply, reply::Reply, request::RequestId};

/// The kinds of problem a caller can meet; each has its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// 400: the request breaks the interface.
    InvalidRequest,
    /// 401: no proof of who is calling.
    Unauthorized,
    /// 403: not for this caller, or not from where the request came.
    Forbidden,
    /// 404: no such route, or nothing there that is the caller's.
    NotFound,
    /// 405: the route has other methods, given in `Allow`.
    MethodNotAllowed,
    /// 408: the body did not arrive in time.
    RequestTimeout,
    /// 409: another request is at work on this conversation, or got there first.
    Conflict,
    /// 410: it was there, and its time is over.
    Gone,
    /// 413: a body over the limit.
    TooLarge,
    /// 415: not `application/json`.
    UnsupportedMediaType,
    /// 429: this caller has asked for too much.
    TooManyRequests,
    /// 500: a mistake of ours.
    Internal,
    /// 502: a service we depend on failed or refused us.
    UpstreamFailed,
    /// 503: a service we depend on is not available now.
    UpstreamUnavailable,
    /// 503: this process has as much to do as it can.
    Overloaded,
}

impl Kind {
    /// The HTTP status.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::InvalidRequest => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict => StatusCode::CONFLICT,
            Self::Gone => StatusCode::GONE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::UpstreamFailed => StatusCode::BAD_GATEWAY,
            Self::UpstreamUnavailable | Self::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What a program tells this kind by, where nothing more is known.
    fn code(self) -> Code {
        match self {
            Self::InvalidRequest => Code::InvalidRequest,
            Self::Unauthorized => Code::Unauthorized,
            Self::Forbidden => Code::Forbidden,
            Self::NotFound => Code::NotFound,
            Self::MethodNotAllowed => Code::MethodNotAllowed,
            Self::RequestTimeout => Code::RequestTimeout,
            Self::Conflict => Code::Conflict,
            Self::Gone => Code::Gone,
            Self::TooLarge => Code::TooLarge,
            Self::UnsupportedMediaType => Code::UnsupportedMediaType,
            Self::TooManyRequests => Code::TooManyRequests,
            Self::Internal => Code::Internal,
            Self::UpstreamFailed => Code::UpstreamFailed,
            Self::UpstreamUnavailable => Code::UpstreamUnavailable,
            Self::Overloaded => Code::Overloaded,
        }
    }
}

/// One problem: a sentence for the caller, and perhaps a cause for the operator.
#[derive(Debug)]
pub struct Problem {
    kind: Kind,
    code: Code,
    detail: String,
    field: Option<&'static str>,
    unsaved: Option<UnsavedTurn>,
    advice: Option<Advice>,
    /// In seconds.
    retry_after: Option<u32>,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

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

/// What the caller could do instead, in HTTP's own terms.
#[derive(Debug, Clone, Copy)]
enum Advice {
    /// Use one of these methods.
    Allow(&'static str),
    /// Prove who is calling by this scheme.
    Challenge(&'static str),
}

impl Problem {
    /// A problem that `detail` explains to the caller: a plain sentence without internals.
    #[must_use]
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let code = kind.code();
        Self {
            kind,
            code,
            detail,
            field: None,
            unsaved: None,
            advice: None,
            retry_after: None,
            cause: None,
        }
    }

    /// What a caller is told of every failure that only the operator can do something about. The
    /// problem has the request's id.
    pub const INTERNAL: &str = "Something went wrong on our side. Try again; if it happens again, \
                                tell the people who run this service the id of this request.";

    /// 500 for a failure of ours; `cause` goes to the log.
    #[must_use]
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Kind::Internal, Self::INTERNAL).because(cause)
    }

    /// 503, because this process has as much to do as it can.
    #[must_use]
    pub fn overloaded() -> Self {
        const RETRY: Duration = Duration::from_secs(5);
        Self::new(Kind::Overloaded, "This service is overloaded. Try again.").retry_after(RETRY)
    }

    /// 400 for one member of the request.
    #[must_use]
    pub fn field(field: &'static str, detail: impl Into<String>) -> Self {
        Self { field: Some(field), ..Self::new(Kind::InvalidRequest, detail) }
    }

    /// 401, for whatever reason.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(Kind::Unauthorized, "Sign in first.")
    }

    /// 401, and by which `scheme` to prove who is calling (`WWW-Authenticate`; RFC 9110, section
    /// 11.6.1).
    #[must_use]
    pub fn challenged(scheme: &'static str) -> Self {
        Self { advice: Some(Advice::Challenge(scheme)), ..Self::unauthorized() }
    }

    /// 404 for a route that does not exist.
    #[must_use]
    pub fn no_such_route() -> Self {
        Self::new(Kind::NotFound, "There is nothing at this address.")
    }

    /// 405 with the methods that `allow` lists.
    #[must_use]
    pub fn method_not_allowed(allow: &'static str) -> Self {
        let detail = format!("This address answers to {allow} only.");
        let advice = Some(Advice::Allow(allow));
        Self { advice, ..Self::new(Kind::MethodNotAllowed, detail) }
    }

    /// A code that says more than the kind's own.
    #[must_use]
    pub fn code(self, code: Code) -> Self {
        Self { code, ..self }
    }

    /// When to try again.
    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX);
        Self { retry_after: Some(seconds.max(1)), ..self }
    }

    /// What the agent said in a turn that is done and can't be saved.
    #[must_use]
    pub fn unsaved(self, message: String) -> Self {
        Self { unsaved: Some(UnsavedTurn { message }), ..self }
    }

    /// What the operator will find in the log.
    #[must_use]
    pub fn because(self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: Some(cause.into()), ..self }
    }

    /// Which kind it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether a program would tell it by `code`.
    pub(crate) fn is(&self, code: Code) -> bool {
        self.code == code
    }

    /// Writes the operator's half to the log and makes the caller's half.
    #[must_use]
    pub fn into_reply(self, request: &RequestId) -> Reply {
        let status = self.kind.status();
        if let Some(cause) = &self.cause {
            tracing::error!(code = self.code.as_str(), cause = %Chain(cause.as_ref()), "request failed");
        }
        let document = ProblemDocument {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Problem"),
            status: status.as_u16(),
            code: self.code,
            detail: self.detail,
            request_id: request.as_str().to_owned(),
            field: self.field,
            unsaved: self.unsaved,
        };
        let body = serde_json::to_vec(&document).unwrap_or_else(|error| {
            tracing::error!(%error, "a problem has no JSON form");
            Vec::new()
        });
        let mut reply = reply::body(status, "application/problem+json", body);
        if let Some(advice) = self.advice {
            let (name, value) = match advice {
                Advice::Allow(methods) => (header::ALLOW, methods),
                Advice::Challenge(scheme) => (header::WWW_AUTHENTICATE, scheme),
            };
            reply.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        if let Some(wait) = self.retry_after {
            reply.headers_mut().insert(header::RETRY_AFTER, wait.into());
        }
        reply
    }
}

/// Whether `error`, or what caused it, is that this process or this machine has no open file left
/// (EMFILE and ENFILE of open(2)).
#[must_use]
pub fn out_of_open_files(error: &(dyn Error + 'static)) -> bool {
    const EMFILE_AND_ENFILE: [i32; 2] = [24, 23];
    if let Some(error) = error.downcast_ref::<std::io::Error>() {
        if error.raw_os_error().is_some_and(|code| EMFILE_AND_ENFILE.contains(&code)) {
            return true;
        }
        // What an I/O error wraps is not its source: that is the wrapped one's.
        if error.get_ref().is_some_and(|wrapped| out_of_open_files(wrapped)) {
            return true;
        }
    }
    error.source().is_some_and(out_of_open_files)
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

#[cfg(test)]
mod tests {
    use std::io;

    use super::out_of_open_files;

    #[test]
    fn a_connection_that_finds_no_open_file_is_told_from_one_that_is_refused() {
        const ECONNREFUSED: i32 = 111;
        for (code, expected) in [(24, true), (23, true), (ECONNREFUSED, false)] {
            let error = io::Error::other(io::Error::from_raw_os_error(code));
            assert_eq!(out_of_open_files(&error), expected, "{error}");
        }
    }
}
