//! What of a message is shown: its calls and results within a bound, and of its words those that were not
//! heard.

use session::{ToolResult, ToolUse, json_bytes, shortened};

const TOO_LONG: &str = r#"{"note":"(too long to be shown)"}"#;

/// A call's arguments as text, if `room` is left for them.
pub(super) fn arguments(call: &ToolUse, room: &mut usize) -> String {
    let bytes = json_bytes(&call.input);
    if bytes > *room {
        return TOO_LONG.to_owned();
    }
    *room -= bytes;
    call.input.to_string()
}

/// What follows `sent` in `text`, white space aside: that between its parts is heard of none. `None` if
/// `text` does not begin with it.
pub(super) fn rest_after<'a>(text: &'a str, sent: &str) -> Option<&'a str> {
    let mut sent = sent.chars().filter(|char| !char.is_whitespace());
    for (at, char) in text.char_indices().filter(|(_, char)| !char.is_whitespace()) {
        match sent.next() {
            None => return Some(&text[at..]),
            Some(heard) if heard == char => {}
            Some(_) => return None,
        }
    }
    sent.next().is_none().then_some("")
}

/// A result as text of at most `longest` bytes.
pub(super) fn shown_result(result: &ToolResult, longest: usize) -> String {
    let text = result.text();
    match json_bytes(&text) > longest {
        true => shortened(&text, longest),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::rest_after;

    #[test]
    fn the_rest_of_a_message_is_what_was_not_heard_of_it() {
        for (text, sent, rest) in [
            ("Yes.\n\n(cut off)", "Yes.", Some("(cut off)")),
            ("Yes.\n\n(cut off)", "Yes.(cut off)", Some("")),
            ("Yes.", "", Some("Yes.")),
            ("", "", Some("")),
            ("(withheld)", "I begin", None),
            ("Ja", "Jawohl", None),
        ] {
            assert_eq!(rest_after(text, sent), rest, "{text:?} after {sent:?}");
        }
    }
}
