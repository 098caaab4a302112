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
use service::browser::DONE;
use vault::{BindError, ConsentKeys, Flow, SessionBinder, SessionUri, VaultError};

use crate::outcome::Outcome;

/// Names under which the state may come back: the service model says that `customState` is
/// returned and not as what; public code reads `state`.
pub(crate) const STATE_PARAMETERS: [&str; 3] = ["state", "customState", "custom_state"];

/// What a visit brought, none of it believed.
#[derive(Debug)]
pub(crate) struct Visit<'a> {
    pub(crate) user: &'a UserId,
    pub(crate) browser: Option<&'a BrowserSecret>,
    pub(crate) session: &'a SessionUri,
    /// The cookie of this session's flow.
    pub(crate) flow: Option<&'a str>,
    pub(crate) states: &'a [String],
    pub(crate) now: SystemTime,
}

/// A visit that has passed every check; the only thing that [`complete`] accepts.
#[derive(Debug)]
pub(crate) struct Checked<'a> {
    user: &'a UserId,
    session: &'a SessionUri,
}

/// Person, browser, flow, time and state.
pub(crate) fn check<'a>(visit: &Visit<'a>, keys: &ConsentKeys) -> Result<Checked<'a>, Outcome> {
    let sealed = visit.flow.ok_or(Outcome::NoFlow)?;
    if sealed == DONE {
        return Err(Outcome::AlreadyConnected);
    }
    let flow = Flow::open(sealed, keys).ok_or(Outcome::NoFlow)?;
    if !flow.is_of_session(visit.session) {
        return Err(Outcome::NoFlow);
    }
    if !flow.is_of_user(visit.user) {
        return Err(Outcome::AnotherUser);
    }
    let browser = visit.browser.ok_or(Outcome::AnotherBrowser)?;
    if !flow.is_of_browser(&browser.hash()) {
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
    Ok(Checked { user: visit.user, session: visit.session })
}

/// Binds the token to the user of a checked visit; AgentCore Identity does so at most once.
pub(crate) async fn complete(checked: Checked<'_>, binder: &SessionBinder) -> Outcome {
    let error = match binder.complete(checked.user, checked.session).await {
        Ok(()) => return Outcome::Connected,
        Err(error) => error,
    };
    match &error {
        BindError::SessionRefused => Outcome::SessionRefused,
        BindError::Vault(VaultError::Unavailable(cause)) => {
            tracing::error!(%cause, "AgentCore Identity is not available");
            Outcome::Unavailable
        }
        BindError::Vault(VaultError::Misconfigured(cause) | VaultError::Unexpected(cause)) => {
            tracing::error!(%cause, "{error}");
            Outcome::Failed
        }
        other => {
            tracing::error!("{other}");
            Outcome::Failed
        }
    }
}
