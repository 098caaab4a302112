//! A `ConverseStream` request, checked by the rules of the strictest model.
//!
//! Source: Amazon Bedrock User Guide, "Use a tool to complete an Amazon Bedrock model response": roles
//! alternate and begin with the user, and every `toolUse` is answered by a `toolResult` in the
//! next message.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use super::{
    form::{self, Form},
    thinking::Reasoning,
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request {
    pub(super) messages: Vec<Message>,
    #[serde(flatten)]
    pub(super) form: Form,
    /// The request as it was sent: everything that a model knows.
    #[serde(skip)]
    pub(super) raw: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Message {
    pub(super) role: Role,
    pub(super) content: Vec<Block>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Role {
    User,
    Assistant,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Block {
    ReasoningContent(Reasoning),
    Text(String),
    ToolUse(ToolUse),
    ToolResult(ToolResult),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolUse {
    pub(super) tool_use_id: String,
    pub(super) name: String,
    pub(super) input: Value,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolResult {
    pub(super) tool_use_id: String,
    pub(super) content: Vec<Output>,
    pub(super) status: Option<Status>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    Success,
    Error,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Output {
    Text(String),
    Json(Value),
}

impl Request {
    /// Parses `body`. The error names the rule that it breaks.
    pub(super) fn parse(body: &[u8]) -> Result<Self, String> {
        let mut request: Self = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        request.raw = String::from_utf8_lossy(body).into_owned();
        request.check()?;
        Ok(request)
    }

    /// The user's last message. `None` if a tool result came after it.
    pub(super) fn user_message(&self) -> Option<String> {
        self.messages.last().map(Message::text).filter(|text| !text.is_empty())
    }

    /// The call of which `result` is the result.
    pub(super) fn call(&self, result: &ToolResult) -> Option<&ToolUse> {
        let blocks = self.messages.iter().flat_map(|message| &message.content);
        let mut uses = blocks.filter_map(|block| match block {
            Block::ToolUse(tool_use) => Some(tool_use),
            Block::ReasoningContent(_) | Block::Text(_) | Block::ToolResult(_) => None,
        });
        uses.find(|tool_use| tool_use.tool_use_id == result.tool_use_id)
    }

    pub(super) fn offers(&self, tool: &str) -> bool {
        self.form.tools().any(|spec| spec.name == tool)
    }

    fn check(&self) -> Result<(), String> {
        self.form.check()?;
        let has_tool_blocks =
            |it: &Message| it.uses().next().is_some() || it.results().next().is_some();
        if self.form.tool_config.is_none() && self.messages.iter().any(has_tool_blocks) {
            let rule = "The toolConfig field must be defined when using toolUse and toolResult \
                        content blocks.";
            return Err(rule.to_owned());
        }
        let mut expected = Role::User;
        let mut open: BTreeSet<&str> = BTreeSet::new();
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for (at, message) in self.messages.iter().enumerate() {
            if message.role != expected {
                return Err(format!("messages.{at}: roles must alternate, beginning with user"));
            }
            expected = if message.role == Role::User { Role::Assistant } else { Role::User };
            message.check(at)?;
            let answered: BTreeSet<&str> = message.results().collect();
            if answered != open {
                return Err(format!(
                    "messages.{at}: every toolUse of the previous turn must be answered by a \
                     toolResult, and nothing else"
                ));
            }
            open = message.uses().collect();
            for id in message.uses() {
                if !seen.insert(id) {
                    return Err(format!("messages.{at}: `tool_use` ids must be unique"));
                }
            }
        }
        if expected == Role::User || !open.is_empty() {
            return Err("the conversation must end with a user message".to_owned());
        }
        Ok(())
    }
}

impl Message {
    /// The words in it.
    pub(super) fn text(&self) -> String {
        let words = self.content.iter().filter_map(|block| match block {
            Block::Text(text) => Some(text.as_str()),
            Block::ReasoningContent(_) | Block::ToolUse(_) | Block::ToolResult(_) => None,
        });
        words.collect::<Vec<_>>().join(" ")
    }

    /// What the user says in it. `None` if it is the model's, or has results only.
    pub(super) fn said_by_user(&self) -> Option<String> {
        (self.role == Role::User).then(|| self.text()).filter(|text| !text.is_empty())
    }

    fn check(&self, at: usize) -> Result<(), String> {
        if self.content.is_empty() {
            return Err(format!("messages.{at}: the content is empty"));
        }
        let is_blank = |block: &Block| matches!(block, Block::Text(text) if text.trim().is_empty());
        if self.content.iter().any(is_blank) {
            return Err(format!("messages.{at}: the text field in the ContentBlock is blank"));
        }
        let is_reasoning = |block: &Block| matches!(block, Block::ReasoningContent(_));
        if self.role == Role::User && self.content.iter().any(is_reasoning) {
            return Err(format!("messages.{at}: a user's message holds no reasoningContent"));
        }
        for block in &self.content {
            let Block::ToolUse(call) = block else { continue };
            form::name(&format!("messages.{at}.toolUse.name"), &call.name)?;
            form::name(&format!("messages.{at}.toolUse.toolUseId"), &call.tool_use_id)?;
        }
        Ok(())
    }

    fn uses(&self) -> impl Iterator<Item = &str> {
        self.content.iter().filter_map(|block| match block {
            Block::ToolUse(tool_use) => Some(tool_use.tool_use_id.as_str()),
            Block::ReasoningContent(_) | Block::Text(_) | Block::ToolResult(_) => None,
        })
    }

    fn results(&self) -> impl Iterator<Item = &str> {
        self.content.iter().filter_map(|block| match block {
            Block::ToolResult(result) => Some(result.tool_use_id.as_str()),
            Block::ReasoningContent(_) | Block::Text(_) | Block::ToolUse(_) => None,
        })
    }
}
