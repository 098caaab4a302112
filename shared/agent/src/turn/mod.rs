//! One turn as a state machine: given what has happened, what is next?
//!
//! Nothing here reads or writes anything, so pausing, resuming, confirming and claiming are tested
//! without a network. The messages that it makes keep to the Converse API's rules: roles alternate,
//! and every tool call is answered in the one message that follows it.
//!
//! The way of one call is drawn in [`call`]; what a provider's reply means for it is decided in
//! [`reply`]; what an approval covers, in [`approval`]; how a saved turn goes on, in [`resume`].

mod approval;
mod call;
mod fit;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod interleavings;
mod reply;
mod resume;
#[cfg(test)]
mod tests;
mod texts;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::SystemTime,
};

use identity::UserId;
use session::{Block, Call, Confirmation, Message, Pending, Role, ToolResult, ToolUse};

pub use self::resume::{Answers, ResumeError, Verdict};
use self::{
    approval::Approval,
    call::{OpenCall, Stage, TurnCall},
};
pub(crate) use self::{call::TokenNeed, reply::KnownToken};
use crate::{
    provider::Provider,
    scopes::Scopes,
    tool::{Tool, WriteTool},
    toolbox::Toolbox,
};

/// A model that never stops calling tools is stopped after this many answers in one turn.
const MAX_MODEL_CALLS: usize = 10;

/// How many messages with calls that can't be read a model may send in one turn.
const MAX_UNREADABLE_ROUNDS: usize = 2;

/// As many calls of one message of the model are made; the model is told of the others.
const MAX_CALLS: usize = 8;

/// What holds for a turn.
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
}

/// A call that is to be read or previewed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Attempt {
    pub(crate) call: ToolUse,
    pub(crate) tool: Tool,
    /// Which token it needs, if any.
    pub(crate) need: Option<TokenNeed>,
}

/// A claimed call, which is to be applied.
#[derive(Clone)]
pub(crate) struct Action {
    pub(crate) call: ToolUse,
    pub(crate) tool: Arc<dyn WriteTool>,
    /// Which token it needs: the one that it was previewed with.
    pub(crate) need: Option<TokenNeed>,
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

    fn new(messages: Vec<Message>, rules: Rules) -> Self {
        Self {
            messages,
            calls: Vec::new(),
            rules,
            may_have_happened_at: BTreeSet::new(),
            withheld: false,
            unreadable_rounds: 0,
            is_without_history: false,
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
        };
        calls.map(attempt).collect()
    }

    /// The model has answered with `message`, which may call tools; the input of some of the calls
    /// may be `unreadable`. `earlier` are the messages before this turn that the model sees.
    pub(crate) fn model_answered(
        &mut self,
        mut message: Message,
        unreadable: &BTreeMap<usize, String>,
        earlier: &[Message],
    ) {
        let renamed = fit::fit(&mut message, earlier.iter().chain(&self.messages));
        let tools = &self.rules.tools;
        let calls = message.tool_uses().map(|call| TurnCall::new(call.clone(), tools));
        self.calls = calls.collect();
        for call in self.calls.iter_mut().skip(MAX_CALLS) {
            call.finish(texts::too_many_at_once(&call.tool_use.tool_use_id));
        }
        for call in self.calls.iter_mut().filter(|it| renamed.contains(&it.tool_use.tool_use_id)) {
            call.finish(texts::no_such_tool(&call.tool_use.tool_use_id));
        }
        for (at, why) in unreadable {
            if let Some(call) = self.calls.get_mut(*at) {
                call.finish(texts::unreadable_input(&call.tool_use.tool_use_id, why));
            }
        }
        self.unreadable_rounds += usize::from(!unreadable.is_empty());
        self.messages.push(message);
        self.close_round();
        if self.unreadable_rounds > MAX_UNREADABLE_ROUNDS && self.calls.is_empty() {
            self.say(texts::TOO_MANY_MISTAKES.to_owned());
        }
    }

    /// Whether calls were answered that the model has said nothing of yet.
    pub(crate) fn has_unreported_results(&self) -> bool {
        let is_results = |last: &Message| last.role == Role::User && self.messages.len() > 1;
        self.calls.is_empty() && self.messages.last().is_some_and(is_results)
    }

    /// Ends a turn of which the model refuses to report: what was done is said in words of our own,
    /// so that the conversation goes on.
    pub(crate) fn report_results(&mut self) {
        let report = texts::own_report(&self.messages);
        self.say(report);
    }

    /// The model can't be shown what was said before this turn.
    pub(crate) fn leave_history_out(&mut self) {
        self.is_without_history = true;
    }

    /// Whether the model is shown this turn alone.
    pub(crate) fn is_without_history(&self) -> bool {
        self.is_without_history
    }

    fn say(&mut self, text: String) {
        let content = vec![Block::Text(text)];
        self.messages.push(Message { role: Role::Assistant, content });
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

    /// A call that was tried needs a consent first. `interrupt` is for the first at its provider
    /// that does.
    pub(crate) fn needs_consent(&mut self, id: &str, interrupt: String) {
        if !self.rules.may_wait {
            self.withheld = true;
            return self.answered(texts::not_authorized(id));
        }
        let Some(provider) = self.open_mut(id).and_then(|open| open.provider().cloned()) else {
            return;
        };
        let asked_before = self
            .open_calls()
            .filter(|(_, open)| open.provider() == Some(&provider))
            .find_map(|(_, open)| open.interrupt.clone());
        let interrupt = asked_before.unwrap_or(interrupt);
        if let Some(open) = self.open_mut(id)
            && matches!(open.stage, Stage::Pending(_))
        {
            open.interrupt = Some(interrupt.clone());
            open.stage = Stage::AwaitingConsent { interrupt };
        }
    }

    /// A writing call was previewed: `account` would do it. Returns what the user is to approve, if
    /// they have not.
    pub(crate) fn previewed(
        &mut self,
        id: &str,
        account: &str,
        interrupt: String,
        now: SystemTime,
    ) -> Option<Confirmation> {
        let (confirm, may_wait) = (self.rules.confirm, self.rules.may_wait);
        let user = self.rules.user.clone();
        let call = self.calls.iter_mut().find(|call| call.tool_use.tool_use_id == id)?;
        let tool_use = call.tool_use.clone();
        let open = call.open_mut().filter(|open| matches!(open.tool, Tool::Write(_)))?;
        let Stage::Pending(approval) = &open.stage else { return None };
        let covers = |approval: &Approval| approval.covers(&user, &tool_use, account);
        if !confirm || approval.as_ref().is_some_and(covers) {
            open.stage = Stage::Approved;
            return None;
        }
        if !may_wait {
            self.withheld = true;
            self.answered(texts::not_confirmed(id));
            return None;
        }
        let confirmation = approval::ask(&user, interrupt, &tool_use, account, now);
        open.stage = Stage::AwaitingApproval(confirmation.clone());
        Some(confirmation)
    }

    /// From here on the approved calls are this request's, if the turn can be saved so.
    pub(crate) fn claim(&mut self) {
        for open in self.calls.iter_mut().filter_map(TurnCall::open_mut) {
            if matches!(open.stage, Stage::Approved) {
                open.stage = Stage::Claimed;
            }
        }
    }

    /// The vault has a token of `provider` for what waited after all.
    pub(crate) fn consent_found(&mut self, provider: &Provider) {
        for open in self.calls.iter_mut().filter_map(TurnCall::open_mut) {
            let waits = matches!(open.stage, Stage::AwaitingConsent { .. });
            if waits && open.provider().is_some_and(|own| **own == *provider) {
                open.stage = Stage::Pending(None);
            }
        }
    }

    /// What must be consented to before the waiting calls can be tried, by provider.
    pub(crate) fn consents_needed(&self) -> BTreeMap<Arc<Provider>, Scopes> {
        let mut needed = BTreeMap::<_, Scopes>::new();
        for attempt in self.attempts(|stage| matches!(stage, Stage::AwaitingConsent { .. })) {
            if let Some(need) = attempt.need {
                needed.entry(need.provider).or_default().extend(need.scopes);
            }
        }
        needed
    }

    /// The interrupt that stands for the consent at `provider`: the same as long as it waits.
    #[must_use]
    pub fn consent_interrupt(&self, provider: &Provider) -> Option<&str> {
        self.open_calls().find_map(|(_, open)| match &open.stage {
            Stage::AwaitingConsent { interrupt } if **open.provider()? == *provider => {
                Some(interrupt.as_str())
            }
            _ => None,
        })
    }

    /// What the user is to approve.
    pub fn confirmations(&self) -> impl Iterator<Item = (&ToolUse, &Confirmation)> {
        self.open_calls().filter_map(|(call, open)| match &open.stage {
            Stage::AwaitingApproval(confirmation) => Some((call, confirmation)),
            _ => None,
        })
    }

    /// What the user must hear whatever the model says.
    #[must_use]
    pub fn notice(&self) -> Option<String> {
        let happened = texts::may_have_happened(&self.may_have_happened_at);
        let forgot = self.is_without_history.then(|| texts::WITHOUT_HISTORY.to_owned());
        let notices: Vec<String> = happened.into_iter().chain(forgot).collect();
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

    /// The turn as it is saved while it is not done. A claim counts until `until`, after which
    /// nobody is at work on it any more.
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

    fn open_mut(&mut self, id: &str) -> Option<&mut OpenCall> {
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
            self.say(texts::TOO_MANY_CALLS.to_owned());
        }
    }
}

fn claimed((call, open): (&ToolUse, &OpenCall)) -> Option<Action> {
    match (&open.stage, &open.tool) {
        (Stage::Claimed, Tool::Write(tool)) => {
            Some(Action { call: call.clone(), tool: Arc::clone(tool), need: open.need.clone() })
        }
        _ => None,
    }
}
