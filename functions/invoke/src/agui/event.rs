//! The events that are sent (AG-UI 1.0, the official JSON schema). What is absent is left out: a
//! client refuses `null` in its place.

use serde::Serialize;
use serde_json::Value;

use crate::invocation::UsageAnswer;

/// The version of the protocol.
const VERSION: &str = "1.0";

/// An event.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE", rename_all_fields = "camelCase")]
pub(crate) enum AgUiEvent<'a> {
    RunStarted {
        thread_id: &'a str,
        run_id: &'a str,
        protocol_version: &'static str,
    },
    TextMessageStart {
        message_id: &'a str,
        role: &'static str,
    },
    TextMessageContent {
        message_id: &'a str,
        delta: &'a str,
    },
    TextMessageEnd {
        message_id: &'a str,
    },
    ToolCallStart {
        tool_call_id: &'a str,
        tool_call_name: &'a str,
        parent_message_id: &'a str,
    },
    ToolCallArgs {
        tool_call_id: &'a str,
        delta: &'a str,
    },
    ToolCallEnd {
        tool_call_id: &'a str,
    },
    ToolCallResult {
        message_id: &'a str,
        tool_call_id: &'a str,
        content: &'a str,
        role: &'static str,
    },
    MessagesSnapshot {
        messages: &'a [SnapshotMessage],
    },
    Custom {
        name: &'static str,
        value: Value,
    },
    RunFinished {
        thread_id: &'a str,
        run_id: &'a str,
        outcome: Outcome,
        #[serde(skip_serializing_if = "Option::is_none")]
        usage: Option<[TokenUsage<'a>; 1]>,
    },
    RunError {
        message: &'a str,
        code: &'a str,
    },
}

impl<'a> AgUiEvent<'a> {
    pub(crate) fn run_started(thread_id: &'a str, run_id: &'a str) -> Self {
        Self::RunStarted { thread_id, run_id, protocol_version: VERSION }
    }

    pub(crate) fn text_start(message_id: &'a str) -> Self {
        Self::TextMessageStart { message_id, role: "assistant" }
    }

    /// The event as one of the stream (HTML, "Server-sent events"). JSON has no line break in it.
    pub(crate) fn encode(&self, to: &mut Vec<u8>) {
        let before = to.len();
        to.extend_from_slice(b"data: ");
        match serde_json::to_writer(&mut *to, self) {
            Ok(()) => to.extend_from_slice(b"\n\n"),
            // All of these types have a form in JSON.
            Err(_) => to.truncate(before),
        }
    }
}

/// Why a run ended.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum Outcome {
    Success,
    /// There is at least one.
    Interrupt {
        interrupts: Vec<Interrupt>,
    },
    Cancelled,
}

/// Something that only the user can do.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Interrupt {
    pub(crate) id: String,
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tool_call_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) response_schema: Option<Value>,
    /// A client refuses to resolve an interrupt past this, so that it is there only where a late yes
    /// has to be refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<String>,
    pub(crate) metadata: Value,
}

/// The tokens of one model in a run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokenUsage<'a> {
    pub(crate) provider: &'static str,
    pub(crate) model: &'a str,
    #[serde(flatten)]
    pub(crate) counts: UsageAnswer,
    pub(crate) total_tokens: u64,
}

/// A message of a conversation.
#[derive(Debug, Serialize)]
#[serde(tag = "role", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub(crate) enum SnapshotMessage {
    User {
        id: String,
        content: String,
    },
    Assistant {
        id: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        content: Option<String>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<SnapshotCall>,
    },
    Tool {
        id: String,
        content: String,
        tool_call_id: String,
    },
}

/// A call in a message.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename = "function")]
pub(crate) struct SnapshotCall {
    pub(crate) id: String,
    pub(crate) function: SnapshotFunction,
}

/// What is called.
#[derive(Debug, Serialize)]
pub(crate) struct SnapshotFunction {
    pub(crate) name: String,
    pub(crate) arguments: String,
}
