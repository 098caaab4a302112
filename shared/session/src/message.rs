//! What is said: messages, and the turns that they make.
//!
//! They have the shape of the Amazon Bedrock Converse API (`Message`, `ContentBlock`,
//! `ToolUseBlock`, `ToolResultBlock`), with any model.

use serde::{Deserialize, Serialize};
use serde_json::Value;

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

/// Splits a history into turns. A turn begins with a user's message that holds no tool result.
pub(crate) fn turns(history: &[Message]) -> impl DoubleEndedIterator<Item = &[Message]> {
    let begins = |message: &Message| {
        let is_result = |block: &Block| matches!(block, Block::ToolResult(_));
        message.role == Role::User && !message.content.iter().any(is_result)
    };
    // The first message always begins a turn.
    history.chunk_by(move |_, next| !begins(next))
}
