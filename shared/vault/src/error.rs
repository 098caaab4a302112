//! Why AgentCore Identity could not do what was asked of it.

use std::{error::Error, fmt};

use aws_sdk_bedrockagentcore::error::{ProvideErrorMetadata, SdkError};

/// A failure of AgentCore Identity, by who can do something about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// It is asked too often, after the SDK's own retries: try again later.
    #[error("AgentCore Identity is asked too often")]
    Throttled(#[source] Cause),
    /// Failing or unreachable after the SDK's own retries: try again later.
    #[error("AgentCore Identity is not available")]
    Unavailable(#[source] Cause),
    /// It refuses this service itself: a missing permission, workload identity or provider. The
    /// operator must act.
    #[error("AgentCore Identity refuses this service")]
    Misconfigured(#[source] Cause),
    /// It answered what its service model does not allow.
    #[error("AgentCore Identity gave an unexpected answer")]
    Unexpected(#[source] Cause),
}

/// What happened, for the operator: messages only. An SDK error's `Debug` can hold the raw
/// answer, and with it a token.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct Cause(String);

impl Cause {
    pub(crate) fn new(text: impl fmt::Display) -> Self {
        Self(text.to_string())
    }

    fn chain(error: &dyn Error) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        Self(text)
    }
}

impl VaultError {
    pub(crate) fn of<E>(error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let Some(service) = error.as_service_error() else {
            let cause = Cause::chain(error);
            return match error {
                SdkError::ResponseError(_) => Self::Unexpected(cause),
                SdkError::ConstructionFailure(_) => Self::Misconfigured(cause),
                _ => Self::Unavailable(cause),
            };
        };
        let code = service.code().unwrap_or("no error code");
        let cause = Cause::new(format!("{code}: {}", service.message().unwrap_or("no message")));
        let status = error.raw_response().map_or(0, |answer| answer.status().as_u16());
        match status {
            429 => Self::Throttled(cause),
            500..=599 => Self::Unavailable(cause),
            400..=499 => Self::Misconfigured(cause),
            _ => Self::Unexpected(cause),
        }
    }
}
