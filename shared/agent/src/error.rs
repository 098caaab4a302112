//! Why a turn failed, by who can do something about it.
//!
//! Nothing of a failed turn is saved, unless it has done something at a provider: then how far it
//! came is kept, so that nothing is done twice.

use std::error::Error;

use session::SessionError;
use vault::VaultError;

use crate::{model::ModelError, provider::Provider};

/// A failure.
#[derive(Debug, thiserror::Error)]
pub enum TurnError {
    /// The model has not answered, or nothing usable.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// AgentCore Identity failed or refuses this service.
    #[error("the token vault failed")]
    Vault {
        /// What the provider whose token was wanted is called.
        provider: String,
        /// Why.
        source: VaultError,
    },
    /// The conversation could not be read or saved.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// Another request is at work on the conversation's unfinished turn.
    #[error("another request is at work on this turn")]
    InProgress,
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
    /// A bug in this program, or the system has no randomness to give.
    #[error("internal failure")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

/// An error and its causes in one line, for the operator.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

impl TurnError {
    pub(crate) fn vault(provider: &Provider, source: VaultError) -> Self {
        Self::Vault { provider: provider.label().to_owned(), source }
    }

    /// A finished turn, in which the model `said` something, can't be saved.
    #[must_use]
    pub fn not_saved(self, said: String) -> Self {
        match self {
            // The caller may ask again then, and is told so.
            Self::Session(SessionError::Conflict | SessionError::Deleted) => self,
            Self::Session(source) => Self::NotSaved { said, source },
            other => other,
        }
    }
}
