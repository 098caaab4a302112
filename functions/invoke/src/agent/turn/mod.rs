//! One turn as a state machine: given what has happened, what is next?
//!
//! Nothing here reads or writes anything, so pausing, resuming, confirming and claiming are
//! tested without a network. The messages it makes keep to the Converse API's rules: roles
//! alternate, and every tool call is answered in the one message that follows it.
//!
//! A call goes this way. A reading one: tried, and answered; or it waits for a consent and is
//! tried again. One that changes something is *looked at* when it is tried (who would do it, and
//! can he?); then it waits for the user's approval; then it is looked at again, and if nothing
//! differs from what was approved, claimed; and only a claimed call is carried out.

mod approval;
mod call;
#[cfg(test)]
mod interleavings;
mod resume;
#[cfg(test)]
mod tests;
mod words;

use std::time::SystemTime;

use identity::UserId;
use session::{Block, Call, Confirmation, Message, Pending, Role, ToolResult, ToolUse};
use vault::TokenMark;

use self::{
    approval::Approval,
    call::{Open, Stage, TurnCall},
};
pub(crate) use self::{
    call::Demand,
    resume::{Answers, ResumeError, Verdict},
};
use super::{
    scopes::Scopes,
    tools::{Change, Tool},
};

/// A model that never stops calling tools is stopped after this many answers in one turn.
const MAX_MODEL_CALLS: usize = 10;

/// What holds for a turn.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    /// Whose turn it is.
    pub(crate) user: UserId,
    /// Whether what changes something needs the user's approval (`CONFIRM_ACTIONS`).
    pub(crate) confirm: bool,
    /// Whether it may wait for the user. Not once he has gone on with a new message.
    pub(crate) may_wait: bool,
}

/// A turn that is being worked on.
#[derive(Debug, Clone)]
pub(crate) struct Turn {
    messages: Vec<Message>,
    calls: Vec<TurnCall>,
    rules: Rules,
    may_have_happened: bool,
    withheld: bool,
}

/// A call that is to be tried.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Attempt {
    pub(crate) call: ToolUse,
    pub(crate) tool: Tool,
    /// Which token it needs.
    pub(crate) demand: Demand,
}

/// A claimed call, which is to be carried out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Action {
    pub(crate) call: ToolUse,
    pub(crate) change: Change,
    /// Which token it needs: the one that it was looked at with.
    pub(crate) demand: Demand,
}

/// What is next.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    /// Ask the model.
    CallModel,
    /// Run the reading ones of these, look at the others, and say how each went.
    Try(Vec<Attempt>),
    /// Call [`Turn::claim`] and save the turn; if that succeeds, go on.
    Claim,
    /// Carry this out, and say how it went.
    CarryOut(Action),
    /// Wait for the user.
    Pause,
    /// The model has answered.
    Done,
}

/// A token that the provider does not take for a call.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// Which token.
    pub(crate) token: TokenMark,
    /// What another one must allow.
    pub(crate) scopes: Scopes,
    /// What to tell the model if a consent has been forced for this call before.
    pub(crate) otherwise: ToolResult,
}

/// The model has given two calls one id, so that nobody could say which of them is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("two tool calls in one message have the same id")]
pub(crate) struct SameId;

impl Attempt {
    fn into_action(self) -> Option<Action> {
        let Self { call, tool, demand } = self;
        match tool {
            Tool::Reads(_) => None,
            Tool::Changes(change) => Some(Action { call, change, demand }),
        }
    }
}

impl Turn {
    /// A turn that begins with the user's `message`.
    pub(crate) fn begin(message: String, rules: Rules) -> Self {
        let messages = vec![Message::user(message)];
        Self { messages, calls: Vec::new(), rules, may_have_happened: false, withheld: false }
    }

    /// What is next.
    pub(crate) fn next_step(&self) -> Step {
        let at = |wanted: fn(&Stage) -> bool| self.attempts(wanted);
        let untried = at(|stage| matches!(stage, Stage::Untried(_)));
        if !untried.is_empty() {
            return Step::Try(untried);
        }
        if !at(|stage| matches!(stage, Stage::Cleared)).is_empty() {
            return Step::Claim;
        }
        let claimed = at(|stage| matches!(stage, Stage::Claimed));
        if let Some(action) = claimed.into_iter().find_map(Attempt::into_action) {
            return Step::CarryOut(action);
        }
        if !self.calls.is_empty() {
            return Step::Pause;
        }
        match self.messages.last() {
            Some(Message { role: Role::Assistant, .. }) => Step::Done,
            _ => Step::CallModel,
        }
    }

    fn attempts(&self, wanted: fn(&Stage) -> bool) -> Vec<Attempt> {
        let attempt = |call: &TurnCall| {
            let open = call.open().filter(|open| wanted(&open.stage))?;
            let (tool, demand) = (open.tool, open.demand.clone());
            Some(Attempt { call: call.tool_use.clone(), tool, demand })
        };
        self.calls.iter().filter_map(attempt).collect()
    }

    /// The model has answered with `message`, which may call tools.
    pub(crate) fn model_answered(&mut self, message: Message) -> Result<(), SameId> {
        let calls: Vec<TurnCall> = message.tool_uses().cloned().map(TurnCall::new).collect();
        let mut ids: Vec<&str> = message.tool_uses().map(|call| &*call.tool_use_id).collect();
        ids.sort_unstable();
        if ids.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(SameId);
        }
        self.calls = calls;
        self.messages.push(message);
        self.close_round();
        Ok(())
    }

    /// A call has been answered.
    pub(crate) fn answered(&mut self, result: ToolResult) {
        let call =
            self.calls.iter_mut().find(|call| call.tool_use.tool_use_id == result.tool_use_id);
        if let Some(call) = call.filter(|call| call.open().is_some()) {
            call.finish(result);
        }
        self.close_round();
    }

    /// A call that was tried needs a consent first. `interrupt` is for the first that does.
    pub(crate) fn needs_consent(&mut self, id: &str, interrupt: String) {
        if !self.rules.may_wait {
            self.withheld = true;
            return self.answered(words::not_authorized(id));
        }
        let interrupt = self.consent_interrupt().map_or(interrupt, str::to_owned);
        if let Some(open) = self.open_mut(id)
            && matches!(open.stage, Stage::Untried(_))
        {
            open.interrupt = Some(interrupt);
            open.stage = Stage::Waiting;
        }
    }

    /// A call that changes something was looked at: `account` would do it. Answers what the
    /// user is to approve, if he has not.
    pub(crate) fn seen(
        &mut self,
        id: &str,
        account: &str,
        interrupt: String,
        now: SystemTime,
    ) -> Option<Confirmation> {
        let Rules { user, confirm, may_wait } = self.rules.clone();
        let call = self.calls.iter_mut().find(|call| call.tool_use.tool_use_id == id)?;
        let tool_use = call.tool_use.clone();
        let open = call.open_mut().filter(|open| matches!(open.tool, Tool::Changes(_)))?;
        let Stage::Untried(approval) = &open.stage else { return None };
        let covers = |approval: &Approval| approval.covers(&user, &tool_use, account);
        if !confirm || approval.as_ref().is_some_and(covers) {
            open.stage = Stage::Cleared;
            return None;
        }
        if !may_wait {
            self.withheld = true;
            self.answered(words::not_confirmed(id));
            return None;
        }
        let confirmation = approval::ask(&user, interrupt, &tool_use, account, now);
        open.stage = Stage::Unconfirmed(confirmation.clone());
        Some(confirmation)
    }

    /// The provider does not take the token, and has done nothing. Once, that leads to a
    /// consent; an approval that was used on the way is used up.
    pub(crate) fn refused(&mut self, id: &str, refusal: Refusal) {
        let Some(open) = self.open_mut(id) else { return };
        if open.demand.refused.is_some() {
            return self.answered(refusal.otherwise);
        }
        open.demand.scopes.extend(refusal.scopes);
        open.demand.refused = Some(refusal.token);
        open.stage = match &open.stage {
            Stage::Untried(approval) => Stage::Untried(approval.clone()),
            _ => Stage::Untried(None),
        };
    }

    /// From here on the cleared calls are ours, if the turn can be saved so.
    pub(crate) fn claim(&mut self) {
        for open in self.calls.iter_mut().filter_map(TurnCall::open_mut) {
            if matches!(open.stage, Stage::Cleared) {
                open.stage = Stage::Claimed;
            }
        }
    }

    /// The vault has a token for what waited after all.
    pub(crate) fn consent_found(&mut self) {
        for open in self.calls.iter_mut().filter_map(TurnCall::open_mut) {
            if matches!(open.stage, Stage::Waiting) {
                open.stage = Stage::Untried(None);
            }
        }
    }

    /// What must be consented to before the waiting calls can be tried: nothing, if none waits
    /// for that.
    pub(crate) fn consent_needed(&self) -> Option<Scopes> {
        let waiting = self.attempts(|stage| matches!(stage, Stage::Waiting));
        let needed = |waiting: Vec<Attempt>| waiting.into_iter().flat_map(|one| one.demand.scopes);
        (!waiting.is_empty()).then(|| needed(waiting).collect())
    }

    /// The interrupt that stands for the consent of this round: the same as long as it waits.
    pub(crate) fn consent_interrupt(&self) -> Option<&str> {
        self.calls.iter().filter_map(TurnCall::open).find_map(|open| open.interrupt.as_deref())
    }

    /// What the user is to approve.
    pub(crate) fn confirmations(&self) -> impl Iterator<Item = (&ToolUse, &Confirmation)> {
        self.calls.iter().filter_map(|call| match &call.open()?.stage {
            Stage::Unconfirmed(confirmation) => Some((&call.tool_use, confirmation)),
            _ => None,
        })
    }

    /// What the user must hear whatever the model says.
    pub(crate) fn notice(&self) -> Option<&'static str> {
        self.may_have_happened.then_some(words::MAY_HAVE_HAPPENED)
    }

    /// Whether a call was not made because the user said no, or went on without a yes.
    pub(crate) fn withheld(&self) -> bool {
        self.withheld
    }

    /// What has been said in this turn so far.
    pub(crate) fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// The turn as it is saved while it is not done. A claim counts until `until`, after which
    /// nobody is at work on it any more.
    pub(crate) fn to_pending(&self, until: SystemTime) -> Pending {
        let until = approval::seconds(until);
        let calls = self.calls.iter().map(|call| Call {
            tool_use_id: call.tool_use.tool_use_id.clone(),
            state: call.to_state(until),
        });
        Pending { turn: self.messages.clone(), calls: calls.collect() }
    }

    fn open_mut(&mut self, id: &str) -> Option<&mut Open> {
        self.calls.iter_mut().find(|call| call.tool_use.tool_use_id == id)?.open_mut()
    }

    /// Once every call is answered, the answers go to the model in one message.
    fn close_round(&mut self) {
        let results: Option<Vec<Block>> =
            self.calls.iter().map(|call| call.result().cloned().map(Block::ToolResult)).collect();
        let Some(content) = results.filter(|results| !results.is_empty()) else { return };
        self.calls.clear();
        self.messages.push(Message { role: Role::User, content });
        let answers = self.messages.iter().filter(|message| message.role == Role::Assistant);
        if answers.count() >= MAX_MODEL_CALLS {
            let content = vec![Block::Text(words::TOO_MANY_CALLS.to_owned())];
            self.messages.push(Message { role: Role::Assistant, content });
        }
    }
}
