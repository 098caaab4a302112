//! Why a turn failed. Nothing of a failed turn is saved.

use std::{error::Error, time::Duration};

use serde_json::json;
use service::{Kind, Problem};
use session::SessionError;
use vault::VaultError;

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
    /// The turn is done, but could not be saved.
    #[error("the turn could not be saved")]
    NotSaved {
        /// What the model said.
        said: String,
        /// Why not.
        source: SessionError,
    },
    /// The time that the platform gives a request is over.
    #[error("the turn took too long")]
    TooSlow,
    /// A mistake of ours, or no randomness.
    #[error("internal failure")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

impl TurnError {
    /// A finished turn, in which the model `said` something, can't be saved.
    pub(crate) fn not_saved(source: SessionError, said: String) -> Self {
        match source {
            SessionError::Contended | SessionError::Unavailable(_) => {
                Self::NotSaved { said, source }
            }
            _ => Self::Session(source),
        }
    }
}

impl From<TurnError> for Problem {
    fn from(error: TurnError) -> Self {
        let (kind, detail, retry) = match &error {
            TurnError::ModelUnavailable(_) => (
                Kind::UpstreamUnavailable,
                "The model is busy. Nothing was saved; try again.",
                true,
            ),
            TurnError::ModelFailed(_) => {
                (Kind::UpstreamFailed, "The model failed. Nothing was saved.", false)
            }
            TurnError::Vault(VaultError::Unavailable(_)) => (
                Kind::UpstreamUnavailable,
                "Your connections can't be checked at the moment. Nothing was saved; try again.",
                true,
            ),
            TurnError::Vault(_) => (
                Kind::UpstreamFailed,
                "Your connections can't be checked. Nothing was saved.",
                false,
            ),
            TurnError::Session(SessionError::Conflict) => (
                Kind::Conflict,
                "Another request changed this conversation. Nothing was saved; try again.",
                false,
            ),
            TurnError::Session(SessionError::Unavailable(_)) => (
                Kind::UpstreamUnavailable,
                "Conversations can't be read or saved at the moment; try again.",
                true,
            ),
            TurnError::Session(SessionError::Damaged) => (
                Kind::UpstreamFailed,
                "This conversation is damaged. It is left as it is, and can be deleted.",
                false,
            ),
            TurnError::Session(SessionError::Newer) => (
                Kind::UpstreamFailed,
                "A newer version of this service wrote this conversation. It is left as it is.",
                false,
            ),
            TurnError::Session(_) => {
                (Kind::UpstreamFailed, "This conversation can't be read or saved.", false)
            }
            // No time to try again: whatever the turn did would be done twice.
            TurnError::NotSaved { .. } => (
                Kind::UpstreamUnavailable,
                "The turn is done, but could not be saved. What was said is in `unsaved`; the \
                 conversation does not know of it.",
                false,
            ),
            TurnError::TooSlow => (
                Kind::UpstreamUnavailable,
                "This took too long. Nothing was saved; try again.",
                true,
            ),
            TurnError::Internal(_) => {
                (Kind::Internal, "Something failed. Nothing was saved.", false)
            }
        };
        let problem = Problem::new(kind, detail);
        let problem = if retry { problem.retry_after(RETRY) } else { problem };
        let problem = match kind {
            Kind::Conflict => problem.code("turn_in_progress"),
            _ => match &error {
                TurnError::NotSaved { said, .. } => {
                    problem.code("turn_not_saved").with("unsaved", json!({ "message": said }))
                }
                _ => problem,
            },
        };
        problem.because(error)
    }
}
