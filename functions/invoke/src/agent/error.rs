//! Why a turn failed, and what is left of it.
//!
//! Nothing of a failed turn is saved, unless it has done something at the provider: then how far
//! it came is kept, so that nothing is done twice.

use std::{error::Error, time::Duration};

use service::{Kind, Problem};
use session::SessionError;
use vault::VaultError;

use super::turn::SameId;

const RETRY: Duration = Duration::from_secs(5);

/// A failure, by who can do something about it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TurnError {
    /// The model is busy or unreachable, after the SDK's own retries.
    #[error("the model is not available")]
    ModelUnavailable(#[source] Box<dyn Error + Send + Sync>),
    /// The model's service refuses us, or the model makes no sense.
    #[error("the model failed")]
    ModelFailed(#[source] Box<dyn Error + Send + Sync>),
    /// AgentCore Identity failed or refuses us.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The conversation could not be read or saved.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// Another request is at work on the conversation's unfinished turn.
    #[error("another request is at work on this turn")]
    InProgress,
    /// The time that the platform gives a request is over.
    #[error("the turn took too long")]
    TooSlow,
    /// A mistake of ours, or no randomness.
    #[error("internal failure")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

/// What is saved of a request that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Saved {
    /// Nothing.
    Nothing,
    /// The turn that waited before is finished; the new message is lost.
    Earlier,
    /// The turn as far as it came.
    Unfinished,
}

impl Saved {
    fn words(self) -> &'static str {
        match self {
            Self::Nothing => "Nothing was saved; try again.",
            Self::Earlier => "What waited before is done; your message was not saved. Try again.",
            Self::Unfinished => {
                "What was done so far is saved. Send the sessionId alone to go on from there."
            }
        }
    }
}

impl From<SameId> for TurnError {
    fn from(error: SameId) -> Self {
        Self::ModelFailed(Box::new(error))
    }
}

impl TurnError {
    /// What the caller is told, and the operator.
    pub(crate) fn problem(self, saved: Saved) -> Problem {
        let (kind, what) = match &self {
            Self::ModelUnavailable(_) => (Kind::UpstreamUnavailable, "The model is busy."),
            Self::ModelFailed(_) => (Kind::UpstreamFailed, "The model failed."),
            Self::Vault(VaultError::Throttled(_) | VaultError::Unavailable(_)) => {
                (Kind::UpstreamUnavailable, "Your connections can't be checked at the moment.")
            }
            Self::Vault(_) => (Kind::UpstreamFailed, "Your connections can't be checked."),
            Self::InProgress | Self::Session(SessionError::Conflict) => {
                (Kind::Conflict, "Another request is at work on this conversation.")
            }
            Self::Session(SessionError::Unavailable(_)) => {
                (Kind::UpstreamUnavailable, "Conversations can't be read or saved at the moment.")
            }
            Self::Session(_) => (Kind::UpstreamFailed, "This conversation can't be read or saved."),
            Self::TooSlow => (Kind::UpstreamUnavailable, "This took too long."),
            Self::Internal(_) => (Kind::Internal, "Something failed."),
        };
        let problem = Problem::new(kind, format!("{what} {}", saved.words()));
        let problem = match kind {
            Kind::UpstreamUnavailable => problem.retry_after(RETRY),
            Kind::Conflict => problem.code("turn_in_progress").retry_after(RETRY),
            _ => problem,
        };
        problem.because(self)
    }
}
