//! Why a turn failed, and what is left of it.
//!
//! Nothing of a failed turn is saved, unless it has done something at the provider: then how far
//! it came is kept, so that nothing is done twice.

use std::{error::Error, time::Duration};

use service::{Code, Kind, Problem};
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

/// What is saved of a request that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Saved {
    /// There was nothing to save.
    NotAsked,
    /// Nothing.
    Nothing,
    /// The turn that waited before is finished; the new message is lost.
    Earlier,
    /// The same, and not all of that turn was done: the user had said no, or gone on without
    /// allowing it.
    EarlierWithheld,
    /// The turn as far as it came.
    Unfinished,
    /// Nothing, though something was done.
    Lost,
    /// Perhaps that an action was about to begin. It was not begun.
    Unheard,
}

impl Saved {
    fn words(self) -> &'static str {
        match self {
            Self::NotAsked => "",
            Self::Nothing => " Nothing was changed, and nothing was saved. Try again.",
            Self::Earlier => {
                " What waited before is done, and its answer is saved. Your new message is not \
                 saved: send it again."
            }
            Self::EarlierWithheld => {
                " What waited before was not done without your permission, and that is saved. Your \
                 new message is not saved: send it again."
            }
            Self::Unfinished => {
                " What was done so far is saved. Go on with this conversation to have it finished."
            }
            Self::Lost => {
                " Something was done that this conversation does not know of. Look at GitHub \
                 before you ask for it again."
            }
            Self::Unheard => {
                " Nothing was changed at GitHub. Wait a minute or two, then go on with this \
                 conversation."
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
    /// A finished turn, in which the model `said` something, can't be saved.
    pub(crate) fn not_saved(self, said: String) -> Self {
        match self {
            // The caller may ask again then, and is told so.
            Self::Session(SessionError::Conflict | SessionError::Deleted) => self,
            Self::Session(source) => Self::NotSaved { said, source },
            other => other,
        }
    }

    /// What the caller is told, and the operator.
    pub(crate) fn problem(self, saved: Saved) -> Problem {
        let (kind, what) = self.words();
        let (kind, what) = match self.is_for_want_of_files() {
            true => (Kind::Overloaded, "This service is overloaded."),
            false => (kind, what),
        };
        let problem = match &self {
            // No time to try again: whatever the turn did would be done twice.
            Self::NotSaved { said, .. } if saved != Saved::Unfinished => {
                let detail = "The turn is done, but could not be saved. What was said is in \
                              `unsaved`; the conversation does not know of it.";
                Problem::new(kind, detail).code(Code::TurnNotSaved).unsaved(said.clone())
            }
            Self::Session(SessionError::Damaged | SessionError::Newer) => Problem::new(kind, what),
            Self::Session(SessionError::TooLarge) => {
                Problem::new(kind, what).code(Code::ConversationTooLarge)
            }
            Self::Session(SessionError::Deleted) => {
                Problem::new(kind, what).code(Code::ConversationDeleted)
            }
            Self::Internal(_) if matches!(saved, Saved::NotAsked | Saved::Nothing) => {
                return Problem::internal(self);
            }
            _ => {
                let problem = Problem::new(kind, format!("{what}{}", saved.words()));
                let problem = match saved {
                    Saved::Unfinished | Saved::Unheard => problem.code(Code::TurnUnfinished),
                    _ => problem,
                };
                match kind {
                    Kind::UpstreamUnavailable | Kind::Overloaded => problem.retry_after(RETRY),
                    Kind::Conflict => problem.code(Code::TurnInProgress).retry_after(RETRY),
                    _ => problem,
                }
            }
        };
        problem.because(self)
    }

    /// Whether an upstream seems unavailable because this process can't open a connection to it.
    fn is_for_want_of_files(&self) -> bool {
        let is_upstreams = matches!(
            self,
            Self::ModelUnavailable(_) | Self::Vault(_) | Self::Session(_) | Self::NotSaved { .. }
        );
        is_upstreams && service::out_of_open_files(self)
    }

    fn words(&self) -> (Kind, &'static str) {
        match self {
            Self::ModelUnavailable(_) => (Kind::UpstreamUnavailable, "The model is busy."),
            Self::ModelFailed(_) => {
                (Kind::UpstreamFailed, "The language model gave no usable answer.")
            }
            Self::Vault(VaultError::Throttled(_) | VaultError::Unavailable(_)) => (
                Kind::UpstreamUnavailable,
                "Whether you are connected to GitHub can't be checked at the moment.",
            ),
            Self::Vault(_) => {
                (Kind::UpstreamFailed, "Whether you are connected to GitHub can't be checked.")
            }
            Self::InProgress | Self::Session(SessionError::Conflict) => {
                (Kind::Conflict, "Another request is at work on this conversation.")
            }
            Self::Session(SessionError::Deleted) => (
                Kind::Conflict,
                "This conversation was deleted meanwhile. Nothing was saved of what you said now.",
            ),
            Self::NotSaved {
                source: SessionError::Contended | SessionError::Unavailable(_),
                ..
            }
            | Self::Session(SessionError::Contended | SessionError::Unavailable(_)) => {
                (Kind::UpstreamUnavailable, "Conversations can't be read or saved at the moment.")
            }
            Self::Session(SessionError::Damaged) => (
                Kind::UpstreamFailed,
                "This conversation is damaged. It is left as it is, and can be deleted.",
            ),
            Self::Session(SessionError::TooLarge) => (
                Kind::TooLarge,
                "This conversation is too large to be opened. It is left as it is: delete it, or \
                 start a new one.",
            ),
            Self::Session(SessionError::Newer) => (
                Kind::UpstreamFailed,
                "A newer version of this service wrote this conversation. It is left as it is.",
            ),
            Self::NotSaved { .. } | Self::Session(_) => {
                (Kind::UpstreamFailed, "This conversation can't be read or saved.")
            }
            Self::TooSlow => (Kind::UpstreamUnavailable, "The answer took too long."),
            Self::Internal(_) => (Kind::Internal, Problem::INTERNAL),
        }
    }
}
