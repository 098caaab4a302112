//! A round: the model's message, its calls, and their results in the one message that follows. A round
//! can end the turn, if the model goes on too long or not at all.

use std::collections::BTreeMap;

use session::{Block, Message, Role, ToolResult};

use super::{Turn, call::TurnCall, fit, texts};

/// A model that never stops calling tools is stopped after this many answers in one turn.
pub(super) const MAX_MODEL_CALLS: usize = 10;

/// How many messages with calls whose input can't be read, or is not of the tool's schema, a model may
/// send in one turn.
pub(super) const MAX_UNREADABLE_ROUNDS: usize = 2;

/// At most this many calls of one message are made; the model is told that the others were not.
const MAX_CALLS: usize = 8;

impl Turn {
    /// The model has answered with `message`, which may call tools; the input of some of the calls
    /// may be `unreadable`. `earlier` are the messages before this turn that the model sees.
    pub(crate) fn model_answered(
        &mut self,
        mut message: Message,
        unreadable: &BTreeMap<usize, String>,
        earlier: &[Message],
    ) {
        // What was done for the user must be told, although the model does not.
        if message.is_withheld() && self.messages.len() > 1 {
            message.content.push(Block::Text(texts::own_report(&self.messages)));
        }
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
        let mut is_unreadable = !unreadable.is_empty();
        for call in &mut self.calls {
            let Some(open) = call.open() else { continue };
            if let Err(why) = open.tool.spec().input.check(&call.tool_use.input) {
                is_unreadable = true;
                call.finish(texts::wrong_input(&call.tool_use.tool_use_id, &why));
            }
        }
        self.unreadable_rounds += usize::from(is_unreadable);
        self.messages.push(message);
        self.widen();
        self.close_round();
    }

    /// Whether a refusal of the model's has to end this turn: calls were answered that the model has
    /// said nothing of yet, or the turn was saved, so that it would be refused again.
    pub(crate) fn ends_with_refusal(&self) -> bool {
        let is_unanswered = self.messages.last().is_some_and(|last| last.role == Role::User);
        self.calls.is_empty() && is_unanswered && (self.messages.len() > 1 || self.was_saved)
    }

    /// Ends a turn with which the model refuses to go on: what was done is said in words of our own,
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

    pub(super) fn say(&mut self, text: String) {
        let content = vec![Block::Text(text)];
        self.messages.push(Message { role: Role::Assistant, content, id: None });
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

    /// Once every call is answered, the answers go to the model in one message.
    pub(super) fn close_round(&mut self) {
        let results: Option<Vec<Block>> =
            self.calls.iter().map(|call| call.result().cloned().map(Block::ToolResult)).collect();
        let Some(content) = results.filter(|results| !results.is_empty()) else { return };
        self.calls.clear();
        self.messages.push(Message { role: Role::User, content, id: None });
        let answers = self.messages.iter().filter(|message| message.role == Role::Assistant);
        if self.rules.is_one_call {
            self.say(texts::CALL_IS_DONE.to_owned());
        } else if answers.count() >= MAX_MODEL_CALLS {
            self.say(texts::TOO_MANY_CALLS.to_owned());
        } else if self.unreadable_rounds > MAX_UNREADABLE_ROUNDS {
            self.say(texts::TOO_MANY_MISTAKES.to_owned());
        }
    }
}
