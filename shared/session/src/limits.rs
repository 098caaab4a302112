//! How much of a conversation is kept: the newest turns that fit, and results of tools up to a
//! length. What counts is the JSON that is saved.

use crate::{
    conversation::Conversation,
    folded::Folded,
    json_size::{json_bytes, shortened},
    message::{Block, Message, ToolOutput, ToolResult, turns},
    pending::{CallState, Pending},
};

/// How many bytes a saved result of a tool may have.
const LONGEST_RESULT: usize = 64 * 1024;
/// A result is never shortened to less than this.
const SHORTEST_RESULT: usize = 1024;

/// The messages of a finished turn as they are saved in a conversation of at most `most` bytes: the
/// results of its tools have at most 64 KiB each, and less if there are so many that the turn would
/// take more than half of the conversation.
///
/// Reasoning is dropped here. A model needs it back while its turn runs; of earlier turns it may be
/// left out (Anthropic, "Extended thinking with tool use"), another model would refuse it, and
/// without it no later turn pays for it and no reader of the conversation can come upon it.
#[must_use]
pub fn saved_turn(messages: &[Message], most: usize) -> Vec<Message> {
    shortened_turn(messages, most, saved_message)
}

fn shortened_turn(
    messages: &[Message],
    most: usize,
    saved: fn(&Message, usize) -> Message,
) -> Vec<Message> {
    let mut longest = LONGEST_RESULT;
    loop {
        let saved: Vec<Message> = messages.iter().map(|it| saved(it, longest)).collect();
        if longest <= SHORTEST_RESULT || json_bytes(&saved) <= most / 2 {
            return saved;
        }
        longest /= 2;
    }
}

/// The same for a turn that is not finished, which keeps its reasoning.
#[must_use]
pub fn saved_pending(pending: Pending, most: usize) -> Pending {
    let Pending { turn, mut calls } = pending;
    for call in &mut calls {
        if let CallState::Finished(result) = &mut call.state {
            *result = saved_result(result, LONGEST_RESULT);
        }
    }
    Pending { turn: shortened_turn(&turn, most, waiting_message), calls }
}

fn saved_message(message: &Message, longest: usize) -> Message {
    waiting_message(message, longest).without_reasoning()
}

fn waiting_message(message: &Message, longest: usize) -> Message {
    let content = message.content.iter().map(|block| match block {
        Block::ToolResult(result) => Block::ToolResult(saved_result(result, longest)),
        Block::Reasoning(_) | Block::Text(_) | Block::ToolUse(_) => block.clone(),
    });
    Message { role: message.role, content: content.collect(), id: message.id.clone() }
}

fn saved_result(result: &ToolResult, longest: usize) -> ToolResult {
    if json_bytes(&result.content) <= longest {
        return result.clone();
    }
    let text = |output: &ToolOutput| match output {
        ToolOutput::Text(text) => text.clone(),
        ToolOutput::Json(data) => data.to_string(),
    };
    let whole = result.content.iter().map(text).collect::<Vec<_>>().join("\n");
    let saved = ToolResult::new(&result.tool_use_id, result.status, shortened(&whole, longest));
    ToolResult { decision: result.decision.clone(), ..saved }
}

impl Conversation {
    /// Whether there is a turn that could be removed.
    pub(crate) fn has_turns(&self) -> bool {
        !self.folded.is_empty() || !self.messages.is_empty()
    }

    /// Removes the oldest whole turns that have `excess` bytes together, or all that there are.
    pub(crate) fn remove_oldest(&mut self, excess: usize) {
        let mut left = excess;
        let mut folded = 0;
        for turn in &self.folded {
            if left == 0 {
                break;
            }
            left = left.saturating_sub(Folded::bytes(turn));
            folded += 1;
            self.removed_turns += 1;
        }
        self.folded.drain(..folded);
        let mut messages = 0;
        for turn in turns(&self.messages) {
            if left == 0 {
                break;
            }
            let bytes: usize = turn.iter().map(|message| json_bytes(message) + 1).sum();
            left = left.saturating_sub(bytes);
            messages += turn.len();
            self.removed_turns += 1;
        }
        self.messages.drain(..messages);
    }
}

#[cfg(test)]
mod tests {
    use super::{json_bytes, saved_pending, saved_turn};
    use crate::{
        commit::Commit,
        conversation::Conversation,
        pending::Pending,
        well_formed::tests::{reasoning, turn},
    };

    #[test]
    fn a_turn_that_waits_keeps_its_reasoning_and_a_finished_one_does_not() {
        let said = turn(1, 2, &"result ".repeat(20_000));
        let mut thought = said.clone();
        for at in [1, 3] {
            thought[at].content.insert(0, reasoning("hm"));
        }
        assert_eq!(saved_turn(&thought, 1024), saved_turn(&said, 1024));
        let pending = saved_pending(Pending { turn: thought.clone(), calls: vec![] }, 1024);
        for at in [1, 3] {
            assert_eq!(pending.turn[at], thought[at]);
        }
    }

    #[test]
    fn the_results_of_many_calls_leave_room_for_other_turns() {
        let whole = turn(1, 80, &"result ".repeat(20_000));
        let saved = saved_turn(&whole, 1024 * 1024);
        assert!(json_bytes(&saved) <= 512 * 1024, "{}", json_bytes(&saved));
        assert_eq!(saved.len(), whole.len());
        assert_eq!(saved_turn(&turn(1, 2, "out"), 1024), turn(1, 2, "out"));
    }

    #[test]
    fn a_folded_conversation_is_saved_as_a_whole_one_and_loses_its_oldest_turns_first() {
        let mut whole = Conversation::default();
        whole.messages = (0..20).flat_map(|n| turn(n, 2, "out")).collect();
        let each = whole.messages.len() / 20;
        let mut folded = whole.clone();
        folded.fold(5 * each);
        assert_eq!((folded.messages.len(), folded.folded.len()), (5 * each, 15));
        let saved = |conversation: &Conversation| {
            let new = turn(99, 1, "new");
            let commit = Commit::new(conversation, &new, None, None);
            let json = serde_json::to_vec(&commit).unwrap();
            Conversation::from_json(&json).unwrap()
        };
        assert_eq!(saved(&folded).messages, saved(&whole).messages);
        // A call with the id of one that is folded is renamed in both.
        let again = |conversation: &Conversation| {
            let new = turn(0, 2, "again");
            let commit = Commit::new(conversation, &new, None, None);
            serde_json::from_slice::<Conversation>(&serde_json::to_vec(&commit).unwrap()).unwrap()
        };
        assert_eq!(again(&folded).messages, again(&whole).messages);

        for conversation in [&mut folded, &mut whole] {
            conversation.remove_oldest(json_bytes(&turn(0, 2, "out")) + 1);
        }
        assert_eq!((folded.removed_turns, whole.removed_turns), (2, 2));
        assert_eq!(saved(&folded).messages, saved(&whole).messages);
        folded.remove_oldest(usize::MAX);
        assert_eq!((folded.removed_turns, folded.has_turns()), (20, false));
        assert_eq!(saved(&folded).messages, turn(99, 1, "new"));
        assert_eq!(saved(&folded).removed_turns, 20);
    }
}
