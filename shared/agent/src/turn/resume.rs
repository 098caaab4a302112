//! Taking an unfinished turn up again, as it was saved and as the user has answered it.
//!
//! What awaits a consent is tried again by any request. What awaits an approval is applied only for
//! an answer that names its interrupt; a new message instead of that declines it.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use serde_json::Value;
use session::{Call, CallState, Decision, Pending, Question, ToolUse};

use super::{
    Rules, Turn,
    approval::{self, Approval},
    call::{Stage, TurnCall},
    texts,
};

/// No request lasts so long. A claim that is to end even later was not saved by a sound clock, and is
/// not waited for: its call counts as interrupted.
const LONGEST_CLAIM: Duration = Duration::from_secs(60 * 60);

/// What the user says to an interrupt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Consent was given, or the action is approved.
    Resolved,
    /// The same, with values: what a tool has asked for. Where no values were asked for, they count for
    /// nothing.
    Answered(Value),
    /// Declined.
    Cancelled,
    /// Declined, and why, in the user's words.
    CancelledBecause(String),
}

/// The user's answers by interrupt.
pub type Answers = BTreeMap<String, Verdict>;

/// Why a turn can't be taken up as asked. Nothing has happened then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResumeError {
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

impl Verdict {
    /// It as it is kept: said at `now`, to what `account` was to do.
    fn decision(&self, account: Option<&str>, now: SystemTime) -> Decision {
        Decision {
            approved: self.is_resolved(),
            at: approval::seconds(now),
            account: account.map(str::to_owned),
            reason: self.reason().map(str::to_owned),
        }
    }

    /// Whether the user has consented, approved or answered.
    #[must_use]
    pub fn is_resolved(&self) -> bool {
        matches!(self, Self::Resolved | Self::Answered(_))
    }

    /// Why not, in the user's words.
    fn reason(&self) -> Option<&str> {
        match self {
            Self::CancelledBecause(reason) => Some(reason),
            Self::Resolved | Self::Answered(_) | Self::Cancelled => None,
        }
    }
}

impl Turn {
    /// The turn in `pending`, with the user's `answers`. Interrupts that they do not name stay
    /// open, unless the user goes on with a new message ([`Rules::may_wait`] is off then).
    ///
    /// # Errors
    /// When another request is at work on it, or an answer is to an interrupt that is not open or is
    /// too old.
    pub fn resume(
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
        let mut turn = Self { was_saved: true, ..Self::new(messages, rules) };
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
        let mut call = TurnCall::new(tool_use, &self.rules.tools);
        let id = call.tool_use.tool_use_id.clone();
        let answer = |interrupt: &str| answers.get(interrupt);
        match state {
            None | Some(CallState::Untried) => {}
            Some(CallState::Finished(result)) => call.finish(result.clone()),
            Some(CallState::Started { decision, .. }) => {
                call.decided(decision.clone());
                let label = call.open().and_then(|open| open.provider());
                let label = label.map_or("the provider", |provider| provider.label());
                self.may_have_happened_at.insert(label.to_owned());
                call.finish(texts::outcome_unknown(&id));
            }
            Some(CallState::Waiting(wait)) => match answer(&wait.interrupt) {
                Some(said @ (Verdict::Cancelled | Verdict::CancelledBecause(_))) => {
                    self.withheld = true;
                    call.decided(Some(said.decision(None, now)));
                    call.finish(texts::authorization_declined(&id));
                }
                Some(Verdict::Resolved | Verdict::Answered(_)) | None => call.waited(wait),
            },
            Some(CallState::Asking(asking)) => {
                self.take_up_asking(&mut call, (**asking).clone(), answers);
            }
            Some(CallState::Unconfirmed(asked)) => match answer(&asked.interrupt) {
                Some(said) => {
                    call.decided(Some(said.decision(Some(&asked.account), now)));
                    match said {
                        Verdict::Resolved | Verdict::Answered(_) => {
                            let approval = Approval::from_confirmation(asked);
                            call.set(Stage::Pending(Some(approval)));
                        }
                        Verdict::Cancelled | Verdict::CancelledBecause(_) => {
                            self.withheld = true;
                            call.finish(texts::declined(&id, said.reason()));
                        }
                    }
                }
                None if !self.rules.may_wait => {
                    self.withheld = true;
                    call.finish(texts::not_confirmed(&id));
                }
                // Left pending, it is previewed and shown again.
                None if approval::has_expired(asked, now) => {}
                None => call.set(Stage::AwaitingApproval(asked.clone())),
            },
        }
        call
    }
}

fn check(calls: &[Call], answers: &Answers, now: SystemTime) -> Result<(), ResumeError> {
    let at_work = approval::seconds(now) + 1..=approval::seconds(now + LONGEST_CLAIM);
    let is_at_work = |call: &Call| matches!(&call.state, CallState::Started { until, .. } if at_work.contains(until));
    if calls.iter().any(is_at_work) {
        return Err(ResumeError::InProgress);
    }
    for (interrupt, verdict) in answers {
        let not_open = || ResumeError::NotOpen(interrupt.clone());
        let asked = calls.iter().find(|call| is_open(&call.state, interrupt));
        if let CallState::Unconfirmed(asked) = &asked.ok_or_else(not_open)?.state
            && verdict.is_resolved()
            && approval::has_expired(asked, now)
        {
            return Err(ResumeError::Expired(interrupt.clone()));
        }
    }
    Ok(())
}

/// Whether `interrupt` waits for an answer.
pub(super) fn is_open(state: &CallState, interrupt: &str) -> bool {
    match state {
        CallState::Waiting(wait) => wait.interrupt == interrupt,
        CallState::Unconfirmed(asked) => asked.interrupt == interrupt,
        CallState::Asking(asking) => {
            let is_it = |it: &Question| it.interrupt == interrupt && it.answer.is_none();
            asking.questions.iter().any(is_it)
        }
        CallState::Untried | CallState::Started { .. } | CallState::Finished(_) => false,
    }
}
