//! What is needed of a saved message that is not parsed: whether it begins a turn, and its id.
//!
//! Its words, its inputs and its results are passed over without a copy; that they are valid JSON has
//! been checked.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use crate::message::Role;

/// Whether the message in `json` begins a turn, as [`Message::begins_turn`](crate::Message) returns it.
pub(crate) fn begins_turn(json: &str) -> serde_json::Result<bool> {
    #[derive(Deserialize)]
    struct Outline {
        role: Role,
        content: Content,
    }
    let Outline { role, content } = serde_json::from_str(json)?;
    Ok(role == Role::User && !content.has_result)
}

/// The id of the first message in `json`.
pub(crate) fn id(json: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Outline<'a> {
        #[serde(borrow, default)]
        id: Option<Cow<'a, str>>,
    }
    let first = serde_json::Deserializer::from_slice(json).into_iter::<Outline<'_>>().next();
    Some(first?.ok()?.id?.into_owned())
}

/// The values in a list without its brackets.
pub(crate) fn each<T: DeserializeOwned>(
    json: &[u8],
) -> impl Iterator<Item = serde_json::Result<T>> {
    let mut rest = json;
    std::iter::from_fn(move || {
        rest = rest.trim_ascii_start();
        rest = rest.strip_prefix(b",").unwrap_or(rest);
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter();
        let value = values.next();
        let read = values.byte_offset();
        rest = if matches!(value, Some(Ok(_))) { &rest[read..] } else { &[] };
        value
    })
}

/// What kinds of blocks a message has.
struct Content {
    has_result: bool,
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Blocks;

        impl<'de> Visitor<'de> for Blocks {
            type Value = Content;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the blocks of a message")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut blocks: A) -> Result<Content, A::Error> {
                let mut content = Content { has_result: false };
                while let Some(Block { is_result }) = blocks.next_element()? {
                    content.has_result |= is_result;
                }
                Ok(content)
            }
        }
        from.deserialize_seq(Blocks)
    }
}

struct Block {
    is_result: bool,
}

impl<'de> Deserialize<'de> for Block {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Kind;

        impl<'de> Visitor<'de> for Kind {
            type Value = Block;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a block of a message")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Block, A::Error> {
                let mut is_result = false;
                while let Some(Name { is_results }) = members.next_key()? {
                    is_result |= is_results;
                    members.next_value::<IgnoredAny>()?;
                }
                Ok(Block { is_result })
            }
        }
        from.deserialize_map(Kind)
    }
}

/// The name of a block's member, which says of what kind the block is.
struct Name {
    is_results: bool,
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Name;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member's name")
            }

            fn visit_str<E>(self, name: &str) -> Result<Name, E> {
                Ok(Name { is_results: name == "toolResult" })
            }
        }
        from.deserialize_identifier(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::{begins_turn, each, id};
    use crate::{message::Message, well_formed::tests::turn};

    #[test]
    fn a_message_begins_a_turn_or_not_however_its_json_is_written() {
        for message in turn(1, 2, "\"toolResult\"") {
            for json in [serde_json::to_string(&message), serde_json::to_string_pretty(&message)] {
                let json = json.unwrap();
                assert_eq!(begins_turn(&json).unwrap(), message.begins_turn(), "{json}");
            }
        }
        for damaged in
            ["{}", "[]", r#"{"role":"x","content":[]}"#, r#"{"role":"user","content":{}}"#]
        {
            assert!(begins_turn(damaged).is_err(), "{damaged}");
        }
    }

    #[test]
    fn a_list_is_read_value_by_value_up_to_what_is_damaged() {
        let read = |json: &str| each::<u32>(json.as_bytes()).collect::<Result<Vec<_>, _>>();
        assert_eq!(read(" 1 ,\n2,3").unwrap(), [1, 2, 3]);
        assert_eq!(read("").unwrap(), [0_u32; 0]);
        assert!(read("1,x").is_err());
        let mut named = Message::user("x");
        named.id = Some("m\u{1}".into());
        assert_eq!(id(&serde_json::to_vec(&named).unwrap()).as_deref(), Some("m\u{1}"));
        assert_eq!(id(b""), None);
    }
}
