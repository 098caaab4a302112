//! How an attack ends: with a refusal, with what was gained in spite of it, or not at all.

use std::io;

use crate::{browser::BrowsingError, signing_in::SignInError};

use super::{
    checks::{self, Check},
    people::Person,
};

/// How an attack ended.
#[derive(Debug)]
pub(super) enum Ending {
    /// Nothing was gained, and this check has said no.
    Refused { check: Check, code: String },
    /// This was gained, as it was observed.
    Gained(String),
}

impl Ending {
    /// An attack that was answered with `code` in the end. Whether it was stopped is for `gained` to say.
    pub(super) fn new(code: &str, gained: Option<String>) -> Result<Self, AttackError> {
        Self::by(checks::check(code), code, gained)
    }

    /// The same, where `code` is not that of the page after consent.
    pub(super) fn by(
        check: Option<Check>,
        code: &str,
        gained: Option<String>,
    ) -> Result<Self, AttackError> {
        match (gained, check) {
            (Some(gained), _) => Ok(Self::Gained(gained)),
            (None, Some(check)) => Ok(Self::Refused { check, code: code.to_owned() }),
            (None, None) => Err(AttackError::Unexpected(format!(
                "nothing was gained, and no check has said no either: the last answer was {code}"
            ))),
        }
    }
}

/// Why it is not known whether an attack is stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttackError {
    /// There is no attack of that name.
    #[error("there is no attack “{0}”")]
    Unknown(String),
    /// People sign in at another provider.
    #[error(
        "attacks need carol and mallory, who exist at the stand-in for an identity provider alone; {0}"
    )]
    NoPeople(SignInError),
    /// Nobody can sign in.
    #[error(transparent)]
    SignIn(SignInError),
    /// A server does not answer.
    #[error(transparent)]
    Browsing(#[from] BrowsingError),
    /// Something went another way than in the story.
    #[error("the attack did not get to its point: {0}")]
    Unexpected(String),
    /// Attacks can't be kept apart.
    #[error("attacks can't be run one after the other: {0}")]
    OneAtATime(#[from] io::Error),
}

impl From<SignInError> for AttackError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::OtherProvider(_) => Self::NoPeople(error),
            SignInError::Unreachable(_) => Self::SignIn(error),
        }
    }
}

impl AttackError {
    /// `person` was to be so, and `told` is what they were answered instead.
    pub(super) fn unexpected(person: &Person, so: &str, told: &str) -> Self {
        let name = person.role.name;
        Self::Unexpected(format!("{name} was to be {so}, and the answer was {told}"))
    }
}
