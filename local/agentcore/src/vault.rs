//! The token vault: what users have allowed, by workload, user, provider and, where grants are found
//! so, the request.
//!
//! Which scopes a stored token counts for is not documented by AWS. Here it counts for those that
//! the token endpoint granted and for those that the person was asked for: providers normalize
//! (GitHub grants `repo public_repo` as `repo`), and a vault that compared only what was granted
//! would ask for consent without end. An expired token is refreshed where the provider gave a
//! refresh token, and counts for nothing otherwise.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::SystemTime,
};

use super::{
    GrantLookup,
    limits::{ParameterName, ParameterValue, Scope},
    workload::VaultUser,
};

/// Whose token, for which provider.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) workload: String,
    pub(super) user: VaultUser,
    pub(super) provider: String,
    /// Only if grants are found by it.
    pub(super) request: Option<Request>,
}

/// What was asked for, as far as a grant is found by it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Request {
    pub(super) scopes: BTreeSet<Scope>,
    pub(super) custom_parameters: BTreeMap<ParameterName, ParameterValue>,
}

/// A user's token at a provider.
pub(super) struct StoredToken {
    pub(super) access_token: String,
    pub(super) scopes: BTreeSet<String>,
    pub(super) expires: Option<SystemTime>,
    pub(super) refresh_token: Option<String>,
}

impl StoredToken {
    fn lives(&self, now: SystemTime) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }
}

/// What an expired token is refreshed with.
pub(super) struct Refreshable {
    pub(super) refresh_token: String,
    pub(super) scopes: BTreeSet<String>,
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
        grant_lookup: GrantLookup,
        now: SystemTime,
    ) -> Option<&str> {
        let token = self.0.get(key)?;
        let covers = scopes.iter().all(|scope| token.scopes.contains(&**scope));
        let good = covers || grant_lookup != GrantLookup::ByScopes;
        (token.lives(now) && good).then_some(token.access_token.as_str())
    }

    /// The refresh token to use before [`Self::token`] is called, if the stored token has expired.
    pub(super) fn refreshable(&self, key: &Key, now: SystemTime) -> Option<Refreshable> {
        let token = self.0.get(key).filter(|token| !token.lives(now))?;
        let refresh_token = token.refresh_token.clone()?;
        Some(Refreshable { refresh_token, scopes: token.scopes.clone() })
    }

    /// Ends the use of a refresh token: by the token that it brought, if any. A consent that was
    /// completed meanwhile stands.
    pub(super) fn refreshed(&mut self, key: &Key, used: &str, token: Option<StoredToken>) {
        if self.0.get(key).is_some_and(|held| held.refresh_token.as_deref() == Some(used)) {
            self.0.remove(key);
            if let Some(token) = token {
                self.0.insert(key.clone(), token);
            }
        }
    }

    /// Forgets every token for which `gone` holds.
    pub(super) fn forget(&mut self, gone: impl Fn(&Key) -> bool) {
        self.0.retain(|key, _| !gone(key));
    }
}
