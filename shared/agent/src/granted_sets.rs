//! By which set of scopes a user's token was found last.
//!
//! The vault finds a grant by the set that was asked for, and does not say which sets it has. For a
//! user who has consented to the widest set, a lookup by a narrower one misses each time; this
//! memory makes it one request. It is only a hint: without one the sets are tried in turn.

use std::{
    fmt,
    num::NonZeroUsize,
    sync::{Mutex, MutexGuard, PoisonError},
};

use identity::UserId;
use lru::LruCache;
use vault::ProviderName;

use crate::scopes::Scopes;

/// How many are kept; the one not used for longest goes first.
const MAX_ENTRIES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(9_999);

type Entries = LruCache<(UserId, ProviderName), Scopes>;

/// The sets by which tokens were found.
pub struct GrantedSets(Mutex<Entries>);

impl GrantedSets {
    /// Nothing is known yet.
    #[must_use]
    pub fn new() -> Self {
        Self(Mutex::new(LruCache::new(MAX_ENTRIES)))
    }

    /// The set by which the token of `user` at `provider` was found last.
    pub(crate) fn get(&self, user: &UserId, provider: &ProviderName) -> Option<Scopes> {
        self.entries().get(&(user.clone(), provider.clone())).cloned()
    }

    /// The token of `user` at `provider` was found by `set`.
    pub(crate) fn put(&self, user: &UserId, provider: &ProviderName, set: Scopes) {
        self.entries().put((user.clone(), provider.clone()), set);
    }

    /// The token that was found by a set turns out to allow less.
    pub(crate) fn forget(&self, user: &UserId, provider: &ProviderName) {
        self.entries().pop(&(user.clone(), provider.clone()));
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for GrantedSets {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for GrantedSets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GrantedSets")
    }
}
