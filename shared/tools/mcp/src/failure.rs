//! What it means that a server can't be asked, or does not do what it is asked.
//!
//! Before the call itself is sent nothing was done. After it nothing is known, unless the server says in
//! HTTP that it did not take the call: 401, 403, 404, 429 and the like are answered before a tool runs.

use std::{error::Error, time::Duration};

use agent::{
    scopes::{Scopes, named},
    tool::{Failure, TokenVerdict},
};
use rmcp::{
    ServiceError,
    model::ErrorData,
    service::ClientInitializeError,
    transport::streamable_http_client::{
        AuthRequiredError, HttpStatusError, InsufficientScopeError, StreamableHttpError,
    },
};

use crate::{result::quoted, wire::WireError};

/// Why there is no result, by what follows from it.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The server does not take the token.
    NotAccepted,
    /// The token has to allow these.
    Lacks(Scopes),
    /// The server did not take the request; says why, as the end of a sentence about the server.
    Refused(String),
    /// The server's own error.
    Error(ErrorData),
    /// It is not reached, or its answer can not be read.
    Lost(String),
}

/// How far a call was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    /// It only reads: it can be made again.
    Reading,
    /// It may have changed something.
    Changing,
}

impl Trouble {
    /// A server that has not answered for `time`.
    pub(crate) fn slow(time: Duration) -> Self {
        Self::Lost(format!("has not answered within {} seconds", time.as_secs()))
    }

    pub(crate) fn from_start(error: ClientInitializeError) -> Self {
        match error {
            ClientInitializeError::JsonRpcError(error) => Self::Error(error),
            ClientInitializeError::TransportError { error, .. } => {
                Self::from_transport(error.error.as_ref())
            }
            ClientInitializeError::NoCompatibleProtocolVersion { .. } => {
                Self::Refused("speaks no version of MCP that this agent knows".into())
            }
            _ => Self::Lost("gives no answer that can be read".into()),
        }
    }

    pub(crate) fn from_call(error: ServiceError) -> Self {
        match error {
            ServiceError::McpError(error) => Self::Error(error),
            ServiceError::TransportSend(error) => Self::from_transport(error.error.as_ref()),
            _ => Self::Lost("gives no answer that can be read".into()),
        }
    }

    fn from_transport(error: &(dyn Error + 'static)) -> Self {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(known) = Self::known(error) {
                return known;
            }
            cause = error.source();
        }
        Self::Lost("can't be reached".into())
    }

    fn known(error: &(dyn Error + 'static)) -> Option<Self> {
        if error.is::<AuthRequiredError>() {
            return Some(Self::NotAccepted);
        }
        if let Some(error) = error.downcast_ref::<InsufficientScopeError>() {
            let scopes = error.required_scope.as_deref().unwrap_or_default();
            return Some(Self::Lacks(named(scopes.split_whitespace())));
        }
        match error.downcast_ref::<StreamableHttpError<WireError>>()? {
            StreamableHttpError::HttpStatus(error) => Some(Self::from_status(error)),
            StreamableHttpError::SessionExpired => {
                Some(Self::Refused("has ended the session".into()))
            }
            StreamableHttpError::Client(WireError::Redirected) => {
                Some(Self::Refused("redirects to another address, which is not followed".into()))
            }
            StreamableHttpError::Client(WireError::Refused(status)) => {
                Some(Self::Refused(format!("refuses the request (HTTP {})", status.as_u16())))
            }
            StreamableHttpError::Deserialize(_) | StreamableHttpError::UnexpectedContentType(_) => {
                Some(Self::Lost("gives no answer that can be read".into()))
            }
            _ => None,
        }
    }

    fn from_status(error: &HttpStatusError) -> Self {
        if error.status != 429 {
            return Self::Lost(format!("has failed (HTTP {})", error.status));
        }
        let seconds = error.retry_after.as_deref().and_then(|it| it.trim().parse::<u32>().ok());
        let wait = seconds.map(|it| format!(", and asks to wait {it} s")).unwrap_or_default();
        Self::Refused(format!("has had too many requests{wait}"))
    }

    /// In a sentence for the model, of the server that is called `server`.
    pub(crate) fn sentence(&self, server: &str) -> String {
        match self {
            Self::NotAccepted => format!("{server} does not accept the user's authorization."),
            Self::Lacks(scopes) => {
                let scopes = agent::scopes::joined(scopes);
                format!("{server} demands an authorization for more: {}.", quoted(&scopes))
            }
            Self::Refused(why) | Self::Lost(why) => format!("{server} {why}."),
            Self::Error(error) => format!("{server} says: {}", quoted(&error.message)),
        }
    }

    /// As the failure of a call to `server`.
    pub(crate) fn failure(self, server: &str, sent: Sent) -> Failure {
        let text = self.sentence(server);
        let (code, token) = match self {
            Self::NotAccepted => ("not_accepted", TokenVerdict::NotAccepted),
            Self::Lacks(scopes) => ("insufficient_scope", TokenVerdict::Lacks(scopes)),
            Self::Refused(_) => ("refused", TokenVerdict::Fine),
            Self::Error(_) => ("server_error", TokenVerdict::Fine),
            Self::Lost(_) if sent == Sent::Changing => {
                let text = format!(
                    "It is not known whether this was done: {text} Do not try again unless the user \
                     asks for it."
                );
                return Failure::new("outcome_unknown", text);
            }
            Self::Lost(_) => ("unavailable", TokenVerdict::Fine),
        };
        Failure { token, ..Failure::new(code, text) }
    }
}
