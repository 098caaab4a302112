//! How a token is looked for at the vault: by which sets of scopes, and what may be used of what it has.
//!
//! The record of the connection is read after the vault has answered: a disconnect while the vault was asked
//! counts.

use std::{sync::Arc, time::SystemTime};

use futures_util::future::try_join_all;
use session::Connection;
use vault::AccessToken;

use crate::{
    connections::Standing,
    consent::{Authorization, StartedFlow},
    error::TurnError,
    provider::Provider,
    scopes::{Scopes, joined},
    tokens::{GrantedToken, StaleToken, Tokens},
    turn::TokenNeed,
};

impl Tokens<'_> {
    /// What the vault has given already for `need`.
    pub(crate) fn granted_for(&self, need: &TokenNeed) -> Option<&GrantedToken> {
        self.granted.iter().find(|granted| {
            granted.provider == need.provider
                && need.provider.allow(&granted.set, &need.scopes)
                && !need.refused.contains(&granted.token.fingerprint())
        })
    }

    /// Asks the vault: once, if it has the token by the first set. On a miss by all other sets that
    /// would do, at once; and then, where the user has disconnected, by the flows that began since.
    pub(crate) async fn look_for(&mut self, need: &TokenNeed) -> Result<Standing, TurnError> {
        let (provider, authorizer) = (&need.provider, self.authorizer);
        let mut sets = self.sets_to_ask(need);
        if self.connections.get(provider.name()).is_none() && !sets.is_empty() {
            let first = sets.remove(0);
            let asked_at = authorizer.clock.now();
            let mut answer = authorizer.authorize(provider, &first, false).await?;
            let loaded = self.connections.read(provider.name()).await?;
            self.connections.learn(provider.name(), loaded);
            if self.was_connected_since(provider, &first, asked_at) {
                answer = authorizer.authorize(provider, &first, false).await?;
            }
            self.take(need, &first, answer);
            if self.granted_for(need).is_some() {
                return Ok(Standing::Unchanged);
            }
        } else if let Some(at) = sets.iter().position(|set| self.is_usable(provider, set)) {
            let first = sets.remove(at);
            let answer = authorizer.authorize(provider, &first, false).await?;
            self.take(need, &first, answer);
        }
        if self.granted_for(need).is_some() {
            return self.check_again(provider).await;
        }
        sets.retain(|set| self.is_usable(provider, set));
        let ask = |set| async move { authorizer.authorize(provider, set, false).await };
        for (set, answer) in sets.iter().zip(try_join_all(sets.iter().map(ask)).await?) {
            self.take(need, set, answer);
        }
        if self.granted_for(need).is_some() {
            return self.check_again(provider).await;
        }
        if self.is_disconnected(provider) {
            return self.look_at_flows(need).await;
        }
        Ok(Standing::Unchanged)
    }

    /// The vault was asked after the record was read, so that the user may have disconnected meanwhile.
    async fn check_again(&mut self, provider: &Provider) -> Result<Standing, TurnError> {
        self.begin_round();
        Ok(self.check(provider).await?)
    }

    /// The sets that would do and were not asked by, the one by which a token was found last first.
    fn sets_to_ask(&self, need: &TokenNeed) -> Vec<Scopes> {
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
        sets
    }

    /// Takes what a flow has brought that began since the user disconnected. It connects them again: the
    /// token is used once that is saved, which it is not if they disconnect meanwhile.
    async fn look_at_flows(&mut self, need: &TokenNeed) -> Result<Standing, TurnError> {
        let (provider, name) = (&need.provider, need.provider.name());
        let flows = self.connections.get(name).map(Connection::begun).unwrap_or_default();
        let sets = provider.sets_allowing(&need.scopes);
        for (set, token) in self.authorizer.tokens_of_flows(provider, &sets, flows).await? {
            let fingerprint = token.fingerprint();
            if self.is_forgotten(provider, &token) || need.refused.contains(&fingerprint) {
                continue;
            }
            let standing = self.save_consent(provider, &set).await?;
            if standing == Standing::Unchanged {
                self.grant(provider, set, token);
            }
            return Ok(standing);
        }
        Ok(Standing::Unchanged)
    }

    /// Whether the user has disconnected `provider`, as far as this turn knows.
    pub(crate) fn is_disconnected(&self, provider: &Provider) -> bool {
        let connection = self.connections.get(provider.name());
        connection.is_some_and(|it| it.disconnected_at().is_some())
    }

    /// Whether the user has disconnected, and connected again after `time`: what the vault returned then
    /// may be of before.
    fn was_connected_since(&self, provider: &Provider, set: &Scopes, time: SystemTime) -> bool {
        let connection = self.connections.get(provider.name());
        let connection = connection.filter(|it| it.disconnected_at().is_some());
        connection.and_then(|it| it.since(&joined(set))).is_some_and(|since| since >= time)
    }

    /// Whether the token that the vault has for `set` may be used.
    pub(crate) fn is_usable(&self, provider: &Provider, set: &Scopes) -> bool {
        self.connections.get(provider.name()).is_none_or(|it| it.is_usable(&joined(set)))
    }

    /// Whether `token`, which the vault returns for `set` without asking the user, may be used.
    pub(crate) fn may_be_used(
        &self,
        provider: &Provider,
        set: &Scopes,
        token: &AccessToken,
    ) -> bool {
        self.is_usable(provider, set) && !self.is_forgotten(provider, token)
    }

    fn is_forgotten(&self, provider: &Provider, token: &AccessToken) -> bool {
        let connection = self.connections.get(provider.name());
        connection.is_some_and(|it| it.is_forgotten(token.fingerprint().as_str()))
    }

    fn take(&mut self, need: &TokenNeed, set: &Scopes, answer: Authorization) {
        let provider = &need.provider;
        match answer {
            Authorization::Required(started) if self.is_usable(provider, set) => {
                self.started.push(started);
            }
            // It may have begun before the record was read, and so before a disconnect.
            Authorization::Required(_) => {}
            Authorization::Granted(token) if !self.may_be_used(provider, set, &token) => {}
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
