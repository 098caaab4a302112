//! The tokens of one turn, and what is known of them. They live in memory until the turn ends.
//!
//! AgentCore Identity finds a stored grant by the whole token request; AWS's documentation leaves it
//! open. So a provider has few sets of scopes, nested ([`Provider`]), and a need is looked for by
//! the set that was found last, then by the narrowest that allows it, then by the wider ones. A
//! vault that keeps one token for each user and provider, or that looks at scopes alone, is served
//! by the same requests.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use futures_util::future::try_join_all;
use vault::{AccessToken, TokenFingerprint};

use crate::{
    consent::{Authorization, Authorizer, Consent, StartedFlow},
    error::TurnError,
    provider::Provider,
    scopes::Scopes,
    turn::{KnownToken, TokenNeed},
};

/// The tokens of one turn.
#[derive(Debug)]
pub(crate) struct Tokens<'a> {
    authorizer: Authorizer<'a>,
    granted: Vec<GrantedToken>,
    used: BTreeMap<TokenNeed, Arc<AccessToken>>,
    allows: BTreeMap<TokenFingerprint, Scopes>,
    started: Vec<StartedFlow>,
    stale: Vec<StaleToken>,
    /// Where the vault was forced, and gave a token.
    forced: BTreeSet<Arc<Provider>>,
}

/// A token that the vault gave for a set of scopes.
#[derive(Debug, Clone)]
struct GrantedToken {
    provider: Arc<Provider>,
    set: Scopes,
    token: Arc<AccessToken>,
}

/// A token that the vault still has for a set, and that the provider refuses.
#[derive(Debug)]
struct StaleToken {
    provider: Arc<Provider>,
    set: Scopes,
    token: TokenFingerprint,
}

/// The result of requesting a consent that seems to be needed.
#[derive(Debug)]
pub(crate) enum ConsentState {
    /// The user has to give it.
    Needed(Consent),
    /// It is not needed: the vault has a token after all.
    Given,
    /// It can't be had: the vault has no token but such that can't be used, and starts no flow.
    Impossible,
}

impl<'a> Tokens<'a> {
    pub(crate) fn new(authorizer: Authorizer<'a>) -> Self {
        Self {
            authorizer,
            granted: Vec::new(),
            used: BTreeMap::new(),
            allows: BTreeMap::new(),
            started: Vec::new(),
            stale: Vec::new(),
            forced: BTreeSet::new(),
        }
    }

    /// Returns a token for `need`; `None` if the user has to consent first.
    pub(crate) async fn get(
        &mut self,
        need: &TokenNeed,
    ) -> Result<Option<Arc<AccessToken>>, TurnError> {
        if let Some(token) = self.used.get(need) {
            return Ok(Some(Arc::clone(token)));
        }
        if self.granted_for(need).is_none() {
            self.look_for(need).await?;
        }
        let Some(GrantedToken { provider, set, token }) = self.granted_for(need).cloned() else {
            return Ok(None);
        };
        let user = self.authorizer.asker.user;
        self.authorizer.granted_sets.put(user, provider.name(), set);
        self.used.insert(need.clone(), Arc::clone(&token));
        Ok(Some(token))
    }

    /// Returns the token that a call was tried with, without asking the vault.
    pub(crate) fn used_for(&self, need: &TokenNeed) -> Option<Arc<AccessToken>> {
        self.used.get(need).map(Arc::clone)
    }

    /// The provider has said what `token` allows.
    pub(crate) fn learn(&mut self, token: &AccessToken, allows: Scopes) {
        let fingerprint = token.fingerprint();
        let is_this = |granted: &&GrantedToken| granted.token.fingerprint() == fingerprint;
        for granted in self.granted.iter().filter(is_this) {
            if !granted.provider.allow(&allows, &granted.set) {
                let user = self.authorizer.asker.user;
                self.authorizer.granted_sets.forget(user, granted.provider.name());
            }
        }
        self.allows.insert(fingerprint, allows);
    }

    /// What is known of `token`.
    pub(crate) fn known(&self, token: &AccessToken) -> KnownToken {
        let fingerprint = token.fingerprint();
        let allows = self.allows.get(&fingerprint).cloned();
        KnownToken { fingerprint, allows }
    }

    /// Requests consent for `needed`. Where a stored token is refused, the set by which it was
    /// stored is asked for as well, because the new token replaces that one, and the vault is forced:
    /// once for each provider, so that no token that it gives then leads to another request.
    pub(crate) async fn request_consent(
        &mut self,
        provider: &Arc<Provider>,
        needed: &Scopes,
    ) -> Result<ConsentState, TurnError> {
        let stale = self.stale.iter().filter(|stale| stale.provider == *provider);
        let stale: Vec<&Scopes> = stale.map(|stale| &stale.set).collect();
        let is_stale = !stale.is_empty();
        let needed: Scopes = needed.iter().chain(stale.into_iter().flatten()).cloned().collect();
        let set = provider.set_for(&needed);
        let is_wanted =
            |started: &StartedFlow| started.provider == *provider && started.scopes == set;
        if let Some(at) = self.started.iter().position(is_wanted)
            && !is_stale
        {
            let started = self.started.swap_remove(at);
            return self.authorizer.consent(started).map(ConsentState::Needed);
        }
        if is_stale && self.forced.contains(provider) {
            return Ok(ConsentState::Impossible);
        }
        match self.authorizer.authorize(provider, &set, is_stale).await? {
            Authorization::Required(started) => {
                self.authorizer.consent(started).map(ConsentState::Needed)
            }
            Authorization::Granted(token) if self.is_stale(&token) => Ok(ConsentState::Impossible),
            Authorization::Granted(token) => {
                if is_stale {
                    self.forced.insert(Arc::clone(provider));
                }
                self.grant(provider, set, token);
                Ok(ConsentState::Given)
            }
        }
    }

    fn is_stale(&self, token: &AccessToken) -> bool {
        let fingerprint = token.fingerprint();
        self.stale.iter().any(|stale| stale.token == fingerprint)
    }

    fn grant(&mut self, provider: &Arc<Provider>, set: Scopes, token: AccessToken) {
        let (provider, token) = (Arc::clone(provider), Arc::new(token));
        self.granted.push(GrantedToken { provider, set, token });
    }

    /// What the vault has given already for `need`.
    fn granted_for(&self, need: &TokenNeed) -> Option<&GrantedToken> {
        self.granted.iter().find(|granted| {
            granted.provider == need.provider
                && need.provider.allow(&granted.set, &need.scopes)
                && !need.refused.contains(&granted.token.fingerprint())
        })
    }

    /// Asks the vault: once, if it has the token by the first set. On a miss by all other sets that
    /// would do, at once.
    async fn look_for(&mut self, need: &TokenNeed) -> Result<(), TurnError> {
        let mut sets = need.provider.sets_allowing(&need.scopes);
        let user = self.authorizer.asker.user;
        let last = self.authorizer.granted_sets.get(user, need.provider.name());
        if let Some(at) = sets.iter().position(|set| Some(set) == last.as_ref()) {
            sets[..=at].rotate_right(1);
        }
        let asked = |set: &Scopes| {
            let is_known =
                |started: &StartedFlow| started.provider == need.provider && started.scopes == *set;
            self.started.iter().any(is_known)
        };
        sets.retain(|set| !asked(set));
        let Some((first, others)) = sets.split_first() else { return Ok(()) };
        let answer = self.authorizer.authorize(&need.provider, first, false).await?;
        self.take(need, first, answer);
        if self.granted_for(need).is_some() {
            return Ok(());
        }
        let authorizer = self.authorizer;
        let ask = |set| async move { authorizer.authorize(&need.provider, set, false).await };
        for (set, answer) in others.iter().zip(try_join_all(others.iter().map(ask)).await?) {
            self.take(need, set, answer);
        }
        Ok(())
    }

    fn take(&mut self, need: &TokenNeed, set: &Scopes, answer: Authorization) {
        match answer {
            Authorization::Required(started) => self.started.push(started),
            Authorization::Granted(token) => {
                let fingerprint = token.fingerprint();
                let is_refused = need.refused.contains(&fingerprint);
                // A vault that keeps one token returns it for every set: the first one counts.
                if is_refused && !self.stale.iter().any(|stale| stale.token == fingerprint) {
                    let (provider, set) = (Arc::clone(&need.provider), set.clone());
                    self.stale.push(StaleToken { provider, set, token: fingerprint });
                }
                self.grant(&need.provider, set.clone(), token);
            }
        }
    }
}
