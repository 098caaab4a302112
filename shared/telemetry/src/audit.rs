//! The audit trail: one typed event for each thing that an auditor asks about.

use identity::{Mismatch, Refusal, UserId};
use tracing::info;

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
    /// A tool needs a consent that the user has not given.
    ConsentRequired {
        /// Who was asked.
        user: &'a UserId,
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
        match *self {
            Audit::SignInRefused { refusal } => {
                let expected = refusal.mismatch().map(Mismatch::expected);
                let seen = refusal.mismatch().map(Mismatch::seen);
                info!(target: "audit", event = "sign_in_refused", reason = %refusal, expected, seen);
            }
            Audit::StalePage { user } => info!(target: "audit", event = "stale_page", %user),
            Audit::SignedOut { user } => info!(target: "audit", event = "signed_out", %user),
            Audit::NotAllowed { user } => info!(target: "audit", event = "not_allowed", %user),
            Audit::ConsentRequired { user, provider, scopes, flow, client } => {
                let event = "consent_required";
                info!(target: "audit", event, %user, provider, scopes, flow, client);
            }
            Audit::ConsentStarted { user, flow, client } => {
                info!(target: "audit", event = "consent_started", %user, flow, client);
            }
            Audit::ConsentRefused { user, reason } => {
                info!(target: "audit", event = "consent_refused", %user, reason);
            }
            Audit::Bound { user, flow } => info!(target: "audit", event = "bound", %user, flow),
            Audit::BoundBefore { user, flow } => {
                info!(target: "audit", event = "bound_before", %user, flow);
            }
            Audit::BindingUnclear { user, flow } => {
                info!(target: "audit", event = "binding_unclear", %user, flow);
            }
            Audit::BindingRefused { user, flow, reason } => {
                let user = user.map(UserId::as_str);
                info!(target: "audit", event = "binding_refused", user, flow, reason);
            }
            Audit::ConfirmationRequired { user, session, tool, interrupt } => {
                info!(target: "audit", event = "confirmation_required", %user, session, tool, interrupt);
            }
            Audit::InterruptAnswered { user, session, interrupt, answer } => {
                info!(target: "audit", event = "interrupt_answered", %user, session, interrupt, answer);
            }
            Audit::ConversationDeleted { user, session } => {
                info!(target: "audit", event = "conversation_deleted", %user, session);
            }
            Audit::ConnectionRemoved { user, provider, revoked } => {
                info!(target: "audit", event = "connection_removed", %user, provider, revoked);
            }
            Audit::ToolCalled { user, session, tool, scopes, outcome, provider_request } => {
                info!(target: "audit", event = "tool_called", %user, session, tool, scopes, outcome, provider_request);
            }
        }
    }
}
