//! The tokens of one turn, and what is known of them. They live in memory until the turn ends.
//!
//! AWS does not document whether the vault gives out a stored token of lesser scopes than asked
//! for, or begins a consent. Both are dealt with: what a token allows is learned from GitHub's
//! answers, and a consent that replaces a stored token asks for what that one allowed as well,
//! so that one tool's consent does not undo another's.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use vault::{AccessToken, TokenMark};

use super::{
    consent::{Authorization, Authorizer, Begun, Consent},
    error::TurnError,
    scopes::{Scopes, allow},
    tools::Tool,
    turn::Demand,
};

/// The tokens of one turn.
#[derive(Debug)]
pub(crate) struct Tokens<'a> {
    authorizer: Authorizer<'a>,
    granted: BTreeMap<Demand, Arc<AccessToken>>,
    allows: BTreeMap<TokenMark, Scopes>,
    /// What the user has allowed before, if the vault tells scopes apart.
    held: Option<Vec<Held>>,
    begun: Vec<Begun>,
    /// The vault still has a token that the provider refuses.
    stale: bool,
}

/// A token that the vault has for these scopes.
#[derive(Debug)]
struct Held {
    scopes: Scopes,
    token: Arc<AccessToken>,
}

/// What becomes of a consent that seems to be needed.
#[derive(Debug)]
pub(crate) enum Asked {
    /// The user has to give it.
    Needed(Consent),
    /// He has given it meanwhile.
    Given,
}

impl<'a> Tokens<'a> {
    pub(crate) fn new(authorizer: Authorizer<'a>) -> Self {
        Self {
            authorizer,
            granted: BTreeMap::new(),
            allows: BTreeMap::new(),
            held: None,
            begun: Vec::new(),
            stale: false,
        }
    }

    /// A token for `demand`; nothing if that needs a consent.
    pub(crate) async fn get(
        &mut self,
        demand: &Demand,
    ) -> Result<Option<Arc<AccessToken>>, TurnError> {
        if let Some(token) = self.granted.get(demand) {
            return Ok(Some(Arc::clone(token)));
        }
        let token = match self.authorizer.authorize(&demand.scopes, false).await? {
            Authorization::Granted(token) => self.unless_refused(demand, Arc::new(token)),
            Authorization::Required(begun) => {
                self.begun.push(begun);
                let held = self.held().await?.iter();
                let enough = held.into_iter().find(|held| allow(&held.scopes, &demand.scopes));
                let enough = enough.map(|held| Arc::clone(&held.token));
                enough.and_then(|token| self.unless_refused(demand, token))
            }
        };
        if let Some(token) = &token {
            self.granted.insert(demand.clone(), Arc::clone(token));
        }
        Ok(token)
    }

    /// The token that a call was tried with; asks nobody.
    pub(crate) fn tried(&self, demand: &Demand) -> Option<Arc<AccessToken>> {
        self.granted.get(demand).map(Arc::clone)
    }

    /// GitHub has said what `token` allows.
    pub(crate) fn learn(&mut self, token: &AccessToken, allows: Scopes) {
        self.allows.insert(token.mark(), allows);
    }

    /// What `token` allows, if that is known.
    pub(crate) fn allowed(&self, token: &AccessToken) -> Option<&Scopes> {
        self.allows.get(&token.mark())
    }

    /// What `token` allows, if that is known and is not enough for `demand`.
    pub(crate) fn too_weak(&self, token: &AccessToken, demand: &Demand) -> Option<&Scopes> {
        let known = self.allowed(token)?;
        (!allow(known, &demand.scopes)).then_some(known)
    }

    /// Asks for the consent to `needed`, and to what a new token would otherwise lose.
    pub(crate) async fn ask(&mut self, needed: &Scopes) -> Result<Asked, TurnError> {
        let held = self.held.iter().flatten().flat_map(|held| &held.scopes);
        let wanted: Scopes = needed.iter().chain(held).cloned().collect();
        if let Some(at) = self.begun.iter().position(|begun| begun.scopes == wanted)
            && !self.stale
        {
            let begun = self.begun.swap_remove(at);
            return self.authorizer.link(begun).map(Asked::Needed);
        }
        match self.authorizer.authorize(&wanted, self.stale).await? {
            Authorization::Required(begun) => self.authorizer.link(begun).map(Asked::Needed),
            Authorization::Granted(token) => {
                let held = Held { scopes: wanted, token: Arc::new(token) };
                self.held.get_or_insert_default().push(held);
                Ok(Asked::Given)
            }
        }
    }

    fn unless_refused(
        &mut self,
        demand: &Demand,
        token: Arc<AccessToken>,
    ) -> Option<Arc<AccessToken>> {
        let is_refused = demand.refused.as_ref() == Some(&token.mark());
        self.stale |= is_refused;
        (!is_refused).then_some(token)
    }

    /// What the vault has for each set of scopes that a tool declares. Only to be asked once it
    /// has refused a set: a vault that gives one token for everything would seem to have all.
    async fn held(&mut self) -> Result<&[Held], TurnError> {
        if self.held.is_none() {
            let mut held = Vec::new();
            for scopes in declared() {
                if self.begun.iter().any(|begun| begun.scopes == scopes) {
                    continue;
                }
                match self.authorizer.authorize(&scopes, false).await? {
                    Authorization::Granted(token) => {
                        held.push(Held { scopes, token: Arc::new(token) });
                    }
                    Authorization::Required(begun) => self.begun.push(begun),
                }
            }
            self.held = Some(held);
        }
        Ok(self.held.as_deref().unwrap_or_default())
    }
}

/// Every set of scopes that a tool declares.
fn declared() -> BTreeSet<Scopes> {
    let declared = Tool::ALL.into_iter().flat_map(|tool| [tool.scopes(), tool.wider_scopes()]);
    declared.filter(|scopes| !scopes.is_empty()).collect()
}
