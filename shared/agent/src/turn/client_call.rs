//! One call of a client that has a model of its own: a turn without a model.
//!
//! It is claimed, approved and consented to as any call is, and ends with its result. What the client calls
//! counts as what the user asked for, because nothing else is known of it here: a wider consent that it leads
//! to is shown to the person, scope by scope, before they continue it.

use std::collections::BTreeMap;

use serde_json::Value;
use session::{Block, Message, Role, ToolResult, ToolUse};

use super::{Rules, Turn};

impl Turn {
    /// A turn that is the call `id` of `tool` with `input`, and nothing else; `asked` says who called.
    #[must_use]
    pub fn of_one_call(
        id: String,
        tool: String,
        input: Value,
        asked: String,
        rules: Rules,
    ) -> Self {
        let mut turn = Self::begin(asked, Rules { is_one_call: true, ..rules });
        let call = ToolUse { tool_use_id: id, name: tool, input };
        let content = vec![Block::ToolUse(call)];
        let message = Message { role: Role::Assistant, content, id: None };
        turn.model_answered(message, &BTreeMap::new(), &[]);
        turn
    }

    /// The result of the call, once the turn is done.
    #[must_use]
    pub fn result_of_call(&self) -> Option<&ToolResult> {
        result_of_call(&self.messages)
    }
}

/// The result of the call that the saved turn in `messages` is, if it is done.
#[must_use]
pub fn result_of_call(messages: &[Message]) -> Option<&ToolResult> {
    messages.iter().flat_map(Message::tool_results).last()
}
