//! What a call to a provider returns: a value, or why there is none, and what the token is good for.

use crate::{inquiry::Inquiry, scopes::Scopes};

/// The result of one call to a provider.
#[derive(Debug)]
pub struct Reply<T> {
    /// The value, or the failure.
    pub outcome: Result<T, Failure>,
    /// What the token allows, where the provider said so.
    pub allows: Option<Scopes>,
    /// The provider's own id of the request.
    pub request_id: Option<String>,
}

impl<T> Reply<T> {
    /// A failure before the provider was asked, or without an answer of it.
    #[must_use]
    pub fn failed(failure: Failure) -> Self {
        Self { outcome: Err(failure), allows: None, request_id: None }
    }

    /// The reply with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Reply<U> {
        let Self { outcome, allows, request_id } = self;
        Reply { outcome: outcome.map(change), allows, request_id }
    }
}

/// Why a call failed.
#[derive(Debug)]
pub struct Failure {
    /// For the audit trail.
    pub code: &'static str,
    /// For the model.
    pub text: String,
    /// For the user alone, beside the answer. What is about something hidden is told only if they have said
    /// its name.
    pub notice: Option<Box<Notice>>,
    /// What the provider said of the token. Unless it is [`TokenVerdict::Fine`], nothing was done.
    pub token: TokenVerdict,
    /// It is no failure: the provider wants to know something of the user first.
    pub inquiry: Option<Box<Inquiry>>,
}

/// What a user is told beside the answer. It is not shown to the model, saved or logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it is about: of several about the same, the last one counts.
    pub about: String,
    /// What the user reads.
    pub text: String,
}

/// What a provider said of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenVerdict {
    /// Nothing: the failure has another cause.
    Fine,
    /// It does not accept it any more (HTTP 401).
    NotAccepted,
    /// It may be too weak: one of these scopes would have been taken.
    Accepts(Scopes),
    /// It is too weak: it has to allow all of these.
    Lacks(Scopes),
    /// There is no such thing, or the token is too weak to be shown it; the provider does not say
    /// which.
    Hidden {
        /// One of these scopes would be taken for it, if it exists.
        accepts: Scopes,
        /// What a user says who means it: one of these phrases.
        said_as: Vec<String>,
    },
}

impl Failure {
    /// A failure that another token would not avoid.
    #[must_use]
    pub fn new(code: &'static str, text: impl Into<String>) -> Self {
        let token = TokenVerdict::Fine;
        Self { code, text: text.into(), notice: None, token, inquiry: None }
    }

    /// Whether the provider itself has failed, or was not reached, and not what it was asked for.
    #[must_use]
    pub fn is_the_providers(&self) -> bool {
        matches!(
            self.code,
            "outcome_unknown"
                | "rate_limited"
                | "server_error"
                | "unavailable"
                | "unexpected_answer"
                | "unreachable"
        )
    }

    /// The call goes on once the user has answered.
    #[must_use]
    pub fn asks(inquiry: Inquiry) -> Self {
        let inquiry = Some(Box::new(inquiry));
        Self { inquiry, ..Self::new("input_required", "It asks the user something first.") }
    }
}
