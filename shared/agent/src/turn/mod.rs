//! One turn as a state machine: given what has happened, what is next?
//!
//! Nothing here reads or writes anything, so pausing, resuming, confirming and claiming are tested
//! without a network. The messages that it makes keep to the Converse API's rules: roles alternate,
//! and every tool call is answered in the one message that follows it.
//!
//! The way of one call is drawn in `call.rs`; what a provider's reply means for it is decided in
//! `reply.rs`; what an approval covers, in `approval.rs`; how a saved turn goes on, in `resume.rs`.

mod answered;
mod approval;
mod call;
mod client_call;
mod consent;
mod fit;
#[cfg(test)]
mod fixtures;
mod inquiry;
#[cfg(test)]
mod interleavings;
mod reply;
mod resume;
mod round;
mod stop;
#[cfg(test)]
mod tests;
mod texts;
mod user_words;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::SystemTime,
};

use identity::UserId;
use session::{Call, Confirmation, Message, Pending, Role, ToolUse};

pub use self::answered::Answered;
pub use self::client_call::result_of_call;
pub use self::resume::{Answers, ResumeError, Verdict};
use self::{
    approval::Approval,
    call::{OpenCall, Stage, TurnCall},
};
pub(crate) use self::{call::TokenNeed, consent::Impossible, reply::KnownToken};
use crate::{
    inquiry::Given,
    tool::{Preview, Tool, WriteTool},
    toolbox::Toolbox,
};

/// The rules of a turn.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Whose turn it is.
    pub user: UserId,
    /// Which tools there are.
    pub tools: Toolbox,
    /// Whether what changes something needs the user's approval (`CONFIRM_ACTIONS`).
    pub confirm: bool,
    /// Whether it may wait for the user. Not once they have gone on with a new message.
    pub may_wait: bool,
    /// Whether it is one call of a client's that has a model of its own: it ends with the call's result, and
    /// no model is asked.
    pub is_one_call: bool,
}

/// A turn that is being worked on.
#[derive(Debug, Clone)]
pub struct Turn {
    messages: Vec<Message>,
    calls: Vec<TurnCall>,
    rules: Rules,
    /// What the providers are called where a call was interrupted, so that it may have been made.
    may_have_happened_at: BTreeSet<String>,
    withheld: bool,
    unreadable_rounds: usize,
    is_without_history: bool,
    /// For the user alone, by what they are about. They end with the request.
    notices: BTreeMap<String, String>,
    /// What the user has said before this turn.
    said_earlier: Vec<String>,
    /// Whether it is taken up as it was saved.
    was_saved: bool,
    was_stopped: bool,
}

/// A call that is to be read or previewed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Attempt {
    pub(crate) call: ToolUse,
    pub(crate) tool: Tool,
    /// Which token it needs, if any.
    pub(crate) need: Option<TokenNeed>,
    /// What the user has given to it, if it had asked.
    pub(crate) given: Option<Given>,
}

/// A claimed call, which is to be applied.
#[derive(Clone)]
pub(crate) struct Action {
    pub(crate) call: ToolUse,
    pub(crate) tool: Arc<dyn WriteTool>,
    /// Which token it needs: the one that it was previewed with.
    pub(crate) need: Option<TokenNeed>,
    /// What the user has given to it, if it had asked.
    pub(crate) given: Option<Given>,
}

/// What is next.
#[derive(Debug)]
pub(crate) enum Step {
    /// Ask the model.
    CallModel,
    /// Read or preview these, and say how each went.
    Try(Vec<Attempt>),
    /// Call [`Turn::claim`] and save the turn; if that succeeds, go on.
    Claim,
    /// Apply this, and say how it went.
    Apply(Action),
    /// Wait for the user.
    Pause,
    /// The model has answered.
    Done,
}

impl std::fmt::Debug for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Action").field("call", &self.call).field("need", &self.need).finish()
    }
}

impl Turn {
    /// A turn that begins with the user's `message`.
    #[must_use]
    pub fn begin(message: String, rules: Rules) -> Self {
        Self::new(vec![Message::user(message)], rules)
    }

    /// The same turn, whose message the client names by `id`.
    #[must_use]
    pub fn named(mut self, id: Option<String>) -> Self {
        self.messages.iter_mut().take(1).for_each(|first| first.id.clone_from(&id));
        self
    }

    fn new(messages: Vec<Message>, rules: Rules) -> Self {
        Self {
            messages,
            calls: Vec::new(),
            rules,
            may_have_happened_at: BTreeSet::new(),
            withheld: false,
            unreadable_rounds: 0,
            is_without_history: false,
            notices: BTreeMap::new(),
            said_earlier: Vec::new(),
            was_saved: false,
            was_stopped: false,
        }
    }

    /// What is next.
    pub(crate) fn next_step(&self) -> Step {
        let pending = self.attempts(|stage| matches!(stage, Stage::Pending(_)));
        if !pending.is_empty() {
            return Step::Try(pending);
        }
        if self.open_calls().any(|(_, open)| matches!(open.stage, Stage::Approved)) {
            return Step::Claim;
        }
        if let Some(action) = self.open_calls().find_map(claimed) {
            return Step::Apply(action);
        }
        if !self.calls.is_empty() {
            return Step::Pause;
        }
        match self.messages.last() {
            Some(Message { role: Role::Assistant, .. }) => Step::Done,
            _ => Step::CallModel,
        }
    }

    fn open_calls(&self) -> impl Iterator<Item = (&ToolUse, &OpenCall)> {
        self.calls.iter().filter_map(|call| Some((&call.tool_use, call.open()?)))
    }

    fn attempts(&self, wanted: fn(&Stage) -> bool) -> Vec<Attempt> {
        let calls = self.open_calls().filter(|(_, open)| wanted(&open.stage));
        let attempt = |(call, open): (&ToolUse, &OpenCall)| Attempt {
            call: call.clone(),
            tool: open.tool.clone(),
            need: open.need.clone(),
            given: open.given.clone(),
        };
        calls.map(attempt).collect()
    }

    /// A writing call was previewed. Returns what the user is to approve, if they have not.
    pub(crate) fn previewed(
        &mut self,
        id: &str,
        preview: impl Into<Preview>,
        interrupt: String,
        now: SystemTime,
    ) -> Option<Confirmation> {
        let preview = preview.into();
        let (confirm, may_wait) = (self.rules.confirm, self.rules.may_wait);
        let user = self.rules.user.clone();
        let call = self.calls.iter_mut().find(|call| call.tool_use.tool_use_id == id)?;
        let tool_use = call.tool_use.clone();
        let open = call.open_mut().filter(|open| matches!(open.tool, Tool::Write(_)))?;
        let Stage::Pending(approval) = &open.stage else { return None };
        let covers = |approval: &Approval| approval.covers(&user, &tool_use, &preview);
        if !confirm || approval.as_ref().is_some_and(covers) {
            open.approval = approval.clone();
            open.stage = Stage::Approved;
            return None;
        }
        if !may_wait {
            self.withheld = true;
            self.answered(texts::not_confirmed(id));
            return None;
        }
        let confirmation = approval::ask(&user, interrupt, &tool_use, &preview, now);
        call.set(Stage::AwaitingApproval(confirmation.clone()));
        Some(confirmation)
    }

    /// Claims the approved calls for this request. The claim holds once the turn is saved.
    pub(crate) fn claim(&mut self) {
        for open in self.calls.iter_mut().filter_map(TurnCall::open_mut) {
            if matches!(open.stage, Stage::Approved) {
                open.stage = Stage::Claimed;
            }
        }
    }

    /// A claimed call can't be made now, and nothing was done: it starts again from the beginning.
    pub(crate) fn was_not_made(&mut self, id: &str) {
        let open = self.open_mut(id).filter(|open| matches!(open.stage, Stage::Claimed));
        open.into_iter().for_each(|open| open.stage = Stage::Pending(None));
    }

    /// What the user is to approve.
    pub fn confirmations(&self) -> impl Iterator<Item = (&ToolUse, &Confirmation)> {
        self.open_calls().filter_map(|(call, open)| match &open.stage {
            Stage::AwaitingApproval(confirmation) => Some((call, confirmation)),
            _ => None,
        })
    }

    /// Returns the notices that the user gets regardless of the model's text.
    #[must_use]
    pub fn notice(&self) -> Option<String> {
        let happened = texts::may_have_happened(&self.may_have_happened_at);
        let forgot = self.is_without_history.then(|| texts::WITHOUT_HISTORY.to_owned());
        let own = self.notices.values().cloned();
        let notices: Vec<String> = own.chain(happened).chain(forgot).collect();
        (!notices.is_empty()).then(|| notices.join("\n\n"))
    }

    /// Whether a call was not made because the user declined it, or went on without allowing it.
    #[must_use]
    pub fn withheld(&self) -> bool {
        self.withheld
    }

    /// What has been said in this turn so far.
    #[must_use]
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// The turn as it is saved while it is not done. A claim is valid until `until`, when this
    /// request has certainly ended.
    #[must_use]
    pub fn to_pending(&self, until: SystemTime) -> Pending {
        let until = approval::seconds(until);
        let calls = self.calls.iter().map(|call| Call {
            tool_use_id: call.tool_use.tool_use_id.clone(),
            state: call.to_state(until),
        });
        Pending { turn: self.messages.clone(), calls: calls.collect() }
    }

    pub(crate) fn tools(&self) -> &Toolbox {
        &self.rules.tools
    }

    /// There are other tools from here on. Calls that were made keep theirs.
    pub(crate) fn offer(&mut self, tools: Toolbox) {
        self.rules.tools = tools;
    }

    fn open_mut(&mut self, id: &str) -> Option<&mut OpenCall> {
        self.calls.iter_mut().find(|call| call.tool_use.tool_use_id == id)?.open_mut()
    }
}

fn claimed((call, open): (&ToolUse, &OpenCall)) -> Option<Action> {
    match (&open.stage, &open.tool) {
        (Stage::Claimed, Tool::Write(tool)) => {
            let (call, tool) = (call.clone(), Arc::clone(tool));
            Some(Action { call, tool, need: open.need.clone(), given: open.given.clone() })
        }
        _ => None,
    }
}
