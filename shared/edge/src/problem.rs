//! What went wrong, told twice: plainly to the caller and fully to the operator.
//!
//! The caller gets `application/problem+json` (RFC 9457) with the request's id and no internals;
//! the operator finds the cause in the log under the same id.

use std::{error::Error, time::Duration};

use http::StatusCode;

use crate::{code::Code, problem_page::ProblemPage};

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
    pub(crate) kind: Kind,
    pub(crate) code: Code,
    pub(crate) detail: String,
    pub(crate) field: Option<&'static str>,
    /// What the agent said in a turn that is done and can't be saved.
    pub(crate) unsaved: Option<Box<str>>,
    pub(crate) advice: Option<Advice>,
    /// In seconds.
    pub(crate) retry_after: Option<u32>,
    pub(crate) cause: Option<Box<dyn Error + Send + Sync>>,
    /// What its page says besides; boxed, because a `Result` is as large as its error.
    pub(crate) page: Option<Box<ProblemPage>>,
}

/// What the caller could do instead, in HTTP's own terms.
#[derive(Debug, Clone)]
pub(crate) enum Advice {
    /// Use one of these methods.
    Allow(&'static str),
    /// Prove who is calling by this scheme.
    Challenge(Box<str>),
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
            page: None,
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

    /// 401, and by which `challenge` to prove who is calling (`WWW-Authenticate`; RFC 9110, section
    /// 11.6.1).
    #[must_use]
    pub fn challenged(challenge: &str) -> Self {
        Self { advice: Some(Advice::Challenge(challenge.into())), ..Self::unauthorized() }
    }

    /// 403 for a signed-in user who may not use the service (`ALLOW_CLAIM`): signing in again would not
    /// help (RFC 9110, section 15.5.4).
    pub(crate) fn not_allowed() -> Self {
        let detail = "You are signed in, but this service is not open to your account. Ask the people \
                      who run it to let you in, and then sign in again.";
        Self::new(Kind::Forbidden, detail).code(Code::NotAllowed)
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

    /// Explained to the caller in other words.
    #[must_use]
    pub fn saying(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }

    /// When to try again.
    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        // Rounded up: a caller who comes a part of a second too early is sent away once more.
        let seconds = u32::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u32::MAX);
        Self { retry_after: Some(seconds.max(1)), ..self }
    }

    /// What the agent said in a turn that is done and can't be saved.
    #[must_use]
    pub fn unsaved(self, message: String) -> Self {
        Self { unsaved: Some(message.into()), ..self }
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

    /// What a program tells it by, and what the caller reads: where a problem is no response of its
    /// own.
    #[must_use]
    pub fn in_words(&self) -> (&'static str, &str) {
        (self.code.as_str(), &self.detail)
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

#[cfg(test)]
mod tests {
    use std::{io, time::Duration};

    use super::{Kind, Problem, out_of_open_files};

    #[test]
    fn a_caller_who_waits_as_told_is_not_too_early() {
        for (millis, told) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (59_700, 60)] {
            let wait = Duration::from_millis(millis);
            let problem = Problem::new(Kind::UpstreamUnavailable, "").retry_after(wait);
            assert_eq!(problem.retry_after, Some(told), "{wait:?}");
        }
    }

    #[test]
    fn a_lack_of_open_files_is_distinguished_from_a_refused_connection() {
        const ECONNREFUSED: i32 = 111;
        for (code, expected) in [(24, true), (23, true), (ECONNREFUSED, false)] {
            let error = io::Error::other(io::Error::from_raw_os_error(code));
            assert_eq!(out_of_open_files(&error), expected, "{error}");
        }
    }
}
