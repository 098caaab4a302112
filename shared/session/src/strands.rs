//! Imports conversations of the Python package `strands-agents`.
//!
//! Its `S3SessionManager`, with the user's `sub` as prefix, keeps every message in an object of
//! its own: `{sub}/session_{id}/agents/agent_{agent}/messages/message_{n}.json`, with the message
//! as the Converse API has it in `message`, or, if it was redacted, in `redact_message`.

use futures_util::{StreamExt, TryStreamExt, stream};
use identity::UserId;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    error::SessionError,
    key::SessionId,
    message::{Block, Message, Role, ToolOutput, ToolResult, ToolStatus, ToolUse},
    repair::repair,
    store::Sessions,
};

/// How many messages are read at once.
const AT_ONCE: usize = 16;

#[derive(Deserialize)]
struct SessionMessage {
    message: StrandsMessage,
    redact_message: Option<StrandsMessage>,
}

#[derive(Deserialize)]
struct StrandsMessage {
    role: Role,
    content: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StrandsResult {
    tool_use_id: String,
    status: Option<ToolStatus>,
    #[serde(default)]
    content: Vec<Value>,
}

impl Sessions {
    /// The texts, tool calls and tool results of a conversation. Empty if there is no such one.
    pub(crate) async fn strands_messages(
        &self,
        user: &UserId,
        session: &SessionId,
    ) -> Result<Vec<Message>, SessionError> {
        let keys = self.strands_keys(user, session).await?;
        let reads: Vec<_> =
            messages(&keys).into_iter().map(|key| self.strands_message(key)).collect();
        let messages: Vec<_> = stream::iter(reads).buffered(AT_ONCE).try_collect().await?;
        let messages = repair(messages.into_iter().flatten().collect());
        if !messages.is_empty() {
            tracing::info!(%session, messages = messages.len(), "took over a Strands session");
        }
        Ok(messages)
    }

    /// Every object of the conversation. Only of a `sub` without `/`: the layout has no way to
    /// keep one with it apart from another user's.
    pub(crate) async fn strands_keys(
        &self,
        user: &UserId,
        session: &SessionId,
    ) -> Result<Vec<String>, SessionError> {
        if user.as_str().contains('/') {
            return Ok(Vec::new());
        }
        let objects = self.bucket.list(&format!("{user}/session_{session}/"), None).await?;
        Ok(objects.into_iter().map(|(key, _)| key).collect())
    }

    async fn strands_message(&self, key: &str) -> Result<Option<Message>, SessionError> {
        let Some(object) = self.get(key).await? else { return Ok(None) };
        let Ok(saved) = serde_json::from_slice::<SessionMessage>(&object.body) else {
            // One such message would lock the user out of the whole conversation.
            tracing::warn!(key, "left a damaged message of a Strands session out");
            return Ok(None);
        };
        let StrandsMessage { role, content } = saved.redact_message.unwrap_or(saved.message);
        let content = content.into_iter().filter_map(block).collect();
        Ok(Some(Message { role, content, id: None }))
    }
}

/// The messages' keys in their order: those of the agent `default`, else of the first.
fn messages(keys: &[String]) -> Vec<&str> {
    let mut found: Vec<(&str, u64, &str)> = keys.iter().filter_map(|key| place(key)).collect();
    let default = found.iter().find(|(agent, ..)| *agent == "default");
    let agent = default.or_else(|| found.iter().min()).map(|(agent, ..)| *agent);
    found.retain(|(of, ..)| Some(*of) == agent);
    found.sort_unstable_by_key(|(_, number, _)| *number);
    found.into_iter().map(|(_, _, key)| key).collect()
}

/// Whose message this is, and which.
fn place(key: &str) -> Option<(&str, u64, &str)> {
    let (_, rest) = key.split_once("/agents/agent_")?;
    let (agent, name) = rest.split_once("/messages/message_")?;
    let number = name.strip_suffix(".json")?.parse().ok()?;
    Some((agent, number, key))
}

/// A content block. `None` for kinds that only its own model understands (cache points, and
/// reasoning, which a model needs in the turn that runs alone).
fn block(mut block: Value) -> Option<Block> {
    let (kind, value) = block.as_object_mut()?.iter_mut().next()?;
    let value = value.take();
    match kind.as_str() {
        "text" => value.as_str().map(|text| Block::Text(text.to_owned())),
        "toolUse" => serde_json::from_value::<ToolUse>(value).ok().map(Block::ToolUse),
        "toolResult" => {
            let result: StrandsResult = serde_json::from_value(value).ok()?;
            let StrandsResult { tool_use_id, status, content } = result;
            let content = content.into_iter().filter_map(output).collect();
            let status = status.unwrap_or(ToolStatus::Success);
            Some(Block::ToolResult(ToolResult { tool_use_id, status, content, decision: None }))
        }
        "citationsContent" => {
            let texts = value["content"].as_array()?.iter().filter_map(|it| it["text"].as_str());
            Some(Block::Text(texts.collect()))
        }
        "image" | "document" | "video" => Some(Block::Text(left_out(kind))),
        _ => None,
    }
}

fn output(mut output: Value) -> Option<ToolOutput> {
    let (kind, value) = output.as_object_mut()?.iter_mut().next()?;
    let value = value.take();
    match kind.as_str() {
        "text" => value.as_str().map(|text| ToolOutput::Text(text.to_owned())),
        "json" => Some(ToolOutput::Json(value)),
        _ => Some(ToolOutput::Text(left_out(kind))),
    }
}

fn left_out(kind: &str) -> String {
    format!("({kind} left out)")
}

#[cfg(test)]
mod tests {
    use super::messages;

    #[test]
    fn messages_are_in_the_order_of_their_numbers_and_of_one_agent() {
        let key =
            |agent, n| format!("alice/session_s/agents/agent_{agent}/messages/message_{n}.json");
        let other = ["alice/session_s/session.json", "alice/session_s/agents/agent_b/agent.json"];
        let mut keys: Vec<String> = other.map(str::to_owned).to_vec();
        keys.extend([key("b", 10), key("b", 2), key("c", 1), key("b", 0)]);
        assert_eq!(messages(&keys), [&key("b", 0), &key("b", 2), &key("b", 10)]);
        keys.push(key("default", 0));
        assert_eq!(messages(&keys), [&key("default", 0)]);
    }
}
