//! What the model sees of an object of GitHub's: chosen members, the long ones shortened. What nobody would
//! see in them is shown by its code, so that the model reads what a person reads.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value, value::RawValue};

/// A member that the model sees: its name, and where it is in GitHub's answer (RFC 6901).
pub(crate) type Member = (&'static str, &'static str);

/// How much is shown of a text that is one of many, in characters.
const MAX_TEXT: usize = 400;

/// These members of `object`. What is absent, null, or no single value is left out.
pub(crate) fn chosen(object: &Value, members: &[Member]) -> Map<String, Value> {
    let shown = members.iter().filter_map(|(name, at)| {
        let value = match object.pointer(at)? {
            Value::String(text) => shortened(text).into(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
            value => value.clone(),
        };
        Some(((*name).to_owned(), value))
    });
    shown.collect()
}

/// The same of an `object` as GitHub has sent it. Of the hundred members of a repository, those that nobody
/// sees are passed over, which takes a fraction of reading them.
pub(crate) fn chosen_of_raw(object: &RawValue, members: &[Member]) -> Map<String, Value> {
    // What is no object has no members.
    let outer: Vec<_> = members.iter().filter_map(|(_, at)| at.split('/').nth(1)).collect();
    let parts = Parts(&outer).deserialize(&mut serde_json::Deserializer::from_str(object.get()));
    chosen(&parts.unwrap_or_default().into(), members)
}

/// Reads the members of an object that have one of these names.
struct Parts<'a>(&'a [&'static str]);

impl<'de> DeserializeSeed<'de> for Parts<'_> {
    type Value = Map<String, Value>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Parts<'_> {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut parts = Map::new();
        while let Some(name) = object.next_key_seed(Name(self.0))? {
            match name {
                Some(name) => drop(parts.insert(name.to_owned(), object.next_value()?)),
                None => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(parts)
    }
}

/// Reads a member's name, if it is one of these.
struct Name<'a>(&'a [&'static str]);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Option<&'static str>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Option<&'static str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().copied().find(|it| *it == name))
    }
}

fn shortened(text: &str) -> String {
    let text = invisible::shown_in_lines(text);
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{MAX_TEXT, Member, chosen, chosen_of_raw};

    #[test]
    fn chosen_members_are_shown_and_no_others() {
        let object = json!({ "user": null, "number": 1, "head": { "ref": "main" }, "id": 7 });
        let members = [
            ("author", "/user/login"),
            ("number", "/number"),
            ("from", "/head/ref"),
            ("all", "/head"),
        ];
        let shown = Value::Object(chosen(&object, &members));
        assert_eq!(shown, json!({ "number": 1, "from": "main" }));
    }

    #[test]
    fn of_what_was_sent_the_same_is_chosen() {
        let members: &[Member] =
            &[("author", "/user/login"), ("id", "/user/id"), ("title", "/title")];
        let cases = [
            r#"{"url":{"title":"no"},"user":{"login":"octo","id":7,"more":[1]},"title":"ä\u0041"}"#,
            r#"{"t\u0069tle":"escaped","title":"the last counts"}"#,
            r#"{"user":null,"title":["no"]}"#,
            r"[1]",
            r"null",
        ];
        for sent in cases {
            let raw = serde_json::from_str(sent).unwrap();
            let seen = chosen_of_raw(raw, members);
            assert_eq!(seen, chosen(&serde_json::from_str(sent).unwrap(), members), "{sent}");
        }
    }

    /// Mallory hides instructions in tags, which no person sees.
    #[test]
    fn characters_that_nobody_sees_are_shown_by_their_codes() {
        let object = json!({ "title": "a\u{e0041}b\u{202e}\nc" });
        let shown = chosen(&object, &[("title", "/title")]);
        assert_eq!(shown["title"], "a⟨U+E0041⟩b⟨U+202E⟩\nc");
        let long = json!({ "title": "\u{200b}".repeat(MAX_TEXT) });
        let shown = chosen(&long, &[("title", "/title")]);
        assert_eq!(shown["title"].as_str().map(|it| it.chars().count()), Some(MAX_TEXT + 1));
    }

    #[test]
    fn a_long_text_is_shortened_between_characters() {
        let object = json!({ "title": "ä".repeat(MAX_TEXT + 1) });
        let shown = chosen(&object, &[("title", "/title")]);
        assert_eq!(shown["title"], format!("{}…", "ä".repeat(MAX_TEXT)));
    }
}
