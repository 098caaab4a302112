//! The seam to what a provider itself says of a user's token, and to ending it there.

use futures_util::future::BoxFuture;
use vault::AccessToken;

use crate::scopes::Scopes;

/// What a provider can be asked about a user's tokens.
pub trait AccountApi: Send + Sync {
    /// Whose token it is, and what it allows.
    fn account<'a>(
        &'a self,
        token: &'a AccessToken,
    ) -> BoxFuture<'a, Result<Account, AccountUnknown>>;

    /// Ends `tokens`, of which there is at least one, for good.
    fn revoke<'a>(&'a self, tokens: &'a [&'a AccessToken]) -> BoxFuture<'a, Revocation>;
}

/// An account at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// As people there write it: `@octo-alice`.
    pub name: String,
    /// What the token allows, where the provider says so.
    pub scopes: Option<Scopes>,
}

/// Why it is not known whose token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountUnknown {
    /// The provider does not take the token any more.
    Refused,
    /// The provider gives no answer that says so.
    NoAnswer,
}

/// The result of revoking tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    /// The provider has taken them back.
    Revoked,
    /// The provider did not take them any more before.
    AlreadyGone,
    /// The provider has no way to do that for this service.
    NotPossible,
    /// It was not done, or it is not known whether it was. Says why, in a sentence for the user.
    Failed(&'static str),
}
