//! The token vault: what users have allowed, by workload, user and provider.
//!
//! Which scopes a stored token counts for is not documented by AWS. Here it counts for those that
//! the token endpoint granted and for those that the person was asked for: providers normalize
//! (GitHub grants `repo public_repo` as `repo`), and a vault that compared only what was granted
//! would ask for consent without end. Tokens that came with an expiry are not refreshed here;
//! once expired they are gone.

use std::{
    collections::{BTreeSet, HashMap},
    time::SystemTime,
};

use super::{LesserScopes, limits::Scope, workload::VaultUser};

/// Whose token, for which provider.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) workload: String,
    pub(super) user: VaultUser,
    pub(super) provider: String,
}

/// A user's token at a provider.
pub(super) struct StoredToken {
    pub(super) access_token: String,
    pub(super) scopes: BTreeSet<String>,
    pub(super) expires: Option<SystemTime>,
}

/// Every user's tokens.
#[derive(Default)]
pub(super) struct Vault(HashMap<Key, StoredToken>);

impl Vault {
    /// Keeps a token, in place of one that was there.
    pub(super) fn store(&mut self, key: Key, token: StoredToken) {
        self.0.insert(key, token);
    }

    /// The stored token, if it lives and is good for these scopes.
    pub(super) fn token(
        &self,
        key: &Key,
        scopes: &[Scope],
        lesser_scopes: LesserScopes,
        now: SystemTime,
    ) -> Option<&str> {
        let token = self.0.get(key)?;
        let lives = token.expires.is_none_or(|expires| now < expires);
        let covers = scopes.iter().all(|scope| token.scopes.contains(&**scope));
        let good = covers || lesser_scopes == LesserScopes::ReturnStored;
        (lives && good).then_some(token.access_token.as_str())
    }

    /// Forgets every token for which `gone` holds.
    pub(super) fn forget(&mut self, gone: impl Fn(&Key) -> bool) {
        self.0.retain(|key, _| !gone(key));
    }
}
