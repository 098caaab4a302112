//! The audit trail: one typed event for each thing that an auditor asks about. `docs/audit.schema.json`
//! says what a line holds; the test below writes each and checks it.

use identity::{Mismatch, Refusal, UserId};
use tracing::info;

use crate::metrics::Measurement;

/// The version of what a line holds. A member that is added does not change it; one that is renamed, removed or
/// means something else does.
const SCHEMA: u64 = 1;

/// One line, with the version of its shape.
macro_rules! line {
    ($event:literal $(, $($field:tt)+)?) => {
        info!(target: "audit", schema = SCHEMA, event = $event $(, $($field)+)?)
    };
}

/// Something that the audit trail must hold. A `flow` is the fingerprint of a session URI.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Audit<'a> {
    /// A request proved no user's identity.
    SignInRefused {
        /// The rule that its token broke. What was expected and what came is written, too, if the
        /// rule compares the two: nothing secret, and of bounded length.
        refusal: &'a Refusal,
    },
    /// A user was let in whom this process has not seen for an hour.
    SignedIn {
        /// Who.
        user: &'a UserId,
        /// What proved it: `load_balancer` or `bearer`.
        by: &'a str,
    },
    /// A request came from a page that was made for another user. Nothing was done.
    StalePage {
        /// Who is signed in.
        user: &'a UserId,
    },
    /// The user signed out here.
    SignedOut {
        /// Who.
        user: &'a UserId,
    },
    /// The user is signed in, and is not one of those who may use this service.
    NotAllowed {
        /// Who.
        user: &'a UserId,
    },
    /// The vault was asked for a user's token.
    TokenRequested {
        /// Whose.
        user: &'a UserId,
        /// In which conversation, if it was for one.
        session: Option<&'a str>,
        /// For which credential provider.
        provider: &'a str,
        /// Space-separated.
        scopes: &'a str,
        /// `granted`, `consent_needed` or `failed`.
        outcome: &'a str,
        /// The flow that the vault has begun, or was asked about.
        flow: Option<&'a str>,
    },
    /// A tool needs a consent that the user has not given.
    ConsentRequired {
        /// Who was asked.
        user: &'a UserId,
        /// In which conversation.
        session: Option<&'a str>,
        /// For which credential provider.
        provider: &'a str,
        /// Space-separated.
        scopes: &'a str,
        /// In which flow.
        flow: &'a str,
        /// What the client calls itself that asked; `None` if a browser did.
        client: Option<&'a str>,
    },
    /// The user followed our link to the provider.
    ConsentStarted {
        /// Who.
        user: &'a UserId,
        /// In which flow.
        flow: &'a str,
        /// What the client calls itself whose flow they continue; `None` if a browser asked.
        client: Option<&'a str>,
    },
    /// Someone followed a consent link that is not theirs, or not for this browser.
    ConsentRefused {
        /// Who.
        user: &'a UserId,
        /// The check that failed.
        reason: &'a str,
    },
    /// The token was bound to the user who asked.
    Bound {
        /// Who.
        user: &'a UserId,
        /// In which flow.
        flow: &'a str,
    },
    /// The user came again after the token was bound: nothing happened.
    BoundBefore {
        /// Who.
        user: &'a UserId,
        /// In which flow.
        flow: &'a str,
    },
    /// The token may have been bound to the user who asked: no definite answer came.
    BindingUnclear {
        /// Who.
        user: &'a UserId,
        /// In which flow.
        flow: &'a str,
    },
    /// Nothing was bound.
    BindingRefused {
        /// Who came; `None` if not signed in.
        user: Option<&'a UserId>,
        /// To which flow, if they named one.
        flow: Option<&'a str>,
        /// The check that failed.
        reason: &'a str,
    },
    /// A tool would change something, and the user is asked to approve it.
    ConfirmationRequired {
        /// Who is asked.
        user: &'a UserId,
        /// In which conversation.
        session: &'a str,
        /// Which tool.
        tool: &'a str,
        /// By which interrupt.
        interrupt: &'a str,
    },
    /// The user answered an interrupt: a consent or an approval.
    InterruptAnswered {
        /// Who.
        user: &'a UserId,
        /// In which conversation.
        session: &'a str,
        /// Which interrupt, as they named it.
        interrupt: &'a str,
        /// `resolved`, `cancelled`, or why the answer does not count.
        answer: &'a str,
    },
    /// The user read one of their conversations.
    ConversationRead {
        /// Who.
        user: &'a UserId,
        /// Which.
        session: &'a str,
    },
    /// The user deleted one of their conversations.
    ConversationDeleted {
        /// Who.
        user: &'a UserId,
        /// Which.
        session: &'a str,
    },
    /// The user disconnected a provider: no token of before is used any more.
    ConnectionRemoved {
        /// Who.
        user: &'a UserId,
        /// Which credential provider.
        provider: &'a str,
        /// What happened to the token there: `revoked`, `already_gone`, `not_possible` or `failed`.
        revoked: &'a str,
    },
    /// A tool acted for the user.
    ToolCalled {
        /// For whom.
        user: &'a UserId,
        /// In which conversation.
        session: &'a str,
        /// Which tool.
        tool: &'a str,
        /// Space-separated.
        scopes: &'a str,
        /// `ok`, or what went wrong.
        outcome: &'a str,
        /// The provider's own id of the request, where it gave one.
        provider_request: Option<&'a str>,
    },
}

impl Audit<'_> {
    /// Writes the event, within the current request's span.
    pub fn record(&self) {
        self.measure();
        match *self {
            Audit::SignedIn { user, by } => line!("signed_in", %user, by),
            Audit::SignInRefused { refusal } => {
                let expected = refusal.mismatch().map(Mismatch::expected);
                let seen = refusal.mismatch().map(Mismatch::seen);
                line!("sign_in_refused", reason = %refusal, expected, seen);
            }
            Audit::StalePage { user } => line!("stale_page", %user),
            Audit::SignedOut { user } => line!("signed_out", %user),
            Audit::NotAllowed { user } => line!("not_allowed", %user),
            Audit::ConversationRead { user, session } => line!("conversation_read", %user, session),
            Audit::ConversationDeleted { user, session } => {
                line!("conversation_deleted", %user, session);
            }
            Audit::ConnectionRemoved { user, provider, revoked } => {
                line!("connection_removed", %user, provider, revoked);
            }
            Audit::TokenRequested { user, session, provider, scopes, outcome, flow } => {
                line!("token_requested", %user, session, provider, scopes, outcome, flow);
            }
            Audit::ConfirmationRequired { user, session, tool, interrupt } => {
                line!("confirmation_required", %user, session, tool, interrupt);
            }
            Audit::InterruptAnswered { user, session, interrupt, answer } => {
                line!("interrupt_answered", %user, session, interrupt, answer);
            }
            Audit::ToolCalled { user, session, tool, scopes, outcome, provider_request } => {
                line!("tool_called", %user, session, tool, scopes, outcome, provider_request);
            }
            Audit::ConsentRequired { .. }
            | Audit::ConsentStarted { .. }
            | Audit::ConsentRefused { .. }
            | Audit::Bound { .. }
            | Audit::BoundBefore { .. }
            | Audit::BindingUnclear { .. }
            | Audit::BindingRefused { .. } => self.record_consent(),
        }
    }

    /// What of it is counted as well.
    fn measure(&self) {
        let (outcome, reason) = match *self {
            Audit::ToolCalled { tool, outcome, .. } => {
                return Measurement::Tool { tool, outcome }.record();
            }
            Audit::ConsentRequired { .. } => ("asked", ""),
            Audit::Bound { .. } => ("given", ""),
            Audit::BindingUnclear { .. } => ("unclear", ""),
            Audit::ConsentRefused { reason, .. } | Audit::BindingRefused { reason, .. } => {
                ("refused", reason)
            }
            _ => return,
        };
        Measurement::Consent { outcome, reason }.record();
    }

    /// Writes what happened to a consent, from the question to the binding.
    fn record_consent(&self) {
        match *self {
            Audit::ConsentRequired { user, session, provider, scopes, flow, client } => {
                line!("consent_required", %user, session, provider, scopes, flow, client);
            }
            Audit::ConsentStarted { user, flow, client } => {
                line!("consent_started", %user, flow, client);
            }
            Audit::ConsentRefused { user, reason } => line!("consent_refused", %user, reason),
            Audit::Bound { user, flow } => line!("bound", %user, flow),
            Audit::BoundBefore { user, flow } => line!("bound_before", %user, flow),
            Audit::BindingUnclear { user, flow } => line!("binding_unclear", %user, flow),
            Audit::BindingRefused { user, flow, reason } => {
                let user = user.map(UserId::as_str);
                line!("binding_refused", user, flow, reason);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
