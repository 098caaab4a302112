//! What the strictest model accepts as a history.
//!
//! Amazon Bedrock API Reference, "Message", "ToolUseBlock", "ToolResultBlock", and the Amazon
//! Bedrock User Guide, "Use a tool to complete an Amazon Bedrock model response": roles alternate
//! and begin with the user, no content is empty and no text blank, the ids of tool calls are
//! unique, and every call is answered in the one message that follows it.

use std::collections::HashSet;

use serde_json::json;

use crate::conversation::{Block, Message, Role, ToolOutput, ToolResult, ToolStatus, ToolUse};

const UNKNOWN_OUTCOME: &str = "No result was recorded: whether this was done is unknown.";
const NO_OUTPUT: &str = "(no output)";
const NO_MESSAGE: &str = "(There is no message here.)";
const NO_ANSWER: &str = "(There was no answer.)";

/// The same conversation in a shape that every model accepts: itself, if it has it already.
pub(crate) fn mend(messages: Vec<Message>) -> Vec<Message> {
    if is_accepted(&messages) {
        return messages;
    }
    let mut mended = Mended::default();
    for message in messages {
        match message.role {
            Role::User => mended.user(message.content),
            Role::Assistant => mended.assistant(message.content),
        }
    }
    mended.finish()
}

/// Whether every model accepts `messages`, followed by a user's message.
pub(crate) fn is_accepted(messages: &[Message]) -> bool {
    let mut expected = Role::User;
    let mut open: Vec<&str> = Vec::new();
    let mut seen = HashSet::new();
    for message in messages {
        let answered = message.content.iter().filter_map(|block| match block {
            Block::ToolResult(result) => Some(result.tool_use_id.as_str()),
            Block::Text(_) | Block::ToolUse(_) => None,
        });
        let is_sound = message.role == expected
            && !message.content.is_empty()
            && message.content.iter().all(|block| is_sound(block, message.role))
            && (open.is_empty() || message.content.len() == open.len())
            && answered.eq(open.iter().copied());
        open = message.tool_uses().map(|call| call.tool_use_id.as_str()).collect();
        if !is_sound || !open.iter().all(|id| seen.insert(*id)) {
            return false;
        }
        expected = if expected == Role::User { Role::Assistant } else { Role::User };
    }
    expected == Role::User && open.is_empty()
}

fn is_sound(block: &Block, role: Role) -> bool {
    match block {
        Block::Text(text) => !text.trim().is_empty(),
        Block::ToolUse(call) => role == Role::Assistant && call.input.is_object(),
        Block::ToolResult(result) => {
            role == Role::User && !result.content.is_empty() && !result.content.iter().any(is_blank)
        }
    }
}

fn is_blank(output: &ToolOutput) -> bool {
    matches!(output, ToolOutput::Text(text) if text.trim().is_empty())
}

/// A conversation that is accepted up to its last message.
#[derive(Default)]
struct Mended {
    messages: Vec<Message>,
    /// The ids of the last message's calls: as they were, and as they are now.
    open: Vec<(String, String)>,
    seen: HashSet<String>,
}

impl Mended {
    fn user(&mut self, content: Vec<Block>) {
        let (mut results, mut words) = (Vec::new(), Vec::new());
        for block in content {
            match block {
                Block::ToolResult(result) => results.push(result),
                Block::Text(text) if !text.trim().is_empty() => words.push(Block::Text(text)),
                Block::Text(_) | Block::ToolUse(_) => {}
            }
        }
        self.answer(results);
        if words.is_empty() {
            return;
        }
        if self.last_role() == Some(Role::User) {
            self.push(Role::Assistant, vec![Block::Text(NO_ANSWER.to_owned())]);
        }
        self.push(Role::User, words);
    }

    fn assistant(&mut self, content: Vec<Block>) {
        let mut open = Vec::new();
        let mut blocks = Vec::new();
        for block in content {
            match block {
                Block::Text(text) if !text.trim().is_empty() => blocks.push(Block::Text(text)),
                Block::ToolUse(call) => {
                    let id = self.unique(&call.tool_use_id);
                    open.push((call.tool_use_id, id.clone()));
                    let is_object = call.input.is_object();
                    let input = if is_object { call.input } else { json!({ "input": call.input }) };
                    blocks.push(Block::ToolUse(ToolUse { tool_use_id: id, input, ..call }));
                }
                Block::Text(_) | Block::ToolResult(_) => {}
            }
        }
        if blocks.is_empty() {
            return;
        }
        self.answer(Vec::new());
        match self.messages.last_mut() {
            Some(last) if last.role == Role::Assistant => last.content.extend(blocks),
            Some(_) => self.push(Role::Assistant, blocks),
            None => {
                self.push(Role::User, vec![Block::Text(NO_MESSAGE.to_owned())]);
                self.push(Role::Assistant, blocks);
            }
        }
        self.open = open;
    }

    /// Answers the open calls by `results`, in their order; the rest of these answer nothing.
    fn answer(&mut self, mut results: Vec<ToolResult>) {
        let answers = std::mem::take(&mut self.open).into_iter().map(|(was, id)| {
            let at = results.iter().position(|result| result.tool_use_id == was);
            let Some(at) = at else {
                return ToolResult::new(&id, ToolStatus::Error, UNKNOWN_OUTCOME);
            };
            let ToolResult { status, mut content, .. } = results.remove(at);
            content.retain(|output| !is_blank(output));
            if content.is_empty() {
                content.push(ToolOutput::Text(NO_OUTPUT.to_owned()));
            }
            ToolResult { tool_use_id: id, status, content }
        });
        let answers: Vec<Block> = answers.map(Block::ToolResult).collect();
        if !answers.is_empty() {
            self.push(Role::User, answers);
        }
    }

    fn finish(mut self) -> Vec<Message> {
        self.answer(Vec::new());
        if self.last_role() == Some(Role::User) {
            self.push(Role::Assistant, vec![Block::Text(NO_ANSWER.to_owned())]);
        }
        self.messages
    }

    fn unique(&mut self, id: &str) -> String {
        let others = (2..).map(|n: u64| format!("{id}-{n}"));
        let mut free = std::iter::once(id.to_owned()).chain(others);
        let free = free.find(|id| !self.seen.contains(id)).unwrap_or_default();
        self.seen.insert(free.clone());
        free
    }

    fn push(&mut self, role: Role, content: Vec<Block>) {
        self.messages.push(Message { role, content });
    }

    fn last_role(&self) -> Option<Role> {
        self.messages.last().map(|last| last.role)
    }
}
