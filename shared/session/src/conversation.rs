//! A conversation as it is saved: whole turns, the turn that waits, and what was spent.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    error::SessionError,
    message::{Message, turns},
    pending::Pending,
    repair::{repair_after, repair_pending},
    segment::Segment,
    stored::{Parsed, Stored},
    well_formed::is_well_formed_after,
    window::ContextTokens,
};

/// The version of the saved shape; an object of a newer one is not read and never overwritten.
pub(crate) const SCHEMA: u32 = 2;
/// That of an object without segments, which versions before them read, too.
pub(crate) const WITHOUT_SEGMENTS: u32 = 1;

/// One conversation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Conversation {
    /// What it is called; `None` in what was saved without.
    pub title: Option<String>,
    /// Whole turns, acceptable to the strictest model: the newest, as far back as they were read.
    pub messages: Vec<Message>,
    /// The turn that is not finished, if there is one.
    pub pending: Option<Pending>,
    /// The last writes, by id.
    pub(crate) writes: Vec<String>,
    /// How many of the oldest turns were removed, so that the others fit.
    pub removed_turns: u64,
    /// The tokens that were spent in it on the last day that any were.
    pub spent: Option<Spent>,
    /// Where the oldest turns are, the oldest first.
    pub(crate) segments: Vec<Segment>,
    /// All turns that are in no segment, of which `messages` are the newest.
    pub(crate) stored: Stored,
}

/// Tokens of the language model that were spent on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// The day, in days of UTC since 1970.
    pub day: u64,
    /// How many.
    pub tokens: u64,
}

impl Spent {
    /// `before` and `more` together, if they are of one day; else the later one.
    #[must_use]
    pub fn sum(before: Option<Self>, more: Option<Self>) -> Option<Self> {
        match (before, more) {
            (Some(before), Some(more)) if before.day == more.day => {
                Some(Self { tokens: before.tokens.saturating_add(more.tokens), ..more })
            }
            (Some(before), Some(more)) if before.day > more.day => Some(before),
            (before, more) => more.or(before),
        }
    }
}

/// A saved object, of whose messages nothing is known but that they are JSON.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Saved<'a> {
    schema: u32,
    #[serde(default)]
    title: Option<String>,
    #[serde(borrow)]
    messages: Vec<&'a RawValue>,
    pending: Option<Pending>,
    writes: Vec<String>,
    #[serde(default)]
    segments: Vec<Segment>,
    #[serde(default)]
    removed_turns: u64,
    #[serde(default)]
    spent: Option<Spent>,
}

/// What every version of a saved object has.
#[derive(Deserialize)]
struct AnySchema {
    schema: u32,
}

impl Conversation {
    /// Reads a saved object. Of its messages those are parsed, and repaired, that a model with `context`
    /// can see, or all of them.
    ///
    /// What a model can't see needs no repair. Every turn begins with words of the user, so the newest ones
    /// are a history by themselves; and this program writes no turn that it has not repaired.
    pub(crate) fn from_json(
        object: &Bytes,
        context: Option<ContextTokens>,
    ) -> Result<Self, SessionError> {
        let saved = match serde_json::from_slice::<Saved<'_>>(object) {
            Ok(saved) if (WITHOUT_SEGMENTS..=SCHEMA).contains(&saved.schema) => saved,
            _ => return Err(unreadable(object)),
        };
        let Saved { title, messages, pending, writes, segments, removed_turns, spent, .. } = saved;
        let parsed = Stored::parse(object, &messages, context.map(ContextTokens::reach));
        let Parsed { stored, messages } = parsed.map_err(|_| SessionError::Damaged)?;
        let mut conversation =
            Self { title, writes, segments, removed_turns, spent, ..Self::default() };
        conversation.take(stored, messages)?;
        let earlier = |id: &str| conversation.stored.has_call(id);
        conversation.pending = pending.map(|pending| repair_pending(&earlier, pending));
        Ok(conversation)
    }

    /// One whose turns are `messages`, which another program may have written.
    pub(crate) fn from_messages(messages: Vec<Message>) -> Result<Self, SessionError> {
        let stored = Stored::new(&messages).map_err(SessionError::NotJson)?;
        let mut conversation = Self::default();
        conversation.take(stored, messages)?;
        Ok(conversation)
    }

    /// Takes up `stored`, whose newest turns are `messages`, and repairs these.
    fn take(&mut self, stored: Stored, messages: Vec<Message>) -> Result<(), SessionError> {
        (self.stored, self.messages) = (stored, messages);
        let older = self.older_turns();
        // Mostly there are none, and a call's id is looked for in nothing.
        let before = self.stored.clone().first(older);
        let earlier = |id: &str| before.has_call(id);
        if is_well_formed_after(&earlier, &self.messages) {
            return Ok(());
        }
        self.messages = repair_after(&earlier, std::mem::take(&mut self.messages));
        let repaired = self.stored.followed_by(older, &self.messages);
        self.stored = repaired.map_err(SessionError::NotJson)?;
        Ok(())
    }

    /// How many turns the object holds that are older than `messages`.
    pub(crate) fn older_turns(&self) -> usize {
        self.stored.turns().saturating_sub(turns(&self.messages).count())
    }
}

/// Why `object` can't be read.
fn unreadable(object: &[u8]) -> SessionError {
    match serde_json::from_slice::<AnySchema>(object) {
        Ok(AnySchema { schema }) if schema > SCHEMA => SessionError::Newer,
        _ => SessionError::Damaged,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::json;

    use super::{Conversation, Spent};
    use crate::{error::SessionError, message::Message, well_formed::tests::turn};

    fn read(json: impl Into<Bytes>) -> Result<Conversation, SessionError> {
        Conversation::from_json(&json.into(), None)
    }

    #[test]
    fn a_newer_object_is_distinguished_from_a_damaged_one() {
        assert!(read(r#"{"schema":1,"messages":[],"writes":[]}"#).is_ok());
        for newer in [r#"{"schema":3,"messages":[],"writes":[]}"#, r#"{"schema":7,"turns":{}}"#] {
            assert!(matches!(read(newer), Err(SessionError::Newer)), "{newer}");
        }
        let odd = r#"{"schema":2,"messages":[],"writes":[],"segments":[{"id":"../bob/s","bytes":1,"turns":1,"shown":1}]}"#;
        for damaged in [odd, "", "{}", "[]", r#"{"schema":1,"messages":["#, r#"{"schema":1}"#, "\0"]
        {
            assert!(matches!(read(damaged), Err(SessionError::Damaged)), "{damaged}");
        }
    }

    #[test]
    fn what_is_damaged_among_old_messages_is_found_though_they_are_not_parsed() {
        let long = |text: &str| vec![Message::user(text.repeat(2_000)), turn(0, 0, "").remove(1)];
        let messages = json!([long("old "), long("new ")].concat());
        let context = "1000".parse().unwrap();
        let object = json!({ "schema": 1, "messages": messages, "writes": [] }).to_string();
        let good = Conversation::from_json(&object.clone().into(), Some(context)).unwrap();
        assert_eq!((good.messages.len(), good.stored.turns()), (0, 2));
        for (was, is) in [
            ("\"old ", "old "),
            ("[{\"text\":\"old", "{{\"text\":\"old"),
            ("\"text\":\"old", "\"text\":old"),
            ("[{\"text\"", "[[],{\"text\""),
            ("{\"content\":[{\"text\":\"old", "{\"x\":[{\"text\":\"old"),
            ("\"old ", "\"\u{1}old "),
            ("\"old ", "\"\\x"),
        ] {
            let damaged = object.replacen(was, is, 1);
            assert_ne!(damaged, object, "{was}");
            let read = Conversation::from_json(&damaged.into(), Some(context));
            assert!(matches!(read, Err(SessionError::Damaged)), "{is}");
        }
        // As long as the list is nested deeper than any parser follows.
        let deep = format!(r#"{{"schema":1,"messages":[{}],"writes":[]}}"#, "[".repeat(100_000));
        assert!(matches!(read(deep), Err(SessionError::Damaged)));
    }

    #[test]
    fn tokens_of_one_day_are_added_and_those_of_another_replaced() {
        let spent = |day, tokens| Some(Spent { day, tokens });
        assert_eq!(Spent::sum(None, spent(1, 5)), spent(1, 5));
        assert_eq!(Spent::sum(spent(1, 5), spent(1, 6)), spent(1, 11));
        assert_eq!(Spent::sum(spent(1, 5), spent(2, 6)), spent(2, 6));
        assert_eq!(Spent::sum(spent(2, 5), spent(1, 6)), spent(2, 5));
        assert_eq!(Spent::sum(spent(2, 5), None), spent(2, 5));
    }
}
