//! What the model sees of an object of GitHub's: chosen members, the long ones shortened. What nobody would
//! see in them is shown by its code, so that the model reads what a person reads.

use serde_json::{Map, Value};

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

    use super::{MAX_TEXT, chosen};

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
