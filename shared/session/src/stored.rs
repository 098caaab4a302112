//! The whole turns of a conversation as the JSON that they are saved as.
//!
//! A parsed message needs several times the memory of its JSON, and the time to parse and to write it
//! again. A model sees the newest turns only, so everything is kept as it was read, and goes into the
//! next object as it is.

use std::ops::Range;

use bytes::Bytes;
use memchr::memmem;

use crate::{
    message::{Message, turns},
    outline::{self, begins_turn},
    window::Reach,
};

/// Whole turns, the oldest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Stored {
    /// The messages, with a comma between each two.
    json: Bytes,
    /// Where each turn begins in it.
    starts: Vec<usize>,
}

/// How much of what is stored is parsed: the newest turns, as far back as a reader sees.
pub(crate) struct Parsed {
    pub(crate) stored: Stored,
    pub(crate) messages: Vec<Message>,
}

impl Stored {
    /// The JSON of `messages`, which are whole turns.
    pub(crate) fn new(messages: &[Message]) -> serde_json::Result<Self> {
        Self::default().followed_by(0, messages)
    }

    /// The turns whose list is in `json`, and where they begin in it.
    pub(crate) fn from_parts(json: Bytes, starts: Vec<usize>) -> Self {
        Self { json, starts }
    }

    /// The messages of a saved object, `all` in `object`, of which the newest turns are parsed that are
    /// within `reach`, or all.
    pub(crate) fn parse(
        object: &Bytes,
        all: &[&serde_json::value::RawValue],
        mut reach: Option<Reach>,
    ) -> serde_json::Result<Parsed> {
        let place = |at: usize| all[at].get().as_ptr().addr() - object.as_ptr().addr();
        let (mut newest_first, mut turn) = (Vec::new(), Vec::new());
        let mut starts = Vec::new();
        let mut parsed = all.len();
        for at in (0..all.len()).rev() {
            let message: Message = serde_json::from_str(all[at].get())?;
            let begins = at == 0 || message.begins_turn();
            turn.push(message);
            if !begins {
                continue;
            }
            turn.reverse();
            if reach.as_mut().is_some_and(|reach| !reach.takes(&turn)) {
                break;
            }
            parsed = at;
            starts.push(place(at));
            newest_first.push(std::mem::take(&mut turn));
        }
        for at in (0..parsed).rev() {
            if begins_turn(all[at].get())? || at == 0 {
                starts.push(place(at));
            }
        }
        starts.reverse();
        let begin = starts.first().copied().unwrap_or_default();
        starts.iter_mut().for_each(|start| *start -= begin);
        let json = match all.last() {
            Some(last) => object.slice(begin..place(all.len() - 1) + last.get().len()),
            None => Bytes::new(),
        };
        let messages = newest_first.into_iter().rev().flatten().collect();
        Ok(Parsed { stored: Self { json, starts }, messages })
    }

    /// The list of the messages, without its brackets.
    pub(crate) fn json(&self) -> &Bytes {
        &self.json
    }

    /// How many turns these are.
    pub(crate) fn turns(&self) -> usize {
        self.starts.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// How many bytes the first `turns` of them have, with the comma after them.
    pub(crate) fn bytes_of_first(&self, turns: usize) -> usize {
        self.starts.get(turns).copied().unwrap_or(self.json.len())
    }

    /// How many of the oldest turns have `bytes` bytes together; all of them if they have fewer.
    pub(crate) fn turns_of(&self, bytes: usize) -> usize {
        let ends = (1..=self.turns()).find(|turns| self.bytes_of_first(*turns) >= bytes);
        if bytes == 0 { 0 } else { ends.unwrap_or(self.turns()) }
    }

    /// How many of the oldest turns have at most `bytes` bytes together.
    pub(crate) fn turns_within(&self, bytes: usize) -> usize {
        (1..=self.turns()).take_while(|turns| self.bytes_of_first(*turns) <= bytes).count()
    }

    /// The first `turns` of them.
    pub(crate) fn first(&self, turns: usize) -> Self {
        let end = self.text(0..turns).len();
        let starts = self.starts.iter().take(turns).copied().collect();
        Self { json: self.json.slice(..end), starts }
    }

    /// Where each turn begins.
    pub(crate) fn starts(&self) -> &[usize] {
        &self.starts
    }

    /// Those after the first `turns`. What is before them is not kept in memory.
    pub(crate) fn after(&self, turns: usize) -> Self {
        let begin = self.bytes_of_first(turns);
        let starts = self.starts.iter().skip(turns).map(|start| start - begin).collect();
        Self { json: Bytes::copy_from_slice(&self.json[begin..]), starts }
    }

    /// The first `turns` of them, and `messages` after these.
    pub(crate) fn followed_by(
        &self,
        turns: usize,
        messages: &[Message],
    ) -> serde_json::Result<Self> {
        let mut json = self.text(0..turns).to_vec();
        let new = append(&mut json, 0, messages)?;
        let starts = self.starts.iter().take(turns).copied().chain(new).collect();
        Ok(Self { json: json.into(), starts })
    }

    /// The messages of some turns.
    pub(crate) fn messages(&self, turns: Range<usize>) -> serde_json::Result<Vec<Message>> {
        outline::each(self.text(turns)).collect()
    }

    /// The JSON of some turns, without the comma after them.
    fn text(&self, turns: Range<usize>) -> &[u8] {
        let text = &self.json[self.bytes_of_first(turns.start)..self.bytes_of_first(turns.end)];
        if turns.end < self.turns() {
            text.trim_ascii_end().strip_suffix(b",").unwrap_or(text)
        } else {
            text
        }
    }

    /// What the message of each turn is named by, if its client did.
    pub(crate) fn ids(&self) -> impl Iterator<Item = Option<String>> {
        (0..self.turns()).map(|turn| outline::id(self.text(turn..turn + 1)))
    }

    /// Which turn began with the message that its client has named `id`.
    pub(crate) fn named(&self, id: &str) -> Option<usize> {
        if !self.has_text(id) {
            return None;
        }
        self.ids().position(|own| own.as_deref() == Some(id))
    }

    /// Whether a call has this id: no later call may have it.
    pub(crate) fn has_call(&self, id: &str) -> bool {
        self.has_text(id)
            && outline::each::<Message>(&self.json)
                .filter_map(Result::ok)
                .any(|message| message.tool_uses().any(|call| call.tool_use_id == id))
    }

    /// Whether there may be a member with this text; looked for without parsing anything.
    fn has_text(&self, text: &str) -> bool {
        // Programs that escape more than has to be are not among those that write here.
        serde_json::to_vec(text).is_ok_and(|text| memmem::find(&self.json, &text).is_some())
    }
}

/// Writes `messages` to the end of the list that begins at `begin`. Returns where their turns begin in it.
pub(crate) fn append(
    json: &mut Vec<u8>,
    begin: usize,
    messages: &[Message],
) -> serde_json::Result<Vec<usize>> {
    let mut starts = Vec::new();
    for turn in turns(messages) {
        for (number, message) in turn.iter().enumerate() {
            if json.len() > begin {
                json.push(b',');
            }
            if number == 0 {
                starts.push(json.len() - begin);
            }
            serde_json::to_writer(&mut *json, message)?;
        }
    }
    Ok(starts)
}
