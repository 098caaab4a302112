//! What the audit trail says of a user's answers: to which question, of which tool's call, and which actions
//! they have declined by going on with something else. No reason that they give is in it.

use std::time::SystemTime;

use identity::UserId;
use session::{Call, CallState, Pending, SessionId};
use telemetry::Audit;

use super::{Answers, approval, resume::is_open};

/// An answer to an interrupt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered<'a> {
    interrupt: &'a str,
    about: Option<&'static str>,
    tool: Option<&'a str>,
    answer: &'static str,
}

impl<'a> Answered<'a> {
    /// `answer` to `interrupt`, which may be open in `pending`.
    #[must_use]
    pub fn new(interrupt: &'a str, answer: &'static str, pending: Option<&'a Pending>) -> Self {
        let waits = |call: &&Call| is_open(&call.state, interrupt);
        let call = pending.and_then(|pending| pending.calls.iter().find(waits));
        Self {
            interrupt,
            about: call.and_then(|call| about(&call.state)),
            tool: pending.zip(call).and_then(|(pending, call)| tool(pending, call)),
            answer,
        }
    }

    /// All that `answers`, which count, say to what is open in `pending`. Where it may not wait
    /// ([`Rules::may_wait`](super::Rules::may_wait)), an action that they do not name is declined.
    #[must_use]
    pub fn all(
        pending: &'a Pending,
        answers: &'a Answers,
        may_wait: bool,
        now: SystemTime,
    ) -> Vec<Self> {
        let named = answers.iter().map(|(interrupt, verdict)| {
            let answer = if verdict.is_resolved() { "resolved" } else { "cancelled" };
            Self::new(interrupt, answer, Some(pending))
        });
        let passed_over = pending.calls.iter().filter_map(|call| match &call.state {
            CallState::Unconfirmed(asked)
                if !may_wait
                    && !answers.contains_key(&asked.interrupt)
                    && !approval::has_expired(asked, now) =>
            {
                Some(Self::new(&asked.interrupt, "new_message", Some(pending)))
            }
            _ => None,
        });
        named.chain(passed_over).collect()
    }

    /// Writes it to the audit trail.
    pub fn record(&self, user: &UserId, session: &SessionId) {
        let Self { interrupt, about, tool, answer } = *self;
        let session = session.as_str();
        Audit::InterruptAnswered { user, session, interrupt, about, tool, answer }.record();
    }
}

fn about(state: &CallState) -> Option<&'static str> {
    match state {
        CallState::Waiting(_) => Some("consent"),
        CallState::Unconfirmed(_) => Some("action"),
        CallState::Asking(_) => Some("question"),
        CallState::Untried | CallState::Started { .. } | CallState::Finished(_) => None,
    }
}

fn tool<'a>(pending: &'a Pending, call: &Call) -> Option<&'a str> {
    let mut uses = pending.turn.last()?.tool_uses();
    uses.find(|it| it.tool_use_id == call.tool_use_id).map(|it| it.name.as_str())
}
