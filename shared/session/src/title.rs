//! What a conversation is called in a list: the first words of its user.
//!
//! It is kept at the beginning of the saved object, and not in its metadata, which S3 does not encrypt
//! (Amazon S3, "Using server-side encryption with AWS KMS keys"): to list conversations, the first bytes
//! of each are read.

use std::fmt;

use serde::{
    Deserializer as _,
    de::{IgnoredAny, MapAccess, Visitor},
};

use crate::{
    conversation::Conversation,
    message::{Message, Role},
};

/// How many characters a title has at most.
const LONGEST: usize = 80;
/// How many bytes of an object its title is among: `schema` comes before it, and a character has at
/// most four bytes, also where JSON escapes it.
pub(crate) const WITHIN: u64 = 512;

impl Conversation {
    /// What it is called once `next` is added to it.
    pub(crate) fn title_with<'a>(
        &'a self,
        next: impl Iterator<Item = &'a Message>,
    ) -> Option<String> {
        if self.title.is_some() {
            return self.title.clone();
        }
        let titled = |message: &Message| match message.role {
            Role::User => title(&message.text()),
            Role::Assistant => None,
        };
        let oldest = self.stored.messages(0..1).unwrap_or_default();
        let of_older = || oldest.first().and_then(titled);
        of_older().or_else(|| self.messages.iter().chain(next).find_map(titled))
    }
}

/// The first words of `text`; `None` if it has none.
fn title(text: &str) -> Option<String> {
    let mut title = String::new();
    let mut room = LONGEST;
    for c in text.trim_start().chars() {
        let c = if c.is_whitespace() { ' ' } else { c };
        if c.is_control() || (c == ' ' && title.ends_with(' ')) {
            continue;
        }
        if room == 0 {
            // The last character makes room for the sign that more follows.
            title.pop();
            title.push('…');
            return Some(title);
        }
        title.push(c);
        room -= 1;
    }
    let title = title.trim_end();
    (!title.is_empty()).then(|| title.to_owned())
}

/// The title in the first bytes of a saved conversation; `None` in one that was saved without.
pub(crate) fn title_in(start: &[u8]) -> Option<String> {
    let mut title = None;
    // What follows the title is cut off, so that this fails in the end.
    let _cut_off = serde_json::Deserializer::from_slice(start).deserialize_map(Start(&mut title));
    title
}

/// Reads the members of an object up to its title.
struct Start<'a>(&'a mut Option<String>);

impl<'de> Visitor<'de> for Start<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the start of a conversation")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            if name == "title" {
                *self.0 = Some(members.next_value()?);
                return Ok(());
            }
            members.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, WITHIN, title, title_in};
    use crate::{
        commit::Commit, conversation::Conversation, message::Message, well_formed::tests::turn,
    };

    #[test]
    fn a_title_is_the_first_words_on_one_line() {
        let long = format!("{} end", "word ".repeat(40));
        for (text, expected) in [
            ("Who am I?", Some("Who am I?")),
            ("  two\n\n lines\t\u{0}here ", Some("two lines here")),
            ("", None),
            (" \n\u{7}", None),
        ] {
            assert_eq!(title(text).as_deref(), expected, "{text:?}");
        }
        let title = title(&long).unwrap();
        assert!(title.ends_with('…') && title.chars().count() == LONGEST, "{title}");
    }

    #[test]
    fn a_title_is_among_the_first_bytes_of_what_is_saved_and_stays() {
        for text in ["\u{1F331}".repeat(200), "\"".repeat(200), "\\".repeat(200), "Hi".into()] {
            let mut conversation = Conversation::default();
            let turn = [Message::user(&text)];
            let commit = Commit::new(&conversation, &turn, None, None).unwrap();
            let json = commit.json().clone();
            commit.apply(&mut conversation);
            let start = &json[..json.len().min(WITHIN as usize)];
            assert_eq!(title_in(start), conversation.title, "{text}");
            assert!(conversation.title.is_some(), "{text}");
            let later = [Message::user("Something else")];
            let commit = Commit::new(&conversation, &later, None, None).unwrap();
            assert_eq!(title_in(commit.json()), conversation.title, "{text}");
        }
    }

    #[test]
    fn what_was_saved_without_a_title_gets_that_of_its_oldest_turn() {
        let mut conversation = Conversation::from_messages(turn(1, 1, "first")).unwrap();
        conversation.messages.clear();
        assert_eq!(conversation.title_with([].iter()).as_deref(), Some("question 1"));
        for without in [r#"{"schema":1,"messages":[{"role":"#, "{", "", "[]", "\0"] {
            assert_eq!(title_in(without.as_bytes()), None, "{without}");
        }
    }
}
