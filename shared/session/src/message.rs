//! What is said: messages, and the turns that they make.
//!
//! They have the shape of the Amazon Bedrock Converse API (`Message`, `ContentBlock`,
//! `ToolUseBlock`, `ToolResultBlock`), with any model.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the user reads in the place of an answer that a content filter has withheld. Saved
/// conversations have these words, and they are what a turn with such an answer is known by: they never
/// change.
pub const WITHHELD: &str = "(The answer was withheld by a content filter.)";

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The user, or the results of the tools that the model called.
    User,
    /// The model.
    Assistant,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said; never empty.
    pub content: Vec<Block>,
    /// What the client names it by, so that it counts once however often it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

impl Message {
    /// A user's words.
    #[must_use]
    pub fn user(text: impl Into<String>) -> Self {
        Self { role: Role::User, content: vec![Block::Text(text.into())], id: None }
    }

    /// The words in it, without tool calls and their results.
    #[must_use]
    pub fn text(&self) -> String {
        let text = |block: &Block| match block {
            Block::Text(text) => Some(text.clone()),
            Block::Reasoning(_) | Block::ToolUse(_) | Block::ToolResult(_) => None,
        };
        self.content.iter().filter_map(text).collect::<Vec<_>>().join("\n\n")
    }

    /// Whether a content filter has withheld the model's answer.
    #[must_use]
    pub fn is_withheld(&self) -> bool {
        let is_note = |block: &Block| matches!(block, Block::Text(text) if text == WITHHELD);
        self.role == Role::Assistant && self.content.iter().any(is_note)
    }

    /// The tool calls in it.
    pub fn tool_uses(&self) -> impl Iterator<Item = &ToolUse> {
        self.content.iter().filter_map(|block| match block {
            Block::ToolUse(tool_use) => Some(tool_use),
            Block::Reasoning(_) | Block::Text(_) | Block::ToolResult(_) => None,
        })
    }

    /// The results of tool calls in it.
    pub fn tool_results(&self) -> impl Iterator<Item = &ToolResult> {
        self.content.iter().filter_map(|block| match block {
            Block::ToolResult(result) => Some(result),
            Block::Reasoning(_) | Block::Text(_) | Block::ToolUse(_) => None,
        })
    }

    /// Whether it begins a turn: it is a user's, and holds no tool result.
    pub(crate) fn begins_turn(&self) -> bool {
        let is_result = |block: &Block| matches!(block, Block::ToolResult(_));
        self.role == Role::User && !self.content.iter().any(is_result)
    }

    /// Whether there is something in it to be shown to a person: words, which are never blank, or a call.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.content.iter().any(|block| matches!(block, Block::Text(_) | Block::ToolUse(_)))
    }

    /// The same without the model's reasoning.
    #[must_use]
    pub(crate) fn without_reasoning(mut self) -> Self {
        self.content.retain(|block| !matches!(block, Block::Reasoning(_)));
        self
    }
}

/// A part of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Block {
    /// How the model came to what it says: for the model alone, and while its turn runs.
    Reasoning(Reasoning),
    /// Words; never blank.
    Text(String),
    /// The model calls a tool.
    ToolUse(ToolUse),
    /// What the tool answered.
    ToolResult(ToolResult),
}

/// What a model thought, as it goes back to it: unchanged. `Debug` prints lengths alone, because no
/// log may hold it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reasoning {
    /// In words, which are empty where the model keeps them to itself.
    Text {
        /// The words.
        text: String,
        /// Shows the model's provider that it made these words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signature: Option<String>,
    },
    /// Encrypted by the model's provider, in base64.
    Redacted(String),
}

impl Reasoning {
    /// How many bytes it has.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Text { text, signature } => {
                text.len() + signature.as_ref().map_or(0, String::len)
            }
            Self::Redacted(base64) => base64.len(),
        }
    }
}

impl fmt::Debug for Reasoning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Text { .. } => "Text",
            Self::Redacted(_) => "Redacted",
        };
        write!(f, "{kind}({} bytes)", self.bytes())
    }
}

/// A tool call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolUse {
    /// The model's id of this call.
    pub tool_use_id: String,
    /// Which tool.
    pub name: String,
    /// Its input, an object.
    pub input: Value,
}

/// A tool's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolResult {
    /// Which call it answers.
    pub tool_use_id: String,
    /// Whether the tool did what was asked.
    pub status: ToolStatus,
    /// What the model reads.
    pub content: Vec<ToolOutput>,
    /// What the user had said to the call, if they were asked: for the user, not for the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
}

/// What the user has said to a call that waited for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// Whether they approved it.
    pub approved: bool,
    /// When, in Unix seconds.
    pub at: u64,
    /// The provider's account in whose name it was to be done; `None` where a consent was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Why not, in their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl ToolResult {
    /// An answer in words.
    #[must_use]
    pub fn new(tool_use_id: &str, status: ToolStatus, text: impl Into<String>) -> Self {
        let content = vec![ToolOutput::Text(text.into())];
        Self { tool_use_id: tool_use_id.to_owned(), status, content, decision: None }
    }

    /// All of its content as text, data as JSON.
    #[must_use]
    pub fn text(&self) -> String {
        let text = |output: &ToolOutput| match output {
            ToolOutput::Text(text) => text.clone(),
            ToolOutput::Json(data) => data.to_string(),
        };
        self.content.iter().map(text).collect::<Vec<_>>().join("\n")
    }
}

/// Whether a tool did what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ToolStatus {
    /// It did.
    Success,
    /// It did not, and the answer says why.
    Error,
}

/// A part of a tool's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ToolOutput {
    /// Words.
    Text(String),
    /// Data.
    Json(Value),
}

/// Splits a history into turns.
pub(crate) fn turns(history: &[Message]) -> impl DoubleEndedIterator<Item = &[Message]> {
    // The first message always begins a turn.
    history.chunk_by(|_, next| !next.begins_turn())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Block, Message, Reasoning, Role, ToolOutput, ToolResult, ToolStatus};

    #[test]
    fn a_result_as_text_has_every_part_of_it() {
        let mut result = ToolResult::new("1", ToolStatus::Success, "one");
        result.content.push(ToolOutput::Json(json!({ "two": 2 })));
        assert_eq!(result.text(), "one\n{\"two\":2}");
    }

    #[test]
    fn reasoning_is_saved_whole_and_neither_shown_nor_printed() {
        let text = |text: &str, signature: Option<&str>| Reasoning::Text {
            text: text.into(),
            signature: signature.map(str::to_owned),
        };
        let thoughts = [
            text("secret", Some("c2lnbg==")),
            text("", Some("c2lnbg==")),
            text("secret", None),
            Reasoning::Redacted("c2VjcmV0".into()),
        ];
        let mut content: Vec<Block> = thoughts.map(Block::Reasoning).to_vec();
        content.push(Block::Text("said".into()));
        let message = Message { role: Role::Assistant, content, id: None };
        let json = serde_json::to_string(&message).unwrap();
        assert_eq!(serde_json::from_str::<Message>(&json).unwrap(), message);
        assert_eq!(message.text(), "said");
        let printed = format!("{message:?}");
        for hidden in ["secret", "c2lnbg", "c2VjcmV0"] {
            assert!(json.contains(hidden) && !printed.contains(hidden), "{hidden}: {printed}");
        }
    }
}
