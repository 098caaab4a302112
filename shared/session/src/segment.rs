//! Older turns of a conversation in objects of their own.
//!
//! The object that a turn reads and writes, the head, holds the newest turns and names the segments. A
//! segment is written once, before the head that names it, at a key made from its bytes, and never changed.
//! Each try to seal makes a segment of its own, so that no other writer can come to name it: the one who
//! made it may delete it when their head was not saved.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{
    conversation::{Conversation, SCHEMA},
    error::SessionError,
    message::{Message, turns},
    repair::repair,
    stored::Stored,
};

/// A segment has at least so many bytes, so that a head names few of them.
const LEAST_BYTES: usize = 64 * 1024;
/// A segment of more than one turn has about so many bytes at most, so that one can be read for a page.
const MOST_BYTES: usize = 512 * 1024;
/// How many ids of messages in segments are remembered, the newest first.
const REMEMBERED_IDS: usize = 256;

/// What a head knows of a segment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Segment {
    pub(crate) id: SegmentId,
    pub(crate) bytes: usize,
    /// How many turns it holds.
    pub(crate) turns: u64,
    /// How many of its messages a person is shown.
    pub(crate) shown: usize,
    /// What clients have named its turns by, as far as that is remembered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) ids: Vec<String>,
}

/// Names a segment: the SHA-256 of its bytes, as base64url.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct SegmentId(String);

impl SegmentId {
    fn new(json: &[u8]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(digest(&SHA256, json)))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<SegmentId> for String {
    fn from(id: SegmentId) -> Self {
        id.0
    }
}

/// It becomes a part of a key, so nothing else is taken for one.
impl TryFrom<String> for SegmentId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let is_hash = URL_SAFE_NO_PAD.decode(&text).is_ok_and(|hash| hash.len() == 32);
        if is_hash { Ok(Self(text)) } else { Err("no segment has this name") }
    }
}

/// A segment that is not written yet, and its object.
#[derive(Debug)]
pub(crate) struct NewSegment {
    pub(crate) segment: Segment,
    pub(crate) json: Bytes,
    /// How many turns of the head are in it.
    turns: usize,
}

/// A segment's object.
#[derive(Serialize)]
struct Written<'a> {
    schema: u32,
    /// The number of its first turn in the conversation.
    first: u64,
    /// Makes it different from every other one.
    nonce: String,
    messages: &'a RawValue,
}

/// The same as it is read.
#[derive(Deserialize)]
struct Read {
    schema: u32,
    messages: Vec<Message>,
}

impl NewSegment {
    /// The turns of `stored`, of which the first is the conversation's turn `first`.
    fn new(stored: &Stored, first: u64) -> serde_json::Result<Self> {
        let read = stored.messages(0..stored.turns())?;
        let messages = repair(read.clone());
        let list = if messages == read { stored.clone() } else { Stored::new(&messages)? };
        let list = format!("[{}]", String::from_utf8_lossy(list.json()));
        let list = RawValue::from_string(list)?;
        let nonce = Uuid::new_v4().to_string();
        let object = Written { schema: SCHEMA, first, nonce, messages: &list };
        let json = Bytes::from(serde_json::to_vec(&object)?);
        let named = turns(&messages).filter_map(|turn| turn.first()?.id.clone());
        let segment = Segment {
            id: SegmentId::new(&json),
            bytes: json.len(),
            turns: turns(&messages).count() as u64,
            shown: messages.iter().filter(|message| message.is_shown()).count(),
            ids: named.collect(),
        };
        Ok(Self { segment, json, turns: stored.turns() })
    }
}

impl Segment {
    /// The messages in its object.
    pub(crate) fn read(&self, json: &[u8]) -> Result<Vec<Message>, SessionError> {
        if SegmentId::new(json) != self.id {
            return Err(SessionError::Damaged);
        }
        let Read { schema, messages } =
            serde_json::from_slice(json).map_err(|_| SessionError::Damaged)?;
        if schema > SCHEMA { Err(SessionError::Newer) } else { Ok(messages) }
    }
}

impl Conversation {
    /// How many turns are in segments.
    pub(crate) fn sealed_turns(&self) -> u64 {
        self.segments.iter().map(|segment| segment.turns).sum()
    }

    /// How many bytes its segments have.
    pub(crate) fn sealed_bytes(&self) -> usize {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    /// How many of the messages that a person is shown are older than those that the object holds that was
    /// read.
    #[must_use]
    pub fn shown_before(&self) -> usize {
        self.segments.iter().map(|segment| segment.shown).sum()
    }

    /// The segments that are to be written now: of all turns that a model does not see, once these have as
    /// many bytes as those that it sees.
    pub(crate) fn to_seal(&self) -> serde_json::Result<Vec<NewSegment>> {
        let older = self.older_turns();
        let bytes = self.stored.bytes_of_first(older);
        let seen = self.stored.json().len() - bytes;
        if bytes < LEAST_BYTES.max(seen) {
            return Ok(Vec::new());
        }
        let (mut segments, mut rest) = (Vec::new(), self.stored.first(older));
        let mut first = self.removed_turns + self.sealed_turns();
        while !rest.is_empty() {
            let turns = rest.turns_within(MOST_BYTES).max(1);
            let segment = NewSegment::new(&rest.first(turns), first)?;
            first += segment.segment.turns;
            segments.push(segment);
            rest = rest.after(turns);
        }
        Ok(segments)
    }

    /// Names the next segment, which has been written, instead of holding its turns.
    pub(crate) fn seal(&mut self, new: NewSegment) {
        // While its oldest turn is here.
        self.title = self.title_with([].iter());
        self.stored = self.stored.after(new.turns);
        self.segments.push(new.segment);
        let mut room = REMEMBERED_IDS;
        for segment in self.segments.iter_mut().rev() {
            segment.ids.drain(..segment.ids.len().saturating_sub(room));
            room -= segment.ids.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LEAST_BYTES, MOST_BYTES, REMEMBERED_IDS, SegmentId};
    use crate::{
        conversation::{Conversation, SCHEMA},
        error::SessionError,
        message::{Message, turns},
        stored::Stored,
        well_formed::{is_well_formed_after, tests::turn},
    };

    /// `count` turns of about a KiB, of which the newest `seen` are parsed.
    fn conversation(count: usize, seen: usize) -> Conversation {
        let named = |n: usize| {
            let mut turn = turn(n, 1, &"x".repeat(800));
            turn[0].id = Some(format!("m-{n}"));
            turn
        };
        let all = (0..count).flat_map(named).collect();
        let mut conversation = Conversation::from_messages(all).unwrap();
        conversation.messages.drain(..4 * (count - seen));
        conversation
    }

    #[test]
    fn what_a_model_does_not_see_is_sealed_once_it_is_as_much_as_what_it_sees() {
        assert!(conversation(40, 1).to_seal().unwrap().is_empty(), "too little");
        assert!(conversation(190, 100).to_seal().unwrap().is_empty(), "not as much");
        assert_eq!(conversation(210, 100).to_seal().unwrap().len(), 1);
        let whole = Conversation::from_messages(turn(1, 1, &"x".repeat(MOST_BYTES))).unwrap();
        assert!(whole.to_seal().unwrap().is_empty(), "all of it is parsed");
    }

    #[test]
    fn exactly_as_many_bytes_as_a_segment_has_at_least_are_sealed() {
        let sealed = |bytes: usize| {
            let old = vec![Message::user("x".repeat(bytes)), turn(0, 0, "").remove(1)];
            let mut head = Conversation::from_messages([old, turn(1, 0, "")].concat()).unwrap();
            head.messages.drain(..2);
            (head.stored.bytes_of_first(1), head.to_seal().unwrap().len())
        };
        let beside = sealed(1).0 - 1;
        assert_eq!(sealed(LEAST_BYTES - beside), (LEAST_BYTES, 1));
        assert_eq!(sealed(LEAST_BYTES - beside - 1), (LEAST_BYTES - 1, 0));
    }

    #[test]
    fn a_turn_that_no_model_accepts_is_repaired_when_it_is_sealed() {
        let mut head = conversation(210, 100);
        let mut all = head.stored.messages(0..210).unwrap();
        // The result of its call.
        all.remove(2);
        assert!(!is_well_formed_after(&|_| false, &all));
        head.stored = Stored::new(&all).unwrap();
        let new = head.to_seal().unwrap().remove(0);
        let read = new.segment.read(&new.json).unwrap();
        assert!(is_well_formed_after(&|_| false, &read));
    }

    #[test]
    fn a_segment_of_a_newer_version_is_not_read() {
        let mut new = conversation(210, 100).to_seal().unwrap().remove(0);
        let json = String::from_utf8(new.json.to_vec()).unwrap();
        let schema = |number: u32| format!("{{\"schema\":{number},");
        let newer = json.replacen(&schema(SCHEMA), &schema(SCHEMA + 1), 1);
        new.segment.id = SegmentId::new(newer.as_bytes());
        let read = new.segment.read(newer.as_bytes());
        assert!(matches!(read, Err(SessionError::Newer)), "{read:?}");
    }

    #[test]
    fn segments_and_the_rest_are_the_whole_conversation_in_its_order() {
        let mut head = conversation(1_500, 100);
        let whole = head.stored.messages(0..1_500).unwrap();
        let new = head.to_seal().unwrap();
        assert!(new.len() > 1);
        let mut read: Vec<Message> = Vec::new();
        for new in new {
            assert!((LEAST_BYTES..MOST_BYTES + 4_096).contains(&new.json.len()));
            read.extend(new.segment.read(&new.json).unwrap());
            let mut other = new.json.to_vec();
            other[100] ^= 1;
            assert!(matches!(new.segment.read(&other), Err(SessionError::Damaged)));
            head.seal(new);
        }
        assert_eq!(head.title.as_deref(), Some("question 0"));
        assert_eq!(head.sealed_turns(), turns(&read).count() as u64);
        assert_eq!(head.shown_before(), read.iter().filter(|it| it.is_shown()).count());
        assert_eq!(head.stored.turns(), 100);
        read.extend(head.messages.clone());
        assert!(read == whole);
        let ids: Vec<&String> = head.segments.iter().flat_map(|it| &it.ids).collect();
        assert_eq!((ids.len(), ids[255].as_str()), (REMEMBERED_IDS, "m-1399"));
    }

    #[test]
    fn two_segments_of_the_same_turns_have_different_names() {
        let id = || conversation(210, 100).to_seal().unwrap().remove(0).segment.id;
        assert_ne!(id(), id());
    }

    #[test]
    fn a_name_that_is_no_hash_is_refused() {
        for name in ["", "../../bob/s", "AAAA", &"A".repeat(44), &"/".repeat(43)] {
            assert!(SegmentId::try_from(name.to_owned()).is_err(), "{name}");
        }
    }
}
