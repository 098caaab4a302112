//! Asks the vault for a user's token; if the vault has none, starts the flow in which the user
//! consents to one.
//!
//! An authorization URL leaves this module only sealed in a flow, which our own `/consent` page
//! opens. It never reaches the model, the saved conversation or a log.

use std::sync::Arc;

use clock::Clock;
use identity::{BrowserHash, UserId};
use telemetry::Audit;
use time::OffsetDateTime;
use vault::{
    Access, AccessRequest, AccessToken, ConsentKeys, ConsentRequired, Flow, FlowState, NewFlow,
    Principal, TokenVault, VaultError,
};

use crate::{
    error::TurnError,
    granted_sets::GrantedSets,
    provider::Provider,
    scopes::{Scopes, joined},
};

/// For whom a turn runs, and in which browser they may consent.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'a> {
    /// The user.
    pub user: &'a UserId,
    /// As whom AgentCore Identity knows them.
    pub principal: &'a Principal,
    /// `None` where flows are not tied to browsers.
    pub browser: Option<BrowserHash>,
}

/// A consent that the user has to give. Goes to the user and nowhere else.
#[derive(Debug)]
pub struct Consent {
    /// At which credential provider.
    pub provider: Arc<Provider>,
    /// What it has to allow.
    pub scopes: Scopes,
    /// The flow, sealed, for our own `/consent` page.
    pub flow: String,
    /// When the flow ends.
    pub expires_at: OffsetDateTime,
}

/// A flow that the vault has started.
#[derive(Debug)]
pub(crate) struct StartedFlow {
    pub(crate) provider: Arc<Provider>,
    pub(crate) scopes: Scopes,
    state: FlowState,
    required: ConsentRequired,
}

/// The vault's answer.
#[derive(Debug)]
pub(crate) enum Authorization {
    Granted(AccessToken),
    Required(StartedFlow),
}

/// Asks the vault for one user's tokens.
#[derive(Debug, Clone, Copy)]
pub struct Authorizer<'a> {
    /// Where tokens are.
    pub vault: &'a TokenVault,
    /// What seals a flow.
    pub keys: &'a ConsentKeys,
    /// What time it is.
    pub clock: &'a Clock,
    /// Whose tokens.
    pub asker: Asker<'a>,
    /// Which set of scopes each user's token was found by last.
    pub granted_sets: &'a GrantedSets,
}

impl Authorizer<'_> {
    /// The asker's token for `scopes`; with `force`, a flow or another token than the stored one.
    pub(crate) async fn authorize(
        &self,
        provider: &Arc<Provider>,
        scopes: &Scopes,
        force: bool,
    ) -> Result<Authorization, TurnError> {
        let no_randomness = |_| TurnError::Internal("the system has no randomness".into());
        let state = FlowState::generate().map_err(no_randomness)?;
        let (user, name) = (self.asker.principal, provider.name());
        let request = AccessRequest { user, provider: name, scopes };
        let flow = NewFlow { state: &state, force };
        let access = self.vault.access(&request, &flow, self.clock.now()).await;
        let failed = |source: VaultError| TurnError::vault(provider, source);
        Ok(match access.map_err(failed)? {
            Access::Granted(token) => Authorization::Granted(token),
            Access::ConsentRequired(required) => {
                let (provider, scopes) = (Arc::clone(provider), scopes.clone());
                Authorization::Required(StartedFlow { provider, scopes, state, required })
            }
        })
    }

    /// The consent by which a flow goes on, for this user in this browser.
    pub(crate) fn consent(&self, started: StartedFlow) -> Result<Consent, TurnError> {
        let StartedFlow { provider, scopes, state, required } = started;
        let ConsentRequired { authorization_url, session } = required;
        let (user, browser) = (self.asker.user.clone(), self.asker.browser);
        let now = self.clock.now();
        let flow = Flow::begin(user, browser, &session, state.hash(), authorization_url, now);
        let sealed = flow.seal(self.keys).map_err(|error| TurnError::Internal(Box::new(error)))?;
        Audit::ConsentRequired {
            user: self.asker.user,
            provider: provider.name().as_str(),
            scopes: &joined(&scopes),
            flow: &flow.fingerprint(),
        }
        .record();
        Ok(Consent { provider, scopes, flow: sealed, expires_at: flow.expires_at().into() })
    }
}
