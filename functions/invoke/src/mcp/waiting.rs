//! What a call waits for, as the client tells its user: a sentence, and the page on which they do it.

use agent::{consent::Consent, scopes::joined, turn::Turn};
use edge::Inbound;
use session::SessionId;

/// One thing that only the user can do.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    /// Names it within the call.
    pub(super) key: String,
    /// What it is about.
    pub(super) message: String,
    /// Our page for it.
    pub(super) url: String,
}

/// All that `turn`, which is the call `id`, waits for.
pub(super) fn all(
    turn: &Turn,
    consents: Vec<Consent>,
    inbound: &Inbound,
    id: &SessionId,
) -> Vec<Waiting> {
    let address = &inbound.consent_address;
    let agent = inbound.agent.as_str();
    let consents = consents.into_iter().map(|consent| {
        let (provider, scopes) = (consent.provider.label(), joined(&consent.scopes));
        let scopes = if scopes.is_empty() { scopes } else { format!(" ({scopes})") };
        Waiting {
            key: format!("consent-{}", consent.provider.name().as_str()),
            message: format!("{agent} needs your consent at {provider}{scopes} for this call."),
            url: address.link(&consent.flow),
        }
    });
    let confirmations = turn.confirmations().map(|(call, confirmation)| Waiting {
        key: "approval".to_owned(),
        message: format!(
            "{agent} would do this as {}: {}. Look at it, and approve or decline it.",
            invisible::shown(&confirmation.account),
            call.name
        ),
        url: address.confirmation_link(id.as_str()),
    });
    consents.chain(confirmations).collect()
}
