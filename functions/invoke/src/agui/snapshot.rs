//! What was said in a conversation, as messages of the protocol, for a client that has forgotten it.

use session::{Conversation, Message, Role, json_bytes};

use super::{
    event::{SnapshotCall, SnapshotFunction, SnapshotMessage},
    shown::{arguments, results_in, shown_result},
};

/// How many bytes of a conversation are told: those of its newest turns that fit.
const MOST_BYTES: usize = 128 * 1024;
/// How many bytes of one result, or of one message's arguments, are told.
const LONGEST: usize = 2 * 1024;

/// The newest turns of a conversation, the one that waits included.
pub(crate) fn snapshot(conversation: &Conversation) -> Vec<SnapshotMessage> {
    let (mut turns, mut bytes) = (Vec::new(), 0);
    for (id, turn) in conversation.turns_by_id().into_iter().rev() {
        let told = messages(&id, turn);
        bytes += json_bytes(&told);
        if bytes > MOST_BYTES && !turns.is_empty() {
            break;
        }
        turns.push(told);
    }
    turns.into_iter().rev().flatten().collect()
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
            Role::User => told.extend(results_in(message).map(|result| SnapshotMessage::Tool {
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
