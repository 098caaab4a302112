//! The token vault: tokens by workload, user, provider and, with `GrantLookup::ByRequest`, the request.
//!
//! AWS does not document which scopes a stored token has. Here it has those that the token endpoint
//! granted and those that the person was asked for: providers normalize scopes (GitHub grants `repo
//! public_repo` as `repo`), and a vault that compared only the granted ones would ask for consent
//! again and again. An expired token is refreshed if the provider gave a refresh token, and ignored
//! otherwise.

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
    /// Only with `GrantLookup::ByRequest`.
    pub(super) request: Option<Request>,
}

/// The part of a request that identifies a grant.
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
    fn is_live(&self, now: SystemTime) -> bool {
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
    /// Stores a token, replacing an earlier one.
    pub(super) fn store(&mut self, key: Key, token: StoredToken) {
        self.0.insert(key, token);
    }

    /// Returns the stored token, unless it has expired or lacks one of these scopes.
    pub(super) fn token(
        &self,
        key: &Key,
        scopes: &[Scope],
        grant_lookup: GrantLookup,
        now: SystemTime,
    ) -> Option<&str> {
        let token = self.0.get(key)?;
        let covers = scopes.iter().all(|scope| token.scopes.contains(&**scope));
        let is_usable = covers || grant_lookup != GrantLookup::ByScopes;
        (token.is_live(now) && is_usable).then_some(token.access_token.as_str())
    }

    /// Returns the refresh token, if the stored token has expired.
    pub(super) fn refreshable(&self, key: &Key, now: SystemTime) -> Option<Refreshable> {
        let token = self.0.get(key).filter(|token| !token.is_live(now))?;
        let refresh_token = token.refresh_token.clone()?;
        Some(Refreshable { refresh_token, scopes: token.scopes.clone() })
    }

    /// Replaces the token that `used` has refreshed by `token`, or removes it if the provider
    /// refused. Does nothing if a new consent was completed meanwhile.
    pub(super) fn finish_refresh(&mut self, key: &Key, used: &str, token: Option<StoredToken>) {
        if self.0.get(key).is_some_and(|stored| stored.refresh_token.as_deref() == Some(used)) {
            self.0.remove(key);
            if let Some(token) = token {
                self.0.insert(key.clone(), token);
            }
        }
    }

    /// Removes every token whose key matches `gone`.
    pub(super) fn forget(&mut self, gone: impl Fn(&Key) -> bool) {
        self.0.retain(|key, _| !gone(key));
    }
}
