//! What was said in a conversation, as a person reads it: each tool's result, and what the user has said
//! to it, beside its call.

use serde::Serialize;
use serde_json::Value;
use session::{
    CallState, Conversation, Decision, Message, Role, ToolResult, ToolStatus, json_bytes, shortened,
};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A message, as a person reads it.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct ShownMessage {
    /// Who speaks.
    role: Speaker,
    /// What is said; empty if tools were used without a word.
    text: String,
    /// The tools that the agent used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<ShownTool>,
}

impl ShownMessage {
    fn new(message: &Message) -> Self {
        let role = match message.role {
            Role::User => Speaker::User,
            Role::Assistant => Speaker::Assistant,
        };
        let tools = message.tool_uses().map(|call| ShownTool {
            id: call.tool_use_id.clone(),
            name: call.name.clone(),
            input: call.input.clone(),
            status: ShownStatus::Waiting,
            decision: None,
        });
        Self { role, text: message.text(), tools: tools.collect() }
    }

    #[cfg(test)]
    pub(crate) fn said(text: String) -> Self {
        Self { role: Speaker::User, text, tools: Vec::new() }
    }

    #[cfg(test)]
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Shortens a message that alone would have more than `most` bytes.
    pub(crate) fn shorten(&mut self, most: usize) {
        self.text = shortened(&self.text, most / 2);
        let tools = self.tools.len().max(1);
        for tool in &mut self.tools {
            if json_bytes(&tool.input) > most / 2 / tools {
                tool.input = Value::String("(too long to be shown)".to_owned());
            }
        }
    }
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Speaker {
    /// You.
    User,
    /// The agent.
    Assistant,
}

/// A tool call.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
struct ShownTool {
    #[serde(skip)]
    id: String,
    /// Which tool.
    name: String,
    /// What it was given.
    input: Value,
    /// Its result.
    status: ShownStatus,
    /// What you have said to it, if you were asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<ShownDecision>,
}

/// The result of a tool call.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum ShownStatus {
    /// It did what was asked.
    Success,
    /// It did not.
    Error,
    /// It has not answered.
    Waiting,
}

/// What you have said to a call.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct ShownDecision {
    /// Whether you approved it.
    approved: bool,
    /// When (RFC 3339).
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = "date-time")]
    at: OffsetDateTime,
    /// The account in whose name; left out where a consent was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl ShownDecision {
    fn new(decision: &Decision) -> Option<Self> {
        let Decision { approved, at, account, reason } = decision.clone();
        let at = OffsetDateTime::from_unix_timestamp(i64::try_from(at).ok()?).ok()?;
        Some(Self { approved, at, account, reason })
    }
}

/// The messages of a conversation, the turn that waits included.
pub(crate) fn transcript(conversation: &Conversation) -> Vec<ShownMessage> {
    let mut shown: Vec<ShownMessage> = Vec::new();
    for message in messages(conversation) {
        message.tool_results().for_each(|result| note(&mut shown, result));
        shown.extend(message.is_shown().then(|| ShownMessage::new(message)));
    }
    for call in conversation.pending.iter().flat_map(|pending| &pending.calls) {
        match &call.state {
            CallState::Finished(result) => note(&mut shown, result),
            CallState::Started { decision, .. } => {
                decided(&mut shown, &call.tool_use_id, decision);
            }
            CallState::Asking(asking) => decided(&mut shown, &call.tool_use_id, &asking.decision),
            CallState::Untried | CallState::Waiting(_) | CallState::Unconfirmed(_) => {}
        }
    }
    shown
}

fn decided(shown: &mut [ShownMessage], id: &str, decision: &Option<Decision>) {
    if let Some(tool) = tool(shown, id) {
        tool.decision = decision.as_ref().and_then(ShownDecision::new);
    }
}

/// How many messages of a [`transcript`] these are.
pub(crate) fn count<'a>(messages: impl IntoIterator<Item = &'a Message>) -> usize {
    messages.into_iter().filter(|message| message.is_shown()).count()
}

/// What the user has said to calls, by the calls' ids.
pub(crate) fn decisions(
    conversation: &Conversation,
) -> impl Iterator<Item = (&str, ShownDecision)> {
    let results = messages(conversation).flat_map(Message::tool_results);
    let results = results.map(|result| (&result.tool_use_id, &result.decision));
    let pending = conversation.pending.iter().flat_map(|pending| &pending.calls);
    let open = pending.filter_map(|call| match &call.state {
        CallState::Finished(result) => Some((&call.tool_use_id, &result.decision)),
        CallState::Started { decision, .. } => Some((&call.tool_use_id, decision)),
        CallState::Asking(asking) => Some((&call.tool_use_id, &asking.decision)),
        CallState::Untried | CallState::Waiting(_) | CallState::Unconfirmed(_) => None,
    });
    results
        .chain(open)
        .filter_map(|(id, decision)| Some((id.as_str(), ShownDecision::new(decision.as_ref()?)?)))
}

fn messages(conversation: &Conversation) -> impl Iterator<Item = &Message> {
    let waiting = conversation.pending.iter().flat_map(|pending| &pending.turn);
    conversation.messages.iter().chain(waiting)
}

/// Sets the result of a call of the last message.
fn note(shown: &mut [ShownMessage], result: &ToolResult) {
    if let Some(tool) = tool(shown, &result.tool_use_id) {
        tool.decision = result.decision.as_ref().and_then(ShownDecision::new);
        tool.status = match result.status {
            ToolStatus::Success => ShownStatus::Success,
            ToolStatus::Error => ShownStatus::Error,
        };
    }
}

/// The call `id`, which is one of the last message.
fn tool<'a>(shown: &'a mut [ShownMessage], id: &str) -> Option<&'a mut ShownTool> {
    shown.last_mut()?.tools.iter_mut().find(|tool| tool.id == id)
}
