//! The problem that a failed turn is answered with, and how much of the turn was saved.

use std::time::Duration;

use agent::{error::TurnError, model::ModelError};
use edge::{Code, Kind, Problem};
use session::SessionError;
use vault::VaultError;

const RETRY: Duration = Duration::from_secs(5);

/// How much of a failed request was saved.
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
    /// The turn up to its failure.
    Unfinished,
    /// Nothing, although an action was done.
    Lost,
    /// Possibly the claim of an action: the write got no answer. The action was not begun.
    ClaimUnconfirmed,
    /// A client's call up to its failure, or possibly the claim of it.
    CallUnfinished,
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
                " Something was done that this conversation does not know of. Look at the provider \
                 before you ask for it again."
            }
            Self::CallUnfinished => {
                " What was done so far is kept. Wait a minute or two, then make the same call again."
            }
            Self::ClaimUnconfirmed => {
                " Nothing was changed. Wait a minute or two, then go on with this \
                 conversation."
            }
        }
    }
}

/// Returns the problem for the caller, with the cause for the operator.
pub(crate) fn problem(error: TurnError, saved: Saved) -> Problem {
    let (kind, what) = match is_out_of_open_files(&error) {
        true => (Kind::Overloaded, "This service is overloaded.".to_owned()),
        false => words(&error),
    };
    let problem = match &error {
        // Without `Retry-After`: a repeated turn would repeat its actions.
        TurnError::NotSaved { said, .. } if saved != Saved::Unfinished => {
            let detail = "The turn is done, but could not be saved. What was said is in \
                              `unsaved`; the conversation does not know of it.";
            Problem::new(kind, detail).code(Code::TurnNotSaved).unsaved(said.clone())
        }
        TurnError::Session(SessionError::Damaged | SessionError::Newer) => Problem::new(kind, what),
        TurnError::Session(SessionError::TooLarge) => {
            Problem::new(kind, what).code(Code::ConversationTooLarge)
        }
        TurnError::Session(SessionError::Deleted) => {
            Problem::new(kind, what).code(Code::ConversationDeleted)
        }
        // Less of the conversation did not help, so it is the message.
        TurnError::Model(ModelError::TooLong(_)) => {
            let saved = if saved == Saved::Nothing { " Nothing was saved." } else { saved.words() };
            Problem::field("message", format!("{what}{saved}")).code(Code::MessageTooLong)
        }
        TurnError::Internal(_) | TurnError::Model(ModelError::Internal(_))
            if matches!(saved, Saved::NotAsked | Saved::Nothing) =>
        {
            return Problem::internal(error);
        }
        _ => {
            let problem = Problem::new(kind, format!("{what}{}", saved.words()));
            let problem = match saved {
                Saved::Unfinished | Saved::ClaimUnconfirmed | Saved::CallUnfinished => {
                    problem.code(Code::TurnUnfinished)
                }
                _ => problem,
            };
            match kind {
                Kind::UpstreamUnavailable | Kind::Overloaded => problem.retry_after(RETRY),
                Kind::Conflict => problem.code(Code::TurnInProgress).retry_after(RETRY),
                _ => problem,
            }
        }
    };
    problem.because(error)
}

/// Returns whether the upstream seems unavailable only because this process has no open file left
/// for a connection.
fn is_out_of_open_files(error: &TurnError) -> bool {
    let is_upstreams = matches!(
        error,
        TurnError::Model(ModelError::Busy(_))
            | TurnError::Vault { .. }
            | TurnError::Session(_)
            | TurnError::NotSaved { .. }
    );
    is_upstreams && edge::out_of_open_files(error)
}

fn words(error: &TurnError) -> (Kind, String) {
    if let TurnError::Vault { provider, source } = error {
        let what = format!("Whether you are connected to {provider} can't be checked");
        return match source {
            VaultError::Throttled(_) | VaultError::Unavailable(_) => {
                (Kind::UpstreamUnavailable, format!("{what} at the moment."))
            }
            VaultError::Misconfigured(_) | VaultError::Unexpected(_) => {
                (Kind::UpstreamFailed, format!("{what}."))
            }
        };
    }
    let (kind, what) = fixed_words(error);
    (kind, what.to_owned())
}

fn fixed_words(error: &TurnError) -> (Kind, &'static str) {
    match error {
        TurnError::Model(ModelError::Busy(_)) => (Kind::UpstreamUnavailable, "The model is busy."),
        TurnError::Model(ModelError::Rejected(_) | ModelError::Refused(_)) => {
            (Kind::UpstreamFailed, "The language model gave no usable answer.")
        }
        TurnError::Model(ModelError::TooLong(_)) => (
            Kind::InvalidRequest,
            "message is too long for the language model, even without what was said before. Send a \
             shorter one.",
        ),
        TurnError::Vault { .. } => {
            (Kind::UpstreamFailed, "Whether you are connected can't be checked.")
        }
        TurnError::InProgress | TurnError::Session(SessionError::Conflict) => {
            (Kind::Conflict, "Another request is at work on this conversation.")
        }
        TurnError::Session(SessionError::Deleted) => (
            Kind::Conflict,
            "This conversation was deleted meanwhile. Nothing was saved of what you said now.",
        ),
        TurnError::NotSaved {
            source: SessionError::Contended | SessionError::Unavailable(_),
            ..
        }
        | TurnError::Session(SessionError::Contended | SessionError::Unavailable(_)) => {
            (Kind::UpstreamUnavailable, "Conversations can't be read or saved at the moment.")
        }
        TurnError::Session(SessionError::Damaged) => (
            Kind::UpstreamFailed,
            "This conversation is damaged. It is left as it is, and can be deleted.",
        ),
        TurnError::Session(SessionError::TooLarge) => (
            Kind::TooLarge,
            "This conversation is too large to be opened. It is left as it is: delete it, or \
                 start a new one.",
        ),
        TurnError::Session(SessionError::Newer) => (
            Kind::UpstreamFailed,
            "A newer version of this service wrote this conversation. It is left as it is.",
        ),
        TurnError::Session(SessionError::UnreadableConnection) => {
            (Kind::UpstreamFailed, "Whether you are connected can't be read.")
        }
        TurnError::NotSaved { .. } | TurnError::Session(_) => {
            (Kind::UpstreamFailed, "This conversation can't be read or saved.")
        }
        TurnError::TooSlow => (Kind::UpstreamUnavailable, "The answer took too long."),
        TurnError::Model(ModelError::Internal(_)) | TurnError::Internal(_) => {
            (Kind::Internal, Problem::INTERNAL)
        }
    }
}
