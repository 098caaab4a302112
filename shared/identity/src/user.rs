//! The person behind a request.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::user_token::UserToken;

/// The issuer's `sub`: 1 to 128 characters, none of them a control character.
///
/// OpenID Connect Core 1.0, section 2, makes `sub` unique within one issuer, and a deployment
/// trusts exactly one. The upper limit is that of `userId` in AgentCore Identity's
/// `GetWorkloadAccessTokenForUserId`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserId(String);

impl UserId {
    const MAX_CHARACTERS: usize = 128;

    /// The only way to a user id.
    ///
    /// # Errors
    /// When `sub` is empty, longer than 128 characters, or holds a control character.
    pub fn parse(sub: impl Into<String>) -> Result<Self, InvalidUserId> {
        let sub = sub.into();
        let fits = !sub.is_empty() && sub.chars().count() <= Self::MAX_CHARACTERS;
        if fits && !sub.chars().any(char::is_control) { Ok(Self(sub)) } else { Err(InvalidUserId) }
    }

    /// The `sub`, exactly as the issuer wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for UserId {
    type Error = InvalidUserId;

    fn try_from(sub: String) -> Result<Self, InvalidUserId> {
        Self::parse(sub)
    }
}

impl From<UserId> for String {
    fn from(user: UserId) -> Self {
        user.0
    }
}

/// A string that can't be a [`UserId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a user id has 1 to 128 characters and no control characters")]
pub struct InvalidUserId;

/// Someone who has been authenticated. Only this crate's verifiers can make one.
#[derive(Debug, Clone)]
pub struct User {
    pub(crate) id: UserId,
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) token: Option<UserToken>,
}

impl User {
    /// Who it is.
    #[must_use]
    pub fn id(&self) -> &UserId {
        &self.id
    }

    /// The e-mail address that the issuer claims; to show, never to decide.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    /// The name that the issuer claims; to show, never to decide.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The token that proved it, if it was a bearer token of the issuer's. A load balancer
    /// vouches for a user in a token of its own, which nobody else believes.
    #[must_use]
    pub fn token(&self) -> Option<&UserToken> {
        self.token.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::UserId;

    #[test]
    fn a_user_id_has_1_to_128_characters_of_any_script() {
        assert!(UserId::parse("").is_err());
        assert!(UserId::parse("ü".repeat(128)).is_ok());
        assert!(UserId::parse("u".repeat(129)).is_err());
    }

    #[test]
    fn a_control_character_is_refused_in_json_too() {
        assert!(UserId::parse("a\nb").is_err());
        assert!(serde_json::from_str::<UserId>(r#""a\u0000b""#).is_err());
    }
}
