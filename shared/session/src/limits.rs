//! How much of a conversation is kept: the newest turns that fit, and results of tools up to a
//! length. What counts is the JSON that is saved.

use crate::{
    conversation::Conversation,
    json_size::{json_bytes, shortened},
    message::{Block, Message, ToolResult, turns},
    pending::{CallState, Pending},
    segment::Segment,
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
    let text = shortened(&result.text(), longest);
    let saved = ToolResult::new(&result.tool_use_id, result.status, text);
    ToolResult { decision: result.decision.clone(), ..saved }
}

impl Conversation {
    /// Whether there is a turn that could be removed.
    pub(crate) fn has_turns(&self) -> bool {
        !self.segments.is_empty() || !self.stored.is_empty()
    }

    /// Removes the oldest whole turns that have `excess` bytes together, or all that there are. Turns in a
    /// segment go together. Returns the segments.
    pub(crate) fn remove_oldest(&mut self, excess: usize) -> Vec<Segment> {
        let mut left = excess;
        let mut goes = 0;
        for segment in &self.segments {
            if left == 0 {
                break;
            }
            left = left.saturating_sub(segment.bytes);
            self.removed_turns += segment.turns;
            goes += 1;
        }
        let segments = self.segments.drain(..goes).collect();
        if left > 0 {
            self.remove_oldest_held(left);
        }
        segments
    }

    fn remove_oldest_held(&mut self, excess: usize) {
        let removed = self.stored.turns_of(excess);
        let parsed = removed.saturating_sub(self.older_turns());
        let messages: usize = turns(&self.messages).take(parsed).map(<[Message]>::len).sum();
        self.messages.drain(..messages);
        self.stored = self.stored.after(removed);
        self.removed_turns += removed as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::{SHORTEST_RESULT, json_bytes, saved_pending, saved_turn};
    use crate::{
        commit::Commit,
        conversation::Conversation,
        message::Message,
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
    fn a_turn_of_exactly_half_the_conversation_is_whole_and_no_result_gets_shorter_than_a_kib() {
        let with = |bytes: usize| turn(1, 1, &"x".repeat(bytes));
        let is_whole = |turn: &[Message], most: usize| saved_turn(turn, most) == turn;
        let half = with(20_000);
        assert!(is_whole(&half, 2 * json_bytes(&half)));
        assert!(!is_whole(&half, 2 * json_bytes(&half) - 1));
        assert!(is_whole(&with(SHORTEST_RESULT), 0));
        assert!(!is_whole(&with(SHORTEST_RESULT + 1), 0));
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
    fn a_conversation_that_is_not_parsed_is_saved_as_a_parsed_one_and_loses_its_oldest_turns_first()
    {
        let all: Vec<Message> = (0..20).flat_map(|n| turn(n, 2, "out")).collect();
        let each = all.len() / 20;
        let mut whole = Conversation::from_messages(all).unwrap();
        let mut part = whole.clone();
        part.messages.drain(..15 * each);
        let saved = |conversation: &Conversation, turn: &[Message]| {
            let commit = Commit::new(conversation, turn, None, None).unwrap();
            Conversation::from_json(commit.json(), None).unwrap()
        };
        let new = turn(99, 1, "new");
        assert_eq!(saved(&part, &new).messages, saved(&whole, &new).messages);
        // A call with the id of one that is not parsed is renamed in both.
        let again = turn(0, 2, "again");
        assert_eq!(saved(&part, &again).messages, saved(&whole, &again).messages);
        assert_eq!(saved(&part, &again).messages.len(), 21 * each);

        for conversation in [&mut part, &mut whole] {
            conversation.remove_oldest(json_bytes(&turn(0, 2, "out")) + 1);
            assert_eq!(conversation.removed_turns, 2);
        }
        assert_eq!(saved(&part, &new).messages, saved(&whole, &new).messages);
        part.remove_oldest(usize::MAX);
        assert_eq!((part.removed_turns, part.has_turns(), part.messages.len()), (20, false, 0));
        assert_eq!((saved(&part, &new).messages, saved(&part, &new).removed_turns), (new, 20));
    }
}
