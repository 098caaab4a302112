//! What a call that waits for an approval would do, as its page shows it.
//!
//! It is read from what is kept of the call, which an approval is good for and nothing else. Nothing in it is
//! invisible.

use serde_json::Value;
use session::{CallState, Confirmation, Pending, ToolUse};

use super::call;

/// The call of `pending` that waits for an approval, if one does.
pub(super) fn of(pending: &Pending) -> Option<(&ToolUse, &Confirmation)> {
    pending.calls.iter().find_map(|call| {
        let CallState::Unconfirmed(confirmation) = &call.state else { return None };
        let mut uses = pending.turn.iter().flat_map(session::Message::tool_uses);
        let tool_use = uses.find(|it| it.tool_use_id == call.tool_use_id)?;
        Some((tool_use, confirmation))
    })
}

/// What is to be looked at, by name.
pub(super) fn about(
    pending: &Pending,
    (call, confirmation): (&ToolUse, &Confirmation),
) -> Vec<(&'static str, String)> {
    let mut about = vec![
        ("Asked by", invisible::shown(call::client_of(&pending.turn).as_str())),
        ("What", invisible::shown(&call.name)),
        ("As", invisible::shown(&confirmation.account)),
        ("With", input(&call.input)),
    ];
    let details = confirmation.details.iter();
    about.extend(details.map(|(name, value)| {
        ("Look at", format!("{}: {}", invisible::shown(name), invisible::shown_in_lines(value)))
    }));
    about
}

/// An input with each member on a line of its own.
fn input(input: &Value) -> String {
    let Value::Object(members) = input else { return shown(input) };
    let line =
        |(name, value): (&String, &Value)| format!("{}: {}", invisible::shown(name), shown(value));
    members.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A text as it is; anything else as JSON.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => invisible::shown_in_lines(text),
        other => invisible::shown(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::input;

    #[test]
    fn an_input_is_shown_whole_and_what_is_invisible_by_its_code() {
        let value =
            json!({ "title": "Wa\u{202e}ter", "labels": ["a\u{200b}"], "body": "one\ntwo" });
        assert_eq!(input(&value), "body: one\ntwo\nlabels: [\"a⟨U+200B⟩\"]\ntitle: Wa⟨U+202E⟩ter");
    }
}
