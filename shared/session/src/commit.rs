//! A conversation as it is about to be saved: what is stored and what is new, without a copy.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, Serializer, ser::SerializeStruct};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{
    conversation::{Conversation, SCHEMA, Spent},
    message::Message,
    pending::Pending,
    repair::repair_after,
    well_formed::is_well_formed_after,
};

/// How many writes an object remembers: more than others can make while a writer who never heard
/// the answer to their PUT reads back whether it happened.
const REMEMBERED_WRITES: usize = 100;

/// A conversation as one write leaves it. It is written as a [`Conversation`] is read.
#[derive(Debug)]
pub(crate) struct Commit<'a> {
    conversation: &'a Conversation,
    turn: &'a [Message],
    pending: Option<&'a Pending>,
    change: Change,
}

/// What a write changes besides what it was given.
#[derive(Debug)]
pub(crate) struct Change {
    /// Names the write in the object.
    id: String,
    /// What the conversation is called then.
    title: Option<String>,
    /// All messages, if they had to be repaired.
    repaired: Option<Vec<Message>>,
    /// What has been spent then.
    spent: Option<Spent>,
}

impl<'a> Commit<'a> {
    /// `conversation` with `turn` at its end and `pending` as what is not finished, for which
    /// `spent` was spent.
    pub(crate) fn new(
        conversation: &'a Conversation,
        turn: &'a [Message],
        pending: Option<&'a Pending>,
        spent: Option<Spent>,
    ) -> Self {
        let messages = || conversation.messages.iter().chain(turn);
        let folded = || conversation.folded.iter().flat_map(|it| &it.calls).map(String::as_str);
        let is_well_formed = is_well_formed_after(folded(), messages());
        let repair = || repair_after(folded(), messages().cloned().collect());
        let repaired = (!is_well_formed).then(repair);
        let spent = Spent::sum(conversation.spent, spent);
        let next = turn.iter().chain(pending.iter().flat_map(|pending| &pending.turn));
        let title = conversation.title_with(next);
        let id = URL_SAFE_NO_PAD.encode(Uuid::new_v4());
        let change = Change { id, title, repaired, spent };
        Self { conversation, turn, pending, change }
    }

    /// Returns whether `now` contains this write.
    pub(crate) fn is_in(&self, now: &Conversation) -> bool {
        now.writes.contains(&self.change.id)
    }

    /// What is to be applied once it is written.
    pub(crate) fn into_change(self) -> Change {
        self.change
    }

    fn messages(&self) -> impl Iterator<Item = &Message> {
        let as_it_is = (self.conversation.messages.as_slice(), self.turn);
        let (head, tail) = self.change.repaired.as_deref().map_or(as_it_is, |all| (all, &[]));
        head.iter().chain(tail)
    }
}

impl Serialize for Commit<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Conversation", 7)?;
        object.serialize_field("schema", &SCHEMA)?;
        if let Some(title) = &self.change.title {
            object.serialize_field("title", title)?;
        }
        let folded = || self.conversation.folded.iter().flat_map(|turn| &turn.messages);
        let all =
            || folded().map(|it| Either::Folded(it)).chain(self.messages().map(Either::Whole));
        object.serialize_field("messages", &List(all))?;
        if let Some(pending) = self.pending {
            object.serialize_field("pending", pending)?;
        }
        let writes = || kept(&self.conversation.writes).iter().chain([&self.change.id]);
        object.serialize_field("writes", &List(writes))?;
        if self.conversation.removed_turns > 0 {
            object.serialize_field("removedTurns", &self.conversation.removed_turns)?;
        }
        if let Some(spent) = self.change.spent {
            object.serialize_field("spent", &spent)?;
        }
        object.end()
    }
}

/// A message, in either shape.
#[derive(Serialize)]
#[serde(untagged)]
enum Either<'a> {
    Folded(&'a RawValue),
    Whole(&'a Message),
}

/// Serialises what an iterator gives.
struct List<F>(F);

impl<F, I> Serialize for List<F>
where
    F: Fn() -> I,
    I: IntoIterator<Item: Serialize>,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// Those of `writes` that are remembered beside one more.
fn kept(writes: &[String]) -> &[String] {
    &writes[writes.len().saturating_sub(REMEMBERED_WRITES - 1)..]
}

impl Conversation {
    /// Applies a commit that has been written.
    pub(crate) fn apply(&mut self, turn: &[Message], pending: Option<&Pending>, change: Change) {
        let Change { id, title, repaired, spent } = change;
        self.title = title;
        self.spent = spent;
        match repaired {
            Some(repaired) => self.messages = repaired,
            None => self.messages.extend_from_slice(turn),
        }
        self.pending = pending.cloned();
        let forgotten = self.writes.len() - kept(&self.writes).len();
        self.writes.drain(..forgotten);
        self.writes.push(id);
    }
}

#[cfg(test)]
mod tests {
    use super::{Commit, REMEMBERED_WRITES};
    use crate::{
        conversation::Conversation, message::Message, pending::Pending, well_formed::tests::turn,
    };

    /// Commits to a conversation in memory, as the store does.
    fn write(conversation: &mut Conversation, turn: &[Message], pending: Option<&Pending>) {
        let commit = Commit::new(conversation, turn, pending, None);
        let json = serde_json::to_vec(&commit).unwrap();
        let change = commit.into_change();
        conversation.apply(turn, pending, change);
        assert_eq!(Conversation::from_json(&json).unwrap(), *conversation);
    }

    #[test]
    fn the_applied_commit_equals_the_written_one() {
        let mut conversation = Conversation::default();
        let pending = Pending { turn: vec![Message::user("wait")], calls: vec![] };
        write(&mut conversation, &turn(1, 2, "out"), None);
        write(&mut conversation, &[], Some(&pending));
        write(&mut conversation, &turn(2, 0, ""), None);
        assert_eq!((conversation.messages.len(), &conversation.pending), (6, &None));
        // A turn that no model would accept.
        write(&mut conversation, &[Message::user("and then?")], Some(&pending));
        assert_eq!(conversation.messages.len(), 8);
    }

    #[test]
    fn the_last_hundred_writes_are_remembered() {
        let mut conversation = Conversation::default();
        for n in 0..2 * REMEMBERED_WRITES {
            write(&mut conversation, &turn(n, 0, ""), None);
        }
        assert_eq!(conversation.writes.len(), REMEMBERED_WRITES);
    }
}
