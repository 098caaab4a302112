//! One turn as a state machine: given what has happened, what is next?
//!
//! Nothing here reads or writes anything, so pausing and resuming are tested without a network.
//! The messages it makes keep to the Converse API's rules: roles alternate, and every tool call
//! is answered in the one message that follows it.

use session::{Block, Call, CallState, Message, Pending, Role, ToolResult, ToolStatus, ToolUse};

/// A model that never stops calling tools is stopped after this many answers.
const MAX_MODEL_CALLS: usize = 10;

const TOO_MANY_CALLS: &str =
    "I stopped here: this took too many steps. Ask me to go on, or for a smaller part of it.";
const NOT_RUN: &str = "Not run: the user has not authorized it yet.";
const GAVE_UP_WAITING: &str = "I have not done that: it has not been authorized yet.";

/// A turn that is being worked on.
#[derive(Debug)]
pub(crate) struct Turn {
    messages: Vec<Message>,
    calls: Vec<Progress>,
    model_calls: usize,
}

#[derive(Debug)]
enum Progress {
    Untried(ToolUse),
    Waiting(ToolUse),
    Finished(ToolResult),
}

/// What is next.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    /// Ask the model.
    CallModel,
    /// Run these tools, and say how each went.
    CallTools(Vec<ToolUse>),
    /// Wait for the user's consent.
    Pause,
    /// The model has answered.
    Done,
}

impl Turn {
    /// A turn that begins with the user's `message`.
    pub(crate) fn begin(message: String) -> Self {
        Self { messages: vec![Message::user(message)], calls: Vec::new(), model_calls: 0 }
    }

    /// A turn that waited: its waiting calls are to be tried again.
    pub(crate) fn resume(pending: Pending) -> Self {
        let uses: Vec<ToolUse> =
            pending.turn.last().map(|last| last.tool_uses().cloned().collect()).unwrap_or_default();
        let calls = uses.into_iter().map(|tool_use| {
            let saved = pending.calls.iter().find(|call| call.tool_use_id == tool_use.tool_use_id);
            match saved.map(|call| &call.state) {
                Some(CallState::Finished(result)) => Progress::Finished(result.clone()),
                Some(CallState::Waiting) | None => Progress::Untried(tool_use),
            }
        });
        Self { calls: calls.collect(), messages: pending.turn, model_calls: 0 }
    }

    /// What is next.
    pub(crate) fn next_step(&self) -> Step {
        let untried: Vec<ToolUse> = self.calls.iter().filter_map(Progress::untried).collect();
        if !untried.is_empty() {
            return Step::CallTools(untried);
        }
        if !self.calls.is_empty() {
            return Step::Pause;
        }
        match self.messages.last() {
            Some(Message { role: Role::Assistant, .. }) => Step::Done,
            _ => Step::CallModel,
        }
    }

    /// The model has answered with `message`, which may call tools.
    pub(crate) fn model_answered(&mut self, message: Message) {
        self.model_calls += 1;
        self.calls = message.tool_uses().cloned().map(Progress::Untried).collect();
        self.messages.push(message);
    }

    /// A tool has answered.
    pub(crate) fn tool_answered(&mut self, result: ToolResult) {
        let id = result.tool_use_id.clone();
        self.settle(&id, |_| Progress::Finished(result));
        self.close_round();
    }

    /// A tool can't run before the user has consented.
    pub(crate) fn tool_waits(&mut self, tool_use_id: &str) {
        self.settle(tool_use_id, Progress::Waiting);
    }

    /// The user went on without consenting: the calls that wait are answered as not run, and
    /// the turn ends.
    pub(crate) fn give_up_waiting(&mut self) {
        for call in &mut self.calls {
            if let Progress::Waiting(ToolUse { tool_use_id, .. })
            | Progress::Untried(ToolUse { tool_use_id, .. }) = call
            {
                *call =
                    Progress::Finished(ToolResult::new(tool_use_id, ToolStatus::Error, NOT_RUN));
            }
        }
        self.close_round();
        self.say(GAVE_UP_WAITING);
    }

    /// What has been said in this turn so far.
    pub(crate) fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// The whole turn, once it is done.
    pub(crate) fn into_messages(self) -> Vec<Message> {
        self.messages
    }

    /// The turn so far and how far its calls are, to be saved while it waits.
    pub(crate) fn into_waiting(self) -> (Vec<Message>, Vec<Call>) {
        let calls = self.calls.into_iter().map(|call| match call {
            Progress::Untried(ToolUse { tool_use_id, .. })
            | Progress::Waiting(ToolUse { tool_use_id, .. }) => {
                Call { tool_use_id, state: CallState::Waiting }
            }
            Progress::Finished(result) => {
                Call { tool_use_id: result.tool_use_id.clone(), state: CallState::Finished(result) }
            }
        });
        (self.messages, calls.collect())
    }

    fn settle(&mut self, id: &str, how: impl FnOnce(ToolUse) -> Progress) {
        let call = self.calls.iter_mut().find(|call| call.is_untried(id));
        if let Some(call) = call
            && let Some(tool_use) = call.untried()
        {
            *call = how(tool_use);
        }
    }

    /// Once every call is answered, the answers go to the model in one message.
    fn close_round(&mut self) {
        if self.calls.is_empty() || !self.calls.iter().all(Progress::is_finished) {
            return;
        }
        let results = std::mem::take(&mut self.calls).into_iter().filter_map(|call| match call {
            Progress::Finished(result) => Some(Block::ToolResult(result)),
            Progress::Untried(_) | Progress::Waiting(_) => None,
        });
        self.messages.push(Message { role: Role::User, content: results.collect() });
        if self.model_calls >= MAX_MODEL_CALLS {
            self.say(TOO_MANY_CALLS);
        }
    }

    fn say(&mut self, text: &str) {
        let content = vec![Block::Text(text.to_owned())];
        self.messages.push(Message { role: Role::Assistant, content });
    }
}

impl Progress {
    fn untried(&self) -> Option<ToolUse> {
        match self {
            Self::Untried(tool_use) => Some(tool_use.clone()),
            Self::Waiting(_) | Self::Finished(_) => None,
        }
    }

    fn is_untried(&self, id: &str) -> bool {
        matches!(self, Self::Untried(tool_use) if tool_use.tool_use_id == id)
    }

    fn is_finished(&self) -> bool {
        matches!(self, Self::Finished(_))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use session::{Block, Message, Pending, Role, ToolResult, ToolStatus, ToolUse};

    use super::{MAX_MODEL_CALLS, Step, Turn};

    fn call(id: &str) -> ToolUse {
        ToolUse { tool_use_id: id.into(), name: "tool".into(), input: json!({}) }
    }

    fn calling(ids: &[&str]) -> Message {
        let calls = ids.iter().map(|id| Block::ToolUse(call(id)));
        Message { role: Role::Assistant, content: calls.collect() }
    }

    fn saying(text: &str) -> Message {
        Message { role: Role::Assistant, content: vec![Block::Text(text.into())] }
    }

    fn result(id: &str) -> ToolResult {
        ToolResult::new(id, ToolStatus::Success, "fine")
    }

    fn paused(turn: Turn) -> Pending {
        let (turn, calls) = turn.into_waiting();
        Pending { turn, calls, interrupts: Vec::new() }
    }

    fn roles(messages: &[Message]) -> Vec<Role> {
        messages.iter().map(|message| message.role).collect()
    }

    #[test]
    fn a_plain_answer_ends_the_turn() {
        let mut turn = Turn::begin("hello".into());
        assert_eq!(turn.next_step(), Step::CallModel);
        turn.model_answered(saying("hi"));
        assert_eq!(turn.next_step(), Step::Done);
    }

    #[test]
    fn all_results_go_to_the_model_in_one_message() {
        let mut turn = Turn::begin("both".into());
        turn.model_answered(calling(&["a", "b"]));
        assert_eq!(turn.next_step(), Step::CallTools(vec![call("a"), call("b")]));
        turn.tool_answered(result("b"));
        assert_eq!(turn.next_step(), Step::CallTools(vec![call("a")]));
        turn.tool_answered(result("a"));
        assert_eq!(turn.next_step(), Step::CallModel);
        assert_eq!(turn.messages().last().unwrap().content.len(), 2);
        turn.model_answered(saying("done"));
        assert_eq!(
            roles(turn.messages()),
            [Role::User, Role::Assistant, Role::User, Role::Assistant]
        );
    }

    #[test]
    fn a_turn_pauses_when_nothing_but_consent_is_missing_and_resumes_the_waiting_calls_alone() {
        let mut turn = Turn::begin("both".into());
        turn.model_answered(calling(&["a", "b"]));
        turn.tool_waits("a");
        turn.tool_answered(result("b"));
        assert_eq!(turn.next_step(), Step::Pause);

        let mut turn = Turn::resume(paused(turn));
        assert_eq!(turn.next_step(), Step::CallTools(vec![call("a")]));
        turn.tool_answered(result("a"));
        assert_eq!(turn.next_step(), Step::CallModel);
    }

    #[test]
    fn going_on_without_consent_leaves_a_finished_turn() {
        let mut turn = Turn::begin("one".into());
        turn.model_answered(calling(&["a"]));
        turn.tool_waits("a");
        turn.give_up_waiting();
        assert_eq!(turn.next_step(), Step::Done);
        let messages = turn.into_messages();
        assert_eq!(roles(&messages), [Role::User, Role::Assistant, Role::User, Role::Assistant]);
    }

    #[test]
    fn a_model_that_never_stops_is_stopped() {
        let mut turn = Turn::begin("loop".into());
        for _ in 0..MAX_MODEL_CALLS {
            assert_eq!(turn.next_step(), Step::CallModel);
            turn.model_answered(calling(&["a"]));
            turn.tool_answered(result("a"));
        }
        assert_eq!(turn.next_step(), Step::Done);
    }

    #[test]
    fn an_answer_nobody_waits_for_changes_nothing() {
        let mut turn = Turn::begin("one".into());
        turn.model_answered(calling(&["a"]));
        turn.tool_answered(result("unknown"));
        assert_eq!(turn.next_step(), Step::CallTools(vec![call("a")]));
    }
}
