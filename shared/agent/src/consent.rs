//! Asks the vault for a user's token; if the vault has none, starts the flow in which the user
//! consents to one.
//!
//! While a disconnect stands, a flow is remembered in the record of the connection before its consent is
//! shown: only what such a flow brings connects the user again.
//!
//! An authorization URL leaves this module only sealed in a flow, which our own `/consent` page
//! opens. It never reaches the model, the saved conversation or a log.

use std::sync::Arc;

use clock::Clock;
use futures_util::future::{try_join, try_join_all};
use identity::{BrowserHash, UserId};
use session::{BegunFlow, Connection, SessionId, Sessions};
use telemetry::Audit;
use time::OffsetDateTime;
use vault::{
    Access, AccessRequest, AccessToken, ClientName, ClientRequest, ConsentKeys, ConsentRequired,
    Flow, FlowState, NewFlow, Principal, SessionUri, TokenVault, VaultError,
};

use crate::{
    error::TurnError,
    granted_sets::GrantedSets,
    provider::Provider,
    scopes::{Scopes, joined},
    tool::Needs,
};

/// How the vault answered, in the audit trail.
const GRANTED: &str = "granted";
const CONSENT_NEEDED: &str = "consent_needed";
const FAILED: &str = "failed";

/// Where a turn was asked for, which decides how its consents go on.
#[derive(Debug, Clone, Copy)]
pub enum Origin<'a> {
    /// In this browser, which alone may go on with them; `None` where flows are not tied to browsers.
    Browser(Option<BrowserHash>),
    /// By this client, which is no browser: the person continues them in a browser of theirs.
    Client(&'a ClientName),
}

/// For whom a turn runs, and where they asked for it.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'a> {
    /// The user.
    pub user: &'a UserId,
    /// As whom AgentCore Identity knows them.
    pub principal: &'a Principal,
    /// Where they asked.
    pub origin: Origin<'a>,
    /// In which conversation, if it is for one.
    pub session: Option<&'a SessionId>,
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

/// A token that the vault has for a user and that may be used.
#[derive(Debug)]
pub struct StoredToken {
    /// The set of scopes that it was asked for with.
    pub scopes: Scopes,
    /// The token.
    pub token: AccessToken,
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
    /// Where it is kept what the user has disconnected.
    pub sessions: &'a Sessions,
}

impl Authorizer<'_> {
    /// The asker's token for `needs`, if they are known to have consented and the vault has it. No consent
    /// is asked for. `None`, too, if that can't be found out.
    pub async fn stored_token(&self, needs: &Needs) -> Option<AccessToken> {
        let provider = &needs.provider;
        let loaded = self.sessions.connection(self.asker.user, provider.name().as_str()).await;
        let connection = loaded.ok().map(|loaded| loaded.connection)?;
        if !connection.is_connected() {
            return None;
        }
        let stored = self.stored_tokens(provider, &connection).await.ok()?;
        let serves = |it: &StoredToken| provider.allow(&it.scopes, &needs.scopes);
        stored.into_iter().find(serves).map(|it| it.token)
    }

    /// The tokens of the asker at `provider` that may be used, as far as the vault has them. No consent is
    /// asked for: a flow that the vault begins is dropped.
    ///
    /// # Errors
    /// When AgentCore Identity fails.
    pub async fn stored_tokens(
        &self,
        provider: &Arc<Provider>,
        connection: &Connection,
    ) -> Result<Vec<StoredToken>, TurnError> {
        let sets = provider.sets().iter().filter(|set| connection.is_usable(&joined(set)));
        let stored = sets.map(|set| async move {
            Ok::<_, TurnError>(match self.authorize(provider, set, false).await? {
                Authorization::Granted(token) => Some((set.clone(), token)),
                Authorization::Required(_) => None,
            })
        });
        let of_flows = async {
            if connection.disconnected_at().is_none() {
                return Ok(Vec::new());
            }
            self.tokens_of_flows(provider, provider.sets(), connection.begun()).await
        };
        let (stored, of_flows) = try_join(try_join_all(stored), of_flows).await?;
        let all = stored.into_iter().flatten().chain(of_flows);
        let is_usable = |(_, token): &(Scopes, AccessToken)| {
            !connection.is_forgotten(token.fingerprint().as_str())
        };
        let all = all.filter(is_usable).map(|(scopes, token)| StoredToken { scopes, token });
        Ok(all.collect())
    }

    /// What those of `flows` have brought that ask for one of `sets`, by the set; the newest first.
    pub(crate) async fn tokens_of_flows(
        &self,
        provider: &Arc<Provider>,
        sets: &[Scopes],
        flows: &[BegunFlow],
    ) -> Result<Vec<(Scopes, AccessToken)>, TurnError> {
        let asked = flows.iter().rev().filter_map(|flow| {
            let set = sets.iter().find(|set| joined(set) == flow.scopes)?;
            // One that was sealed with a key that is no longer there brings nothing.
            Some((set, SessionUri::open(&flow.session, self.keys)?))
        });
        let ask = async |(set, session): (&Scopes, SessionUri)| {
            let (user, name) = (self.asker.principal, provider.name());
            let request = AccessRequest { user, provider: name, scopes: set };
            let token = self.vault.token_of_flow(&request, &session, self.clock.now()).await;
            let outcome = match &token {
                Ok(Some(_)) => GRANTED,
                Ok(None) => CONSENT_NEEDED,
                Err(_) => FAILED,
            };
            self.audit(&request, outcome, Some(&session));
            let token = token.map_err(|source| TurnError::vault(provider, source))?;
            Ok::<_, TurnError>(token.map(|token| (set.clone(), token)))
        };
        Ok(try_join_all(asked.map(ask)).await?.into_iter().flatten().collect())
    }

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
        let (outcome, begun) = match &access {
            Ok(Access::Granted(_)) => (GRANTED, None),
            Ok(Access::ConsentRequired(required)) => (CONSENT_NEEDED, Some(&required.session)),
            Err(_) => (FAILED, None),
        };
        self.audit(&request, outcome, begun);
        let failed = |source: VaultError| TurnError::vault(provider, source);
        Ok(match access.map_err(failed)? {
            Access::Granted(token) => Authorization::Granted(token),
            Access::ConsentRequired(required) => {
                let (provider, scopes) = (Arc::clone(provider), scopes.clone());
                Authorization::Required(StartedFlow { provider, scopes, state, required })
            }
        })
    }

    /// Writes to the audit trail that a token was asked for.
    fn audit(&self, request: &AccessRequest<'_>, outcome: &str, flow: Option<&SessionUri>) {
        Audit::TokenRequested {
            user: self.asker.user,
            session: self.asker.session.map(SessionId::as_str),
            provider: request.provider.as_str(),
            scopes: &joined(request.scopes),
            outcome,
            flow: flow.map(SessionUri::fingerprint).as_deref(),
        }
        .record();
    }

    /// A flow, to be remembered in the record of its connection.
    pub(crate) fn begun(&self, started: &StartedFlow) -> Result<BegunFlow, TurnError> {
        let sealed = started.required.session.seal(self.keys);
        let sealed = sealed.map_err(|error| TurnError::Internal(Box::new(error)))?;
        Ok(BegunFlow::new(joined(&started.scopes), sealed, self.clock.now()))
    }

    /// The consent by which a flow goes on, for this user where they asked.
    pub(crate) fn consent(&self, started: StartedFlow) -> Result<Consent, TurnError> {
        let StartedFlow { provider, scopes, state, required } = started;
        let ConsentRequired { authorization_url, session } = required;
        let (browser, client) = match self.asker.origin {
            Origin::Browser(browser) => (browser, None),
            Origin::Client(client) => (None, Some(client)),
        };
        let (user, now) = (self.asker.user.clone(), self.clock.now());
        let flow = Flow::begin(user, browser, &session, state.hash(), authorization_url, now);
        let flow = match client {
            Some(client) => flow.asked_by(client_request(client, &provider, &scopes)),
            None => flow,
        };
        let sealed = flow.seal(self.keys).map_err(|error| TurnError::Internal(Box::new(error)))?;
        Audit::ConsentRequired {
            user: self.asker.user,
            session: self.asker.session.map(SessionId::as_str),
            provider: provider.name().as_str(),
            scopes: &joined(&scopes),
            flow: &flow.fingerprint(),
            client: client.map(ClientName::as_str),
        }
        .record();
        telemetry::traces::flow("consent_required", &flow.fingerprint());
        Ok(Consent { provider, scopes, flow: sealed, expires_at: flow.expires_at().into() })
    }
}

/// What the person is shown before they continue a client's flow.
fn client_request(client: &ClientName, provider: &Provider, scopes: &Scopes) -> ClientRequest {
    ClientRequest {
        client: client.clone(),
        provider: provider.label().to_owned(),
        scopes: scopes.iter().map(ToString::to_string).collect(),
        choice: provider.choice().map(str::to_owned),
    }
}
