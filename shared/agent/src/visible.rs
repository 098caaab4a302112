//! Nothing in an action may be invisible to the person who approves it: a call whose input has
//! characters that can't be seen is refused.

use serde_json::Value;

use crate::tool::Failure;

/// Why a writing call is refused for its input; `None` if all of it can be seen. Line breaks and tabs
/// in a value are allowed.
pub(crate) fn refusal(input: &Value) -> Option<Failure> {
    let hidden = hidden_in(input)?;
    let text = format!(
        "Not run: the input has the character {}, which nobody would see in what they approve. \
         Characters like it are refused: those without a width, controls, direction marks, and what \
         joins an emoji of several characters. Try again without them.",
        invisible::code(hidden)
    );
    Some(Failure::new("invisible_characters", text))
}

fn hidden_in(value: &Value) -> Option<char> {
    let hidden = |text: &str, allowed: &[char]| {
        text.chars().find(|c| invisible::is_invisible(*c) && !allowed.contains(c))
    };
    match value {
        Value::String(text) => hidden(text, &['\n', '\t']),
        Value::Array(values) => values.iter().find_map(hidden_in),
        Value::Object(members) => {
            members.iter().find_map(|(name, value)| hidden(name, &[]).or_else(|| hidden_in(value)))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use invisible::is_invisible;
    use serde_json::json;

    use super::refusal;

    #[test]
    fn every_invisible_character_is_refused_wherever_it_stands_and_no_other_is() {
        for character in ('\0'..=char::MAX).filter(|c| !"\n\t".contains(*c)) {
            let text = format!("a{character}b");
            let refused = refusal(&json!({ "title": text })).is_some();
            assert_eq!(refused, is_invisible(character), "{character:?}");
        }
        let hidden = "a\u{e0141}b";
        for input in [
            json!({ hidden: "x" }),
            json!({ "a\nb": "x" }),
            json!({ "labels": ["x", hidden] }),
            json!([{ "deep": [{ "er": hidden }] }]),
        ] {
            let failure = refusal(&input).unwrap();
            assert_eq!(failure.code, "invisible_characters");
        }
        assert!(refusal(&json!({ "body": "a\n\tb", "n": 1, "none": null })).is_none());
    }
}
