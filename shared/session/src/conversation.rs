//! A conversation as it is saved: whole turns, the turn that waits, and what was spent.

use serde::{Deserialize, Serialize};

use crate::{
    error::SessionError,
    folded::Folded,
    message::{Message, turns},
    pending::Pending,
};

/// The version of the saved shape; an object of a newer one is not read and never overwritten.
pub(crate) const SCHEMA: u32 = 1;

/// One conversation.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Conversation {
    schema: u32,
    /// What it is called; `None` in what was saved without.
    #[serde(default)]
    pub title: Option<String>,
    /// Whole turns, acceptable to the strictest model.
    pub messages: Vec<Message>,
    /// The turn that is not finished, if there is one.
    pub pending: Option<Pending>,
    /// The last writes, by id.
    pub(crate) writes: Vec<String>,
    /// How many of the oldest turns were removed, so that the others fit.
    #[serde(default)]
    pub removed_turns: u64,
    /// The tokens that were spent in it on the last day that any were.
    #[serde(default)]
    pub spent: Option<Spent>,
    /// Turns that are older than `messages`.
    #[serde(skip)]
    pub(crate) folded: Vec<Folded>,
}

impl Default for Conversation {
    fn default() -> Self {
        Self {
            schema: SCHEMA,
            title: None,
            messages: Vec::new(),
            pending: None,
            writes: Vec::new(),
            removed_turns: 0,
            spent: None,
            folded: Vec::new(),
        }
    }
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

/// What every version of a saved object has.
#[derive(Deserialize)]
struct AnySchema {
    schema: u32,
}

impl Conversation {
    /// Reads a saved object.
    pub(crate) fn from_json(json: &[u8]) -> Result<Self, SessionError> {
        match serde_json::from_slice::<Self>(json) {
            Ok(conversation) if conversation.schema == SCHEMA => Ok(conversation),
            _ => match serde_json::from_slice::<AnySchema>(json) {
                Ok(AnySchema { schema }) if schema > SCHEMA => Err(SessionError::Newer),
                _ => Err(SessionError::Damaged),
            },
        }
    }

    /// Folds the oldest turns, all but the newest `keep` messages.
    pub(crate) fn fold(&mut self, keep: usize) {
        let older = self.messages.len().saturating_sub(keep);
        let folded = turns(&self.messages[..older]).map(Folded::new).collect();
        // What can't be folded stays as it is.
        let Ok::<Vec<Folded>, _>(folded) = folded else { return };
        self.folded.extend(folded);
        // Into a list of its own: the old one keeps the memory of all.
        self.messages = self.messages.split_off(older);
        self.messages.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::{Conversation, Spent};
    use crate::error::SessionError;

    #[test]
    fn a_newer_object_is_distinguished_from_a_damaged_one() {
        let read = |json: &str| Conversation::from_json(json.as_bytes());
        assert!(read(r#"{"schema":1,"messages":[],"writes":[]}"#).is_ok());
        for newer in [r#"{"schema":2,"messages":[],"writes":[]}"#, r#"{"schema":7,"turns":{}}"#] {
            assert!(matches!(read(newer), Err(SessionError::Newer)), "{newer}");
        }
        for damaged in ["", "{}", "[]", r#"{"schema":1,"messages":["#, r#"{"schema":1}"#, "\0"] {
            assert!(matches!(read(damaged), Err(SessionError::Damaged)), "{damaged}");
        }
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
