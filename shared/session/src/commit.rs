//! A conversation as it is about to be saved: what is stored and what is new, without a copy.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    conversation::{Conversation, SCHEMA, Spent, WITHOUT_SEGMENTS},
    message::Message,
    pending::Pending,
    repair::repair_after,
    stored::{Stored, append},
    well_formed::is_well_formed_after,
};

/// How many writes an object remembers: more than others can make while a writer who never heard
/// the answer to their PUT reads back whether it happened.
const REMEMBERED_WRITES: usize = 100;
/// About what an object has besides its messages, its turn that waits and its writes.
const MEMBERS: usize = 512;

/// A conversation as one write leaves it.
#[derive(Debug)]
pub(crate) struct Commit<'a> {
    /// Names the write in the object.
    id: String,
    /// The object.
    json: Bytes,
    /// The list of messages in it.
    stored: Stored,
    /// What the conversation is called then.
    title: Option<String>,
    /// The new messages, repaired if they had to be.
    turn: Cow<'a, [Message]>,
    pending: Option<&'a Pending>,
    /// What has been spent then.
    spent: Option<Spent>,
}

impl<'a> Commit<'a> {
    /// `conversation` with `turn` at its end and `pending` as what is not finished, for which
    /// `spent` was spent.
    pub(crate) fn new(
        conversation: &Conversation,
        turn: &'a [Message],
        pending: Option<&'a Pending>,
        spent: Option<Spent>,
    ) -> serde_json::Result<Self> {
        let earlier = |id: &str| conversation.stored.has_call(id);
        let turn = match is_well_formed_after(&earlier, turn) {
            true => Cow::Borrowed(turn),
            false => Cow::Owned(repair_after(&earlier, turn.to_vec())),
        };
        let spent = Spent::sum(conversation.spent, spent);
        let next = turn.iter().chain(pending.iter().flat_map(|pending| &pending.turn));
        let title = conversation.title_with(next);
        let id = URL_SAFE_NO_PAD.encode(Uuid::new_v4());
        let (json, stored) = (Bytes::new(), Stored::default());
        let mut commit = Self { id, json, stored, title, turn, pending, spent };
        (commit.json, commit.stored) = commit.write(conversation)?;
        Ok(commit)
    }

    /// The object, and the list of messages in it. What is stored goes into it as it is.
    fn write(&self, conversation: &Conversation) -> serde_json::Result<(Bytes, Stored)> {
        let before = conversation.stored.json();
        let mut json = Vec::with_capacity(before.len() + 2 * MEMBERS);
        json.extend_from_slice(b"{\"schema\":");
        let has_segments = !conversation.segments.is_empty();
        let schema = if has_segments { SCHEMA } else { WITHOUT_SEGMENTS };
        serde_json::to_writer(&mut json, &schema)?;
        if let Some(title) = &self.title {
            member(&mut json, "title", title)?;
        }
        json.extend_from_slice(b",\"messages\":[");
        let begin = json.len();
        json.extend_from_slice(before);
        let starts = append(&mut json, begin, &self.turn)?;
        let messages = begin..json.len();
        json.push(b']');
        if let Some(pending) = self.pending {
            member(&mut json, "pending", pending)?;
        }
        let writes = kept(&conversation.writes).iter().chain([&self.id]);
        member(&mut json, "writes", &writes.collect::<Vec<_>>())?;
        if has_segments {
            member(&mut json, "segments", &conversation.segments)?;
        }
        if conversation.removed_turns > 0 {
            member(&mut json, "removedTurns", &conversation.removed_turns)?;
        }
        if let Some(spent) = self.spent {
            member(&mut json, "spent", &spent)?;
        }
        json.push(b'}');
        let json = Bytes::from(json);
        let starts = conversation.stored.starts().iter().copied().chain(starts).collect();
        let stored = Stored::from_parts(json.slice(messages), starts);
        Ok((json, stored))
    }

    /// The object.
    pub(crate) fn json(&self) -> &Bytes {
        &self.json
    }

    /// Returns whether `now` contains this write.
    pub(crate) fn is_in(&self, now: &Conversation) -> bool {
        now.writes.contains(&self.id)
    }

    /// Changes `conversation`, which is what this was made from, into what has been written.
    pub(crate) fn apply(self, conversation: &mut Conversation) {
        conversation.title = self.title;
        conversation.spent = self.spent;
        conversation.messages.extend_from_slice(&self.turn);
        conversation.stored = self.stored;
        conversation.pending = self.pending.cloned();
        let forgotten = conversation.writes.len() - kept(&conversation.writes).len();
        conversation.writes.drain(..forgotten);
        conversation.writes.push(self.id);
    }
}

/// Writes a member of an object that has some already.
fn member(json: &mut Vec<u8>, name: &str, value: &impl Serialize) -> serde_json::Result<()> {
    json.push(b',');
    serde_json::to_writer(&mut *json, name)?;
    json.push(b':');
    serde_json::to_writer(json, value)
}

/// Those of `writes` that are remembered beside one more.
fn kept(writes: &[String]) -> &[String] {
    &writes[writes.len().saturating_sub(REMEMBERED_WRITES - 1)..]
}

#[cfg(test)]
mod tests {
    use super::{Commit, REMEMBERED_WRITES};
    use crate::{
        conversation::Conversation, message::Message, pending::Pending, well_formed::tests::turn,
    };

    /// Commits to a conversation in memory, as the store does.
    fn write(conversation: &mut Conversation, turn: &[Message], pending: Option<&Pending>) {
        let commit = Commit::new(conversation, turn, pending, None).unwrap();
        let json = commit.json().clone();
        commit.apply(conversation);
        assert_eq!(Conversation::from_json(&json, None).unwrap(), *conversation);
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
