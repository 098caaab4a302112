//! The tokens of one turn, and what is known of them. They live in memory until the turn ends.
//!
//! AgentCore Identity finds a stored grant by the whole token request; AWS's documentation leaves it
//! open. So a provider has few sets of scopes, nested ([`Provider`]), and a need is looked for by
//! the set that was found last, then by the narrowest that allows it, then by the wider ones. A
//! vault that keeps one token for each user and provider, or that looks at scopes alone, is served
//! by the same requests.
//!
//! Once the user has disconnected a provider, a stored token counts only for the sets that they have
//! consented to again. A consent for another set is forced, and what the vault returns without one is
//! not used. How a token is looked for then: `token_search.rs`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use session::SessionError;
use vault::{AccessToken, TokenFingerprint};

use crate::{
    connections::{Connections, Standing},
    consent::{Authorization, Authorizer, Consent, StartedFlow},
    error::{TurnError, with_causes},
    provider::Provider,
    scopes::{Scopes, joined},
    turn::{Impossible, KnownToken, TokenNeed},
};

/// The tokens of one turn.
#[derive(Debug)]
pub(crate) struct Tokens<'a> {
    pub(crate) authorizer: Authorizer<'a>,
    pub(crate) connections: Connections<'a>,
    pub(crate) granted: Vec<GrantedToken>,
    used: BTreeMap<TokenNeed, Arc<AccessToken>>,
    allows: BTreeMap<TokenFingerprint, Scopes>,
    pub(crate) started: Vec<StartedFlow>,
    pub(crate) stale: Vec<StaleToken>,
    /// Where the vault was forced, and gave a token.
    forced: BTreeSet<Arc<Provider>>,
    /// Where it was saved in this turn that the user has consented.
    consented: BTreeSet<(Arc<Provider>, Scopes)>,
}

/// A token that the vault gave for a set of scopes.
#[derive(Debug, Clone)]
pub(crate) struct GrantedToken {
    pub(crate) provider: Arc<Provider>,
    pub(crate) set: Scopes,
    pub(crate) token: Arc<AccessToken>,
}

/// A token that the vault still has for a set, and that the provider refuses.
#[derive(Debug)]
pub(crate) struct StaleToken {
    pub(crate) provider: Arc<Provider>,
    pub(crate) set: Scopes,
    pub(crate) token: TokenFingerprint,
}

/// The result of looking for a token.
#[derive(Debug)]
pub(crate) enum Found {
    /// There is one.
    Token(Arc<AccessToken>),
    /// The user has to consent first.
    Nothing,
    /// The user has disconnected the provider since the turn began.
    Disconnected,
}

/// The result of requesting a consent that seems to be needed.
#[derive(Debug)]
pub(crate) enum ConsentState {
    /// The user has to give it.
    Needed(Consent),
    /// It is not needed: the vault has a token after all.
    Given,
    /// It can't be had: the vault has no token but such that can't be used, and starts no flow.
    Impossible(Impossible),
    /// The user has disconnected the provider since the turn began.
    Disconnected,
}

impl<'a> Tokens<'a> {
    pub(crate) fn new(authorizer: Authorizer<'a>) -> Self {
        Self {
            connections: Connections::new(authorizer.sessions, authorizer.asker.user),
            authorizer,
            granted: Vec::new(),
            used: BTreeMap::new(),
            allows: BTreeMap::new(),
            started: Vec::new(),
            stale: Vec::new(),
            forced: BTreeSet::new(),
            consented: BTreeSet::new(),
        }
    }

    /// Calls are to be made: before each, it counts what the user has disconnected by now.
    pub(crate) fn begin_round(&mut self) {
        self.connections.begin_round();
    }

    /// Whether the tokens of `provider` that this turn has may still be used.
    pub(crate) async fn check(&mut self, provider: &Provider) -> Result<Standing, SessionError> {
        self.connections.check(provider.name()).await
    }

    /// Returns a token for `need`, if there is one that may be used.
    pub(crate) async fn get(&mut self, need: &TokenNeed) -> Result<Found, TurnError> {
        let provider = &need.provider;
        if self.check(provider).await? == Standing::Disconnected {
            return Ok(Found::Disconnected);
        }
        if let Some(token) = self.used.get(need) {
            return Ok(Found::Token(Arc::clone(token)));
        }
        if self.granted_for(need).is_none() && self.look_for(need).await? == Standing::Disconnected
        {
            return Ok(Found::Disconnected);
        }
        let Some(GrantedToken { set, token, .. }) = self.granted_for(need).cloned() else {
            return Ok(Found::Nothing);
        };
        if need.has_waited && self.was_consented_to(provider, &set).await == Standing::Disconnected
        {
            return Ok(Found::Disconnected);
        }
        let user = self.authorizer.asker.user;
        self.authorizer.granted_sets.put(user, provider.name(), set);
        self.used.insert(need.clone(), Arc::clone(&token));
        Ok(Found::Token(token))
    }

    /// A call has waited for the token of `set`: it is saved, once, since when the user has consented. It
    /// is shown to them and decides nothing, so that a write that fails is only logged.
    async fn was_consented_to(&mut self, provider: &Arc<Provider>, set: &Scopes) -> Standing {
        let is_new = self.consented.insert((Arc::clone(provider), set.clone()));
        let is_disconnected = |it: &session::Connection| it.disconnected_at().is_some();
        // After a disconnect it was saved when the token was found.
        if !is_new || self.connections.get(provider.name()).is_none_or(is_disconnected) {
            return Standing::Unchanged;
        }
        self.save_consent(provider, set).await.unwrap_or_else(|error| {
            tracing::warn!(
                cause = with_causes(&error),
                "it is not saved that a user has consented"
            );
            Standing::Unchanged
        })
    }

    pub(crate) async fn save_consent(
        &mut self,
        provider: &Provider,
        set: &Scopes,
    ) -> Result<Standing, SessionError> {
        let (scopes, now) = (joined(set), self.authorizer.clock.now());
        self.connections.change(provider.name(), |it| it.grant(&scopes, now)).await
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
    /// once for each provider, so that no token that it gives then leads to another request. It is
    /// forced, too, where the user has disconnected.
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
        // Once the vault was forced, what it has started since is not for the refused token.
        let is_forced = self.forced.contains(provider);
        if let Some(at) = self.started.iter().position(is_wanted)
            && (!is_stale || is_forced)
        {
            let started = self.started.swap_remove(at);
            return self.authorizer.consent(started).map(ConsentState::Needed);
        }
        if is_stale && is_forced {
            return Ok(ConsentState::Impossible(Impossible::OnlyDeadTokens));
        }
        let force = is_stale || self.is_disconnected(provider);
        match self.authorizer.authorize(provider, &set, force).await? {
            Authorization::Required(started) => self.show(started).await,
            Authorization::Granted(token) if self.is_stale(&token) => {
                Ok(ConsentState::Impossible(Impossible::OnlyDeadTokens))
            }
            Authorization::Granted(token) if !self.may_be_used(provider, &set, &token) => {
                Ok(ConsentState::Impossible(Impossible::NotAsked))
            }
            Authorization::Granted(token) => {
                if is_stale {
                    self.forced.insert(Arc::clone(provider));
                }
                self.grant(provider, set, token);
                Ok(ConsentState::Given)
            }
        }
    }

    /// The consent by which a flow goes on. Where the user has disconnected, the flow is saved before it
    /// is shown, unless they disconnect again meanwhile: then it began before that, and brings nothing.
    async fn show(&mut self, started: StartedFlow) -> Result<ConsentState, TurnError> {
        let provider = Arc::clone(&started.provider);
        if !self.is_usable(&provider, &started.scopes) {
            let flow = self.authorizer.begun(&started)?;
            let saved = self.connections.change(provider.name(), |it| it.begin(flow.clone()));
            if saved.await? == Standing::Disconnected {
                return Ok(ConsentState::Disconnected);
            }
        }
        self.authorizer.consent(started).map(ConsentState::Needed)
    }

    fn is_stale(&self, token: &AccessToken) -> bool {
        let fingerprint = token.fingerprint();
        self.stale.iter().any(|stale| stale.token == fingerprint)
    }

    pub(crate) fn grant(&mut self, provider: &Arc<Provider>, set: Scopes, token: AccessToken) {
        let (provider, token) = (Arc::clone(provider), Arc::new(token));
        self.granted.push(GrantedToken { provider, set, token });
    }
}
