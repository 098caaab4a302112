//! The older turns of a conversation, as the JSON that they are saved as.
//!
//! A message taken apart needs several times the memory of its JSON. A model sees the newest turns
//! only, so the others wait folded until they are saved again.

use serde_json::value::RawValue;

use crate::conversation::{Conversation, Message, ToolUse};

/// One whole turn.
#[derive(Debug, Clone)]
pub(crate) struct Folded {
    /// Its messages, in their order.
    pub(crate) messages: Vec<Box<RawValue>>,
    /// The ids of its calls: no later call may have one of them.
    pub(crate) calls: Vec<String>,
}

impl Folded {
    fn of(turn: &[Message]) -> serde_json::Result<Self> {
        let messages =
            turn.iter().map(serde_json::value::to_raw_value).collect::<Result<_, _>>()?;
        let id = |call: &ToolUse| call.tool_use_id.clone();
        let calls = turn.iter().flat_map(Message::tool_uses).map(id).collect();
        Ok(Self { messages, calls })
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

impl Conversation {
    /// Folds the oldest turns, all but the newest `keep` messages.
    pub(crate) fn fold(&mut self, keep: usize) {
        let older = self.messages.len().saturating_sub(keep);
        let folded = crate::window::turns(&self.messages[..older]).map(Folded::of).collect();
        // What can't be folded stays as it is.
        let Ok::<Vec<Folded>, _>(folded) = folded else { return };
        self.folded.extend(folded);
        // Into a list of its own: the old one keeps the memory of all.
        self.messages = self.messages.split_off(older);
        self.messages.shrink_to_fit();
    }
}
