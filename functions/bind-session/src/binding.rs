//! The decision: may this visitor complete that flow?
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
//!
//! A flow that a client asked for began in no browser. It is refused here until the person who asked has
//! continued it in a browser, at the workload's page, which seals it anew for that browser.

use vault::{
    BindError, Bound, ConsentKeys, Flow, FlowRefusal, Principal, SessionBinder, SessionUri,
    VaultError, Visitor,
};

use crate::{callback::Consent, outcome::Outcome};

/// A consent that has passed every check; the only thing that [`complete`] accepts.
#[derive(Debug)]
pub(crate) struct Checked<'a> {
    user: &'a Principal,
    session: &'a SessionUri,
}

/// Session, person, browser, time and state. `user` is the visitor as AgentCore Identity knows them.
pub(crate) fn check<'a>(
    consent: &'a Consent,
    visitor: &Visitor<'_>,
    user: &'a Principal,
    keys: &ConsentKeys,
) -> Result<Checked<'a>, Outcome> {
    let Consent { session, sealed, states } = consent;
    let sealed = sealed.as_deref().ok_or(Outcome::NoFlow)?;
    if was_bound(sealed, session, visitor, keys) {
        return Err(Outcome::AlreadyConnected);
    }
    let flow = Flow::open(sealed, keys).ok_or(Outcome::NoFlow)?;
    if !flow.is_of_session(session) {
        return Err(Outcome::NoFlow);
    }
    flow.check(visitor).map_err(|refusal| match refusal {
        FlowRefusal::AnotherUser => Outcome::AnotherUser,
        FlowRefusal::AnotherBrowser => Outcome::AnotherBrowser,
        FlowRefusal::NotContinued => Outcome::NotContinued,
        FlowRefusal::Expired => Outcome::Expired,
    })?;
    if states.is_empty() {
        return Err(Outcome::NoState);
    }
    if !states.iter().any(|state| flow.is_of_state(state)) {
        return Err(Outcome::WrongState);
    }
    Ok(Checked { user, session })
}

/// Returns whether `sealed` proves that `session` was bound for this visitor before, who has
/// reloaded the page.
fn was_bound(
    sealed: &str,
    session: &SessionUri,
    visitor: &Visitor<'_>,
    keys: &ConsentKeys,
) -> bool {
    Bound::open(sealed, keys).is_some_and(|bound| {
        bound.is_of_user(visitor.user)
            && bound.is_of_session(session)
            && !bound.has_expired(visitor.now)
    })
}

/// Binds the token of a checked consent to its user. AgentCore Identity does so at most once, and
/// only for the user whose flow it is.
pub(crate) async fn complete(checked: Checked<'_>, binder: &SessionBinder) -> Outcome {
    let error = match binder.complete(checked.user, checked.session).await {
        Ok(()) => return Outcome::Connected,
        Err(error) => error,
    };
    let (outcome, cause) = match &error {
        BindError::SessionRefused(cause) => {
            tracing::warn!(%cause, "{error}");
            return Outcome::SessionRefused;
        }
        BindError::Unclear(cause) => (Outcome::Unclear, cause),
        BindError::Vault(VaultError::Throttled(cause)) => (Outcome::Throttled, cause),
        BindError::Vault(VaultError::Unavailable(cause)) => (Outcome::Unavailable, cause),
        BindError::Vault(VaultError::Misconfigured(cause)) => (Outcome::Misconfigured, cause),
        BindError::Vault(VaultError::Unexpected(cause)) => (Outcome::Failed, cause),
    };
    tracing::error!(%cause, "{error}");
    outcome
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use identity::UserId;
    use vault::{Bound, ConsentKeys, Flow, SessionUri, Visitor, VisitorBrowser};

    use super::was_bound;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    /// Mallory has the mark of a consent of alice's, or one of her own for another session: neither tells mallory
    /// that this one is bound.
    #[test]
    fn m9_a_mark_counts_for_its_own_person_and_session_until_it_expires() {
        let keys = ConsentKeys::parse("a key of at least 32 characters for tests").unwrap();
        let user = |id: &str| UserId::parse(id).unwrap();
        let session = |id: &str| {
            SessionUri::parse(format!("urn:ietf:params:oauth:request_uri:{id}")).unwrap()
        };
        let mark = Bound::new(user("alice"), &session("one"), NOW).seal(&keys).unwrap();
        let counts = |who: &str, which: &str, now| {
            let visitor = Visitor { user: &user(who), browser: VisitorBrowser::Any, now };
            was_bound(&mark, &session(which), &visitor, &keys)
        };
        assert!(counts("alice", "one", NOW));
        assert!(counts("alice", "one", NOW + Flow::LIFETIME - Duration::from_secs(1)));
        assert!(!counts("mallory", "one", NOW));
        assert!(!counts("alice", "another", NOW));
        assert!(!counts("alice", "one", NOW + Flow::LIFETIME));
    }
}
