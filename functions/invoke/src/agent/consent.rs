//! Tokens for tools, and the consent that a missing one needs.
//!
//! No authorization URL leaves this module but sealed in our own `/consent` link: not to the
//! model, not to the saved conversation, not to a log.

use std::{collections::BTreeSet, time::SystemTime};

use identity::{BrowserHash, UserId};
use service::Site;
use telemetry::Audit;
use time::OffsetDateTime;
use uuid::Uuid;
use vault::{
    Access, AccessRequest, AccessToken, ConsentKeys, ConsentRequired, Flow, FlowState,
    ProviderName, Scope, TokenVault,
};

use super::{error::TurnError, tools::joined};

/// For whom a turn runs, and in which browser he may consent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker<'a> {
    pub(crate) user: &'a UserId,
    pub(crate) browser: BrowserHash,
}

/// What the user has to do before a turn can go on. Goes to the user and nowhere else.
#[derive(Debug)]
pub(crate) struct Interrupt {
    pub(crate) id: String,
    pub(crate) provider: ProviderName,
    pub(crate) scopes: BTreeSet<Scope>,
    /// Our own `/consent` link.
    pub(crate) url: String,
    pub(crate) expires_at: OffsetDateTime,
}

/// A token, or what it needs first.
#[derive(Debug)]
pub(crate) enum Authorization {
    Granted(AccessToken),
    Required(Interrupt),
}

/// Asks the vault, and seals the flow that it may begin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Authorizer<'a> {
    pub(crate) vault: &'a TokenVault,
    pub(crate) keys: &'a ConsentKeys,
    pub(crate) site: &'a Site,
}

impl Authorizer<'_> {
    /// The asker's token at `provider` for `scopes`.
    pub(crate) async fn authorize(
        &self,
        asker: Asker<'_>,
        provider: &ProviderName,
        scopes: &BTreeSet<Scope>,
    ) -> Result<Authorization, TurnError> {
        let no_randomness = |_| TurnError::Internal("the system has no randomness".into());
        let state = FlowState::generate().map_err(no_randomness)?;
        let request = AccessRequest { user: asker.user, provider, scopes, state: &state };
        match self.vault.access(&request).await? {
            Access::Granted(token) => Ok(Authorization::Granted(token)),
            Access::ConsentRequired(required) => {
                let interrupt = self.interrupt(asker, provider, scopes, &state, required)?;
                Ok(Authorization::Required(interrupt))
            }
        }
    }

    fn interrupt(
        &self,
        asker: Asker<'_>,
        provider: &ProviderName,
        scopes: &BTreeSet<Scope>,
        state: &FlowState,
        required: ConsentRequired,
    ) -> Result<Interrupt, TurnError> {
        let ConsentRequired { authorization_url, session } = required;
        let (user, now) = (asker.user.clone(), SystemTime::now());
        let flow = Flow::begin(user, asker.browser, &session, state.hash(), authorization_url, now);
        let sealed = flow.seal(self.keys).map_err(|error| TurnError::Internal(Box::new(error)))?;
        Audit::ConsentRequired {
            user: asker.user,
            provider: provider.as_str(),
            scopes: &joined(scopes),
            flow: &flow.fingerprint(),
        }
        .record();
        Ok(Interrupt {
            id: Uuid::new_v4().to_string(),
            provider: provider.clone(),
            scopes: scopes.clone(),
            url: self.site.address(&format!("/consent?flow={sealed}")),
            expires_at: flow.expires_at().into(),
        })
    }
}
