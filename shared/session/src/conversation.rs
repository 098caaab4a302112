//! A conversation as it is saved.
//!
//! Messages have the shape of the Amazon Bedrock Converse API (`Message`, `ContentBlock`,
//! `ToolUseBlock`, `ToolResultBlock`), whichever model answers.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::SessionError;
use crate::folded::Folded;
use crate::pending::Pending;

/// The version of the saved shape; an object of a newer one is not read and never overwritten.
pub(crate) const SCHEMA: u32 = 1;

/// One conversation.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Conversation {
    schema: u32,
    /// Whole turns, acceptable to the strictest model.
    pub messages: Vec<Message>,
    /// The turn that is not finished, if there is one.
    pub pending: Option<Pending>,
    /// The last writes, by id.
    pub(crate) writes: Vec<String>,
    /// How many of the oldest turns were removed, so that the others fit.
    #[serde(default)]
    pub removed_turns: u64,
    /// The tokens that were spent in it on the last day that any were.
    #[serde(default)]
    pub spent: Option<Spent>,
    /// Turns that are older than `messages`.
    #[serde(skip)]
    pub(crate) folded: Vec<Folded>,
}

impl Default for Conversation {
    fn default() -> Self {
        Self {
            schema: SCHEMA,
            messages: Vec::new(),
            pending: None,
            writes: Vec::new(),
            removed_turns: 0,
            spent: None,
            folded: Vec::new(),
        }
    }
}

/// Tokens of the language model that were spent on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// The day, in days of UTC since 1970.
    pub day: u64,
    /// How many.
    pub tokens: u64,
}

impl Spent {
    /// `before` and `more` together, if they are of one day; else the later one.
    #[must_use]
    pub fn sum(before: Option<Self>, more: Option<Self>) -> Option<Self> {
        match (before, more) {
            (Some(before), Some(more)) if before.day == more.day => {
                Some(Self { tokens: before.tokens.saturating_add(more.tokens), ..more })
            }
            (Some(before), Some(more)) if before.day > more.day => Some(before),
            (before, more) => more.or(before),
        }
    }
}

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
}

impl Message {
    /// A user's words.
    #[must_use]
    pub fn user(text: impl Into<String>) -> Self {
        Self { role: Role::User, content: vec![Block::Text(text.into())] }
    }

    /// The words in it, without tool calls and their results.
    #[must_use]
    pub fn text(&self) -> String {
        let text = |block: &Block| match block {
            Block::Text(text) => Some(text.clone()),
            Block::ToolUse(_) | Block::ToolResult(_) => None,
        };
        self.content.iter().filter_map(text).collect::<Vec<_>>().join("\n\n")
    }

    /// The tool calls in it.
    pub fn tool_uses(&self) -> impl Iterator<Item = &ToolUse> {
        self.content.iter().filter_map(|block| match block {
            Block::ToolUse(tool_use) => Some(tool_use),
            Block::Text(_) | Block::ToolResult(_) => None,
        })
    }
}

/// A part of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Block {
    /// Words; never blank.
    Text(String),
    /// The model calls a tool.
    ToolUse(ToolUse),
    /// What the tool answered.
    ToolResult(ToolResult),
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
}

impl ToolResult {
    /// An answer in words.
    #[must_use]
    pub fn new(tool_use_id: &str, status: ToolStatus, text: impl Into<String>) -> Self {
        let content = vec![ToolOutput::Text(text.into())];
        Self { tool_use_id: tool_use_id.to_owned(), status, content }
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

/// What every version of a saved object has.
#[derive(Deserialize)]
struct AnySchema {
    schema: u32,
}

impl Conversation {
    /// Reads a saved object.
    pub(crate) fn from_json(json: &[u8]) -> Result<Self, SessionError> {
        match serde_json::from_slice::<Self>(json) {
            Ok(conversation) if conversation.schema == SCHEMA => Ok(conversation),
            _ => match serde_json::from_slice::<AnySchema>(json) {
                Ok(AnySchema { schema }) if schema > SCHEMA => Err(SessionError::Newer),
                _ => Err(SessionError::Damaged),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Conversation;
    use crate::error::SessionError;

    #[test]
    fn a_newer_object_is_told_from_a_damaged_one() {
        let read = |json: &str| Conversation::from_json(json.as_bytes());
        assert!(read(r#"{"schema":1,"messages":[],"writes":[]}"#).is_ok());
        for newer in [r#"{"schema":2,"messages":[],"writes":[]}"#, r#"{"schema":7,"turns":{}}"#] {
            assert!(matches!(read(newer), Err(SessionError::Newer)), "{newer}");
        }
        for damaged in ["", "{}", "[]", r#"{"schema":1,"messages":["#, r#"{"schema":1}"#, "\0"] {
            assert!(matches!(read(damaged), Err(SessionError::Damaged)), "{damaged}");
        }
    }
}
