//! The older turns of a conversation, as the JSON that they are saved as.
//!
//! A parsed message needs several times the memory of its JSON. A model sees the newest turns only,
//! so the older ones stay as JSON until they are saved again.

use serde_json::value::RawValue;

use crate::message::{Message, ToolUse};

/// One whole turn.
#[derive(Debug, Clone)]
pub(crate) struct Folded {
    /// Its messages, in their order.
    pub(crate) messages: Vec<Box<RawValue>>,
    /// What its message is named by, if its client did.
    pub(crate) id: Option<String>,
    /// The ids of its calls: no later call may have one of them.
    pub(crate) calls: Vec<String>,
}

impl Folded {
    pub(crate) fn new(turn: &[Message]) -> serde_json::Result<Self> {
        let messages =
            turn.iter().map(serde_json::value::to_raw_value).collect::<Result<_, _>>()?;
        let id = |call: &ToolUse| call.tool_use_id.clone();
        let calls = turn.iter().flat_map(Message::tool_uses).map(id).collect();
        let id = turn.first().and_then(|first| first.id.clone());
        Ok(Self { messages, id, calls })
    }

    /// How long it is in the saved list, with its commas.
    pub(crate) fn bytes(&self) -> usize {
        self.messages.iter().map(|message| message.get().len() + 1).sum()
    }
}

impl PartialEq for Folded {
    fn eq(&self, other: &Self) -> bool {
        let text = |folded: &Self| -> Vec<String> {
            folded.messages.iter().map(|message| message.get().to_owned()).collect()
        };
        text(self) == text(other)
    }
}
