//! How a user is named to AgentCore Identity.

use aws_lc_rs::digest;
use aws_sdk_bedrockagentcore::types::UserIdentifier;
use identity::{User, UserId, UserToken};

/// How a user is named to AgentCore Identity (`VAULT_IDENTITY`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// By the user id. AgentCore Identity takes this service's word for it, which has verified
    /// who it is. The default, and the only way behind a load balancer.
    UserId,
    /// By the user's own bearer token, which AgentCore Identity verifies by itself. A flow that
    /// was begun with a token can be completed with that very token alone (a fresh one of the
    /// same person is another identity there), so the user has to consent before it is renewed.
    UserToken,
}

impl Naming {
    /// `user` by this name. `None` if they have no token to be named by.
    #[must_use]
    pub fn principal(self, user: &User) -> Option<Principal> {
        Some(Principal(match self {
            Self::UserId => Name::Id(user.id().clone()),
            Self::UserToken => Name::Token(user.token()?.clone()),
        }))
    }
}

/// A user who has been authenticated, by the name that AgentCore Identity knows them by.
#[derive(Debug, Clone)]
pub struct Principal(pub(crate) Name);

#[derive(Debug, Clone)]
pub(crate) enum Name {
    Id(UserId),
    Token(UserToken),
}

/// What tells principals apart without holding a token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Id(UserId),
    Token([u8; 32]),
}

impl Principal {
    pub(crate) fn key(&self) -> Key {
        match &self.0 {
            Name::Id(id) => Key::Id(id.clone()),
            Name::Token(token) => {
                let mut hash = [0; 32];
                let digest = digest::digest(&digest::SHA256, token.expose().as_bytes());
                hash.copy_from_slice(digest.as_ref());
                Key::Token(hash)
            }
        }
    }

    pub(crate) fn identifier(&self) -> UserIdentifier {
        match &self.0 {
            Name::Id(id) => UserIdentifier::UserId(id.as_str().to_owned()),
            Name::Token(token) => UserIdentifier::UserToken(token.expose().to_owned()),
        }
    }
}
