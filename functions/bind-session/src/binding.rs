//! The decision: may this visit complete that flow?
//!
//! Amazon Bedrock AgentCore, "OAuth 2.0 authorization URL session binding", leaves it to the
//! application to make sure that the user who consented is the user who asked. Three attacks
//! shape the checks:
//!
//! 1. Alice follows bob's link and consents. AgentCore Identity would put *her* token in *his*
//!    vault; the visit is alice's and the flow is bob's: the **person** differs.
//! 2. Mallory signs alice's browser in as mallory (login CSRF) and lets her consent. Person and
//!    flow are mallory's, but the flow began elsewhere: the **browser** differs.
//! 3. Bob sends alice his link, she consents, and check 1 refuses her. AgentCore Identity now
//!    holds her code on bob's session, and bob knows that session's URI. He completes it in his
//!    own browser, where person and browser are right. Only alice's browser was given the
//!    **state**, so his visit lacks it.

use std::time::SystemTime;

use identity::{BrowserSecret, UserId};
use vault::{BindError, ConsentKeys, Flow, Principal, SessionBinder, SessionUri, VaultError};

use crate::outcome::Outcome;

/// Names under which the state may come back: the service model says that `customState` is
/// returned and not as what; public code reads `state`.
pub(crate) const STATE_PARAMETERS: [&str; 3] = ["state", "customState", "custom_state"];

/// What a visit brought, none of it believed.
#[derive(Debug)]
pub(crate) struct Visit<'a> {
    pub(crate) user: &'a UserId,
    /// The same person as AgentCore Identity knows him.
    pub(crate) principal: &'a Principal,
    pub(crate) browser: Browser<'a>,
    pub(crate) session: &'a SessionUri,
    pub(crate) flow: Carried<'a>,
    pub(crate) states: &'a [String],
    pub(crate) now: SystemTime,
}

/// In which browser the visit is made.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Browser<'a> {
    /// In the one of this cookie, if it has one.
    Of(Option<&'a BrowserSecret>),
    /// That does not count here (`BROWSER_BINDING=off`).
    Any,
}

/// What the visit carries of the session's flow.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Carried<'a> {
    Nothing,
    /// The sealed flow: this session's cookie, or what the application was given.
    Sealed(&'a str),
    /// The mark that it is bound.
    Done,
}

/// A visit that has passed every check; the only thing that [`complete`] accepts.
#[derive(Debug)]
pub(crate) struct Checked<'a> {
    principal: &'a Principal,
    session: &'a SessionUri,
}

/// Person, browser, flow, time and state.
pub(crate) fn check<'a>(visit: &Visit<'a>, keys: &ConsentKeys) -> Result<Checked<'a>, Outcome> {
    let sealed = match visit.flow {
        Carried::Nothing => return Err(Outcome::NoFlow),
        Carried::Done => return Err(Outcome::AlreadyConnected),
        Carried::Sealed(sealed) => sealed,
    };
    let flow = Flow::open(sealed, keys).ok_or(Outcome::NoFlow)?;
    if !flow.is_of_session(visit.session) {
        return Err(Outcome::NoFlow);
    }
    if !flow.is_of_user(visit.user) {
        return Err(Outcome::AnotherUser);
    }
    if let Browser::Of(browser) = visit.browser
        && !browser.is_some_and(|browser| flow.is_of_browser(&browser.hash()))
    {
        return Err(Outcome::AnotherBrowser);
    }
    if flow.has_expired(visit.now) {
        return Err(Outcome::Expired);
    }
    if visit.states.is_empty() {
        return Err(Outcome::NoState);
    }
    if !visit.states.iter().any(|state| flow.is_of_state(state)) {
        return Err(Outcome::WrongState);
    }
    Ok(Checked { principal: visit.principal, session: visit.session })
}

/// Binds the token to the user of a checked visit. AgentCore Identity does so at most once, and
/// only for whom the flow was begun.
pub(crate) async fn complete(checked: Checked<'_>, binder: &SessionBinder) -> Outcome {
    let error = match binder.complete(checked.principal, checked.session).await {
        Ok(()) => return Outcome::Connected,
        Err(error) => error,
    };
    let (outcome, cause) = match &error {
        BindError::SessionRefused(cause) => {
            tracing::warn!(%cause, "{error}");
            return Outcome::SessionRefused;
        }
        BindError::Unclear(cause) => (Outcome::Unclear, Some(cause)),
        BindError::Vault(VaultError::Throttled(cause)) => (Outcome::Throttled, Some(cause)),
        BindError::Vault(VaultError::Unavailable(cause)) => (Outcome::Unavailable, Some(cause)),
        BindError::Vault(VaultError::Misconfigured(cause)) => (Outcome::Misconfigured, Some(cause)),
        BindError::Vault(VaultError::Unexpected(cause)) => (Outcome::Failed, Some(cause)),
        _ => (Outcome::Failed, None),
    };
    let cause = cause.map(ToString::to_string);
    tracing::error!(cause, "{error}");
    outcome
}
