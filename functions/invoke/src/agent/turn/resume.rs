//! Taking an unfinished turn up again, as it was saved and as the user has answered it.
//!
//! What waits for a consent is tried again by any request. What waits for an approval is made
//! only for one that names its interrupt; a new message instead of that is a no.

use std::{collections::BTreeMap, time::SystemTime};

use session::{Call, CallState, Pending, ToolUse};

use super::{
    Rules, Turn,
    approval::{self, Approval},
    call::{Stage, TurnCall},
    words,
};

/// What the user says to an interrupt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Consent was given, or the action is approved.
    Resolved,
    /// No.
    Cancelled,
}

/// The user's answers by interrupt.
pub(crate) type Answers = BTreeMap<String, Verdict>;

/// Why a turn can't be taken up as asked. Nothing has happened then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ResumeError {
    /// Another request is at work on it.
    #[error("another request is at work on this turn")]
    InProgress,
    /// An answer to an interrupt that is not open: answered before, never asked, or of another
    /// conversation.
    #[error("interrupt {0} is not open")]
    NotOpen(String),
    /// An approval that comes too late.
    #[error("interrupt {0} is too old")]
    Expired(String),
}

impl Turn {
    /// The turn in `pending`, with the user's `answers`. Interrupts that they do not name stay
    /// open, unless the user goes on with a new message ([`Rules::may_wait`] is off then).
    pub(crate) fn resume(
        pending: Pending,
        answers: &Answers,
        rules: Rules,
        now: SystemTime,
    ) -> Result<Self, ResumeError> {
        check(&pending.calls, answers, now)?;
        let Pending { turn: messages, calls: saved } = pending;
        let uses: Vec<ToolUse> = match messages.last() {
            Some(last) => last.tool_uses().cloned().collect(),
            None => Vec::new(),
        };
        let mut turn =
            Self { messages, calls: Vec::new(), rules, may_have_happened: false, withheld: false };
        for tool_use in uses {
            let state = saved.iter().find(|call| call.tool_use_id == tool_use.tool_use_id);
            let call = turn.take_up(tool_use, state.map(|call| &call.state), answers, now);
            turn.calls.push(call);
        }
        turn.close_round();
        Ok(turn)
    }

    fn take_up(
        &mut self,
        tool_use: ToolUse,
        state: Option<&CallState>,
        answers: &Answers,
        now: SystemTime,
    ) -> TurnCall {
        let mut call = TurnCall::new(tool_use);
        let id = call.tool_use.tool_use_id.clone();
        let answer = |interrupt: &str| answers.get(interrupt).copied();
        match state {
            None | Some(CallState::Untried) => {}
            Some(CallState::Finished(result)) => call.finish(result.clone()),
            Some(CallState::Started { .. }) => {
                self.may_have_happened = true;
                call.finish(words::outcome_unknown(&id));
            }
            Some(CallState::Waiting(wait)) => match answer(&wait.interrupt) {
                Some(Verdict::Cancelled) => {
                    self.withheld = true;
                    call.finish(words::authorization_declined(&id));
                }
                Some(Verdict::Resolved) | None => call.waited(wait),
            },
            Some(CallState::Unconfirmed(asked)) => match answer(&asked.interrupt) {
                Some(Verdict::Resolved) => call.set(Stage::Untried(Some(Approval::of(asked)))),
                Some(Verdict::Cancelled) => {
                    self.withheld = true;
                    call.finish(words::declined(&id));
                }
                None if !self.rules.may_wait => {
                    self.withheld = true;
                    call.finish(words::not_confirmed(&id));
                }
                // Left untried, it is looked at and shown afresh.
                None if approval::has_expired(asked, now) => {}
                None => call.set(Stage::Unconfirmed(asked.clone())),
            },
        }
        call
    }
}

fn check(calls: &[Call], answers: &Answers, now: SystemTime) -> Result<(), ResumeError> {
    let is_at_work = |state: &CallState| matches!(state, CallState::Started { until } if *until > approval::seconds(now));
    if calls.iter().any(|call| is_at_work(&call.state)) {
        return Err(ResumeError::InProgress);
    }
    for (interrupt, verdict) in answers {
        let asked = calls.iter().find_map(|call| match &call.state {
            CallState::Waiting(wait) if wait.interrupt == *interrupt => Some(None),
            CallState::Unconfirmed(asked) if asked.interrupt == *interrupt => Some(Some(asked)),
            _ => None,
        });
        match asked.ok_or_else(|| ResumeError::NotOpen(interrupt.clone()))? {
            Some(asked) if *verdict == Verdict::Resolved && approval::has_expired(asked, now) => {
                return Err(ResumeError::Expired(interrupt.clone()));
            }
            _ => {}
        }
    }
    Ok(())
}
