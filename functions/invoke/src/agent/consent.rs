//! Consent: asking the vault, and the link by which a user gives what it has not got.
//!
//! No authorization URL leaves this module but sealed in our own `/consent` link: not to the
//! model, not to the saved conversation, not to a log.

use identity::{BrowserHash, UserId};
use service::{Clock, Site};
use telemetry::Audit;
use time::OffsetDateTime;
use vault::{
    Access, AccessRequest, ConsentKeys, ConsentRequired, Flow, FlowState, Principal, ProviderName,
    TokenVault,
};

use super::{
    error::TurnError,
    scopes::{Scopes, joined},
};

/// For whom a turn runs, and in which browser he may consent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker<'a> {
    pub(crate) user: &'a UserId,
    /// As whom AgentCore Identity knows him.
    pub(crate) principal: &'a Principal,
    /// Nothing where flows are not tied to browsers.
    pub(crate) browser: Option<BrowserHash>,
}

/// A consent that the user has to give. Goes to the user and nowhere else.
#[derive(Debug)]
pub(crate) struct Consent {
    pub(crate) provider: ProviderName,
    pub(crate) scopes: Scopes,
    /// Our own `/consent` link.
    pub(crate) url: String,
    pub(crate) expires_at: OffsetDateTime,
}

/// A flow that the vault has begun.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) scopes: Scopes,
    state: FlowState,
    required: ConsentRequired,
}

/// The vault's answer.
#[derive(Debug)]
pub(crate) enum Authorization {
    Granted(vault::AccessToken),
    Required(Begun),
}

/// Asks the vault for one user's tokens at one provider.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Authorizer<'a> {
    pub(crate) vault: &'a TokenVault,
    pub(crate) provider: &'a ProviderName,
    pub(crate) keys: &'a ConsentKeys,
    pub(crate) site: &'a Site,
    pub(crate) clock: &'a Clock,
    pub(crate) asker: Asker<'a>,
}

impl Authorizer<'_> {
    /// The asker's token for `scopes`; with `force`, a flow even if the vault has one.
    pub(crate) async fn authorize(
        &self,
        scopes: &Scopes,
        force: bool,
    ) -> Result<Authorization, TurnError> {
        let no_randomness = |_| TurnError::Internal("the system has no randomness".into());
        let state = FlowState::generate().map_err(no_randomness)?;
        let (user, provider) = (self.asker.principal, self.provider);
        let request = AccessRequest { user, provider, scopes, state: &state, force };
        Ok(match self.vault.access(&request, self.clock.now()).await? {
            Access::Granted(token) => Authorization::Granted(token),
            Access::ConsentRequired(required) => {
                Authorization::Required(Begun { scopes: scopes.clone(), state, required })
            }
        })
    }

    /// The link to a flow that has begun, for this user in this browser.
    pub(crate) fn link(&self, begun: Begun) -> Result<Consent, TurnError> {
        let Begun { scopes, state, required } = begun;
        let ConsentRequired { authorization_url, session } = required;
        let (user, browser) = (self.asker.user.clone(), self.asker.browser);
        let now = self.clock.now();
        let flow = Flow::begin(user, browser, &session, state.hash(), authorization_url, now);
        let sealed = flow.seal(self.keys).map_err(|error| TurnError::Internal(Box::new(error)))?;
        Audit::ConsentRequired {
            user: self.asker.user,
            provider: self.provider.as_str(),
            scopes: &joined(&scopes),
            flow: &flow.fingerprint(),
        }
        .record();
        Ok(Consent {
            provider: self.provider.clone(),
            scopes,
            url: self.site.address(&format!("/consent?flow={sealed}")),
            expires_at: flow.expires_at().into(),
        })
    }
}
