//! What was said in a conversation, as messages of the protocol, for a client that has forgotten it.

use std::collections::BTreeMap;

use serde::Serialize;
use session::{Conversation, Message, Role, json_bytes};

use super::{
    event::{SnapshotCall, SnapshotFunction, SnapshotMessage},
    shown::{arguments, shown_result},
};
use crate::transcript::{self, ShownDecision};

/// How many bytes of a conversation are told: those of its newest turns that fit.
const MOST_BYTES: usize = 128 * 1024;
/// How many bytes of one result, or of one message's arguments, are told.
const LONGEST: usize = 2 * 1024;

/// What was said in a conversation.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// The newest turns, the one that waits included.
    pub(super) messages: Vec<SnapshotMessage>,
    pub(super) history: History,
}

/// What an event of our own tells besides.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct History {
    /// What the user has said to calls, by their ids.
    decisions: BTreeMap<String, ShownDecision>,
    /// Where what is earlier is: the `before` of `GET /sessions/{sessionId}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    earlier: Option<usize>,
    /// How many turns were removed before that.
    earlier_turns_removed: u64,
}

impl Snapshot {
    /// That of `conversation`.
    pub(crate) fn new(conversation: &Conversation) -> Self {
        let (mut turns, mut bytes) = (Vec::new(), 0);
        let mut all = conversation.turns_by_id();
        while let Some((id, turn)) = all.last() {
            let told = messages(id, turn);
            bytes += json_bytes(&told);
            if bytes > MOST_BYTES && !turns.is_empty() {
                break;
            }
            turns.push(told);
            all.pop();
        }
        let earlier = transcript::count(all.into_iter().flat_map(|(_, turn)| turn));
        let earlier = earlier + conversation.shown_before();
        let decisions = transcript::decisions(conversation);
        let history = History {
            decisions: decisions.map(|(id, decision)| (id.to_owned(), decision)).collect(),
            earlier: (earlier > 0).then_some(earlier),
            earlier_turns_removed: conversation.removed_turns,
        };
        Self { messages: turns.into_iter().rev().flatten().collect(), history }
    }
}

/// The messages of the turn `id`. The user's has that id, so that it is known again if it comes back.
fn messages(id: &str, turn: &[Message]) -> Vec<SnapshotMessage> {
    let mut told = Vec::new();
    for (number, message) in turn.iter().enumerate() {
        let own_id = match number {
            0 => id.to_owned(),
            _ => format!("{id}.{number}"),
        };
        let text = message.text();
        match message.role {
            Role::User if number == 0 => {
                told.push(SnapshotMessage::User { id: own_id, content: text });
            }
            Role::User => told.extend(message.tool_results().map(|result| SnapshotMessage::Tool {
                id: format!("{own_id}.{}", result.tool_use_id),
                content: shown_result(result, LONGEST),
                tool_call_id: result.tool_use_id.clone(),
            })),
            Role::Assistant => {
                let tool_calls = calls(message);
                let content = Some(text).filter(|text| !text.is_empty());
                told.push(SnapshotMessage::Assistant { id: own_id, content, tool_calls });
            }
        }
    }
    told
}

fn calls(message: &Message) -> Vec<SnapshotCall> {
    let mut room = LONGEST;
    let call = |call: &session::ToolUse| SnapshotCall {
        id: call.tool_use_id.clone(),
        function: SnapshotFunction {
            name: call.name.clone(),
            arguments: arguments(call, &mut room),
        },
    };
    message.tool_uses().map(call).collect()
}
