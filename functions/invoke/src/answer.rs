//! What an invocation answers: the agent's words, and what only the user can do.

use session::SessionId;
use time::{Duration, OffsetDateTime};

use crate::{
    agent::{consent::Consent, model::Usage, turn::Turn},
    invocation::{
        AuthorizationReason, AuthorizationRequired, ConfirmationReason, ConfirmationRequired,
        InterruptAnswer, InvocationAnswer, Status, UsageAnswer,
    },
};

/// The whole answer.
pub(crate) fn of(
    session: &SessionId,
    texts: &[String],
    interrupts: Vec<InterruptAnswer>,
    usage: Usage,
) -> InvocationAnswer {
    let status = if interrupts.is_empty() { Status::Completed } else { Status::Interrupted };
    InvocationAnswer {
        session_id: session.to_string(),
        status,
        message: (!texts.is_empty()).then(|| texts.join("\n\n")),
        interrupts,
        usage: UsageAnswer { input_tokens: usage.input_tokens, output_tokens: usage.output_tokens },
    }
}

/// What `turn` waits for: a consent, approvals, or nothing.
pub(crate) fn interrupts(turn: &Turn, consent: Option<Consent>) -> Vec<InterruptAnswer> {
    let consent = consent.map(|consent| AuthorizationRequired {
        reason: AuthorizationReason::default(),
        id: turn.consent_interrupt().unwrap_or_default().to_owned(),
        provider: consent.provider.to_string(),
        scopes: consent.scopes.iter().map(ToString::to_string).collect(),
        url: consent.url,
        expires_at: consent.expires_at,
    });
    let confirmations = turn.confirmations().map(|(call, confirmation)| {
        let expires = Duration::seconds(i64::try_from(confirmation.expires).unwrap_or(i64::MAX));
        ConfirmationRequired {
            reason: ConfirmationReason::default(),
            id: confirmation.interrupt.clone(),
            tool: call.name.clone(),
            input: call.input.clone(),
            account: confirmation.account.clone(),
            expires_at: OffsetDateTime::UNIX_EPOCH.saturating_add(expires),
        }
    });
    let consent = consent.map(InterruptAnswer::AuthorizationRequired);
    let confirmations = confirmations.map(InterruptAnswer::ConfirmationRequired);
    consent.into_iter().chain(confirmations).collect()
}
