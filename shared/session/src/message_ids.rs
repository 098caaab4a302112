//! What the messages of users are named by: a message counts once, however often a client sends it.
//!
//! A message that came without an id has one by its place in the conversation, which stays the same
//! when the oldest turns are removed.

use crate::{
    conversation::Conversation,
    message::{Message, turns},
};

/// No client has a reason to name a message so.
const BY_PLACE: &str = "countersign-turn-";

impl Conversation {
    /// The turns in [`messages`](Self::messages), and the one that waits, each with the id of its
    /// message.
    #[must_use]
    pub fn turns_by_id(&self) -> Vec<(String, &[Message])> {
        let waits = self.pending.iter().map(|pending| pending.turn.as_slice());
        let all = turns(&self.messages).chain(waits);
        let name = |(number, turn)| (id(self.number(number), turn), turn);
        all.enumerate().map(name).collect()
    }

    /// The finished turn that began with the message `id`, if the object holds it that was read.
    #[must_use]
    pub(crate) fn turn(&self, id: &str) -> Option<Vec<Message>> {
        let turn = self.stored.named(id).or_else(|| self.placed(id))?;
        self.stored.messages(turn..turn + 1).ok()
    }

    /// The stored turn at the place `id`, whose message came without an id.
    fn placed(&self, id: &str) -> Option<usize> {
        let held = self.removed_turns + self.sealed_turns();
        let turn = usize::try_from(Self::place(id)?.checked_sub(held)?).ok()?;
        self.stored.ids().nth(turn).filter(Option::is_none).map(|_| turn)
    }

    /// Whether a finished turn began with the message `id`.
    pub(crate) fn has_turn(&self, id: &str) -> bool {
        self.turn(id).is_some() || self.segment_with(id).is_some()
    }

    /// The place that the id of a message without one names.
    pub(crate) fn place(id: &str) -> Option<u64> {
        id.strip_prefix(BY_PLACE)?.parse().ok()
    }

    /// The id of the message whose turn waits.
    #[must_use]
    pub fn pending_id(&self) -> Option<String> {
        self.pending.as_ref()?;
        self.turns_by_id().pop().map(|(id, _)| id)
    }

    fn number(&self, number: usize) -> u64 {
        (number + self.older_turns()) as u64 + self.sealed_turns() + self.removed_turns
    }
}

fn id(number: u64, turn: &[Message]) -> String {
    turn.first().and_then(|first| first.id.clone()).unwrap_or_else(|| by_place(number))
}

fn by_place(number: u64) -> String {
    format!("{BY_PLACE}{number}")
}

#[cfg(test)]
mod tests {
    use crate::{
        conversation::Conversation,
        pending::Pending,
        segment::{Segment, SegmentId},
        well_formed::tests::turn,
    };

    #[test]
    fn a_turn_is_found_by_its_id_or_its_place_parsed_or_not_and_after_older_ones_are_removed() {
        let named = |number: usize| {
            let mut turn = turn(number, 1, "out");
            turn[0].id = number.is_multiple_of(2).then(|| format!("client-{number}"));
            turn
        };
        let all = (0..6).flat_map(named).collect();
        let mut conversation = Conversation::from_messages(all).unwrap();
        let pending = Pending { turn: turn(6, 0, ""), calls: Vec::new() };
        conversation.pending = Some(pending);
        let whole = conversation.clone();
        let ids: Vec<String> = whole.turns_by_id().into_iter().map(|(id, _)| id).collect();
        let expected = ["client-0", "countersign-turn-1", "client-2", "countersign-turn-3"];
        assert_eq!(ids[..4], expected);
        assert_eq!(ids[6], "countersign-turn-6");
        conversation.messages.drain(..16);
        conversation.remove_oldest(1);
        assert_eq!(conversation.removed_turns, 1);
        for id in &ids[1..6] {
            assert!(whole.turn(id).is_some(), "{id}");
            assert_eq!(conversation.turn(id), whole.turn(id), "{id}");
        }
        for gone in ["client-0", "client-7", "countersign-turn-2", "countersign-turn-6"] {
            assert_eq!(conversation.turn(gone), None, "{gone}");
        }
    }

    #[test]
    fn a_turn_is_numbered_after_all_that_are_removed_sealed_or_not_parsed() {
        let all = (0..6).flat_map(|number| turn(number, 1, "out")).collect();
        let mut conversation = Conversation::from_messages(all).unwrap();
        assert_eq!(conversation.pending_id(), None);
        conversation.pending = Some(Pending { turn: turn(6, 0, ""), calls: Vec::new() });
        conversation.messages.drain(..20);
        conversation.remove_oldest(1);
        let id = SegmentId::try_from("A".repeat(43)).unwrap();
        let segment = Segment { id, bytes: 1, turns: 10, shown: 20, ids: Vec::new() };
        conversation.segments.push(segment);
        let ids: Vec<String> = conversation.turns_by_id().into_iter().map(|(id, _)| id).collect();
        assert_eq!(ids, ["countersign-turn-15", "countersign-turn-16"]);
        assert_eq!(conversation.pending_id().as_deref(), Some("countersign-turn-16"));
    }
}
