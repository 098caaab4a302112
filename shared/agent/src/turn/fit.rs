//! Makes what a model said fit to go back to a model.
//!
//! The Converse API takes tool names and tool-use ids of 1 to 64 of `A-Z a-z 0-9 _ -`, and no id twice in
//! a conversation; models break both rules. An id is only ours to echo: what counts is which call and
//! which result belong together. A name that had to be changed is no tool's, and the model is told so.

use std::collections::HashSet;

use session::{Block, Message, fit_tool_name, is_tool_name};

/// Gives each call of `message` a name and an id that fit; no id is one of the messages `before`.
/// Returns the ids of the calls whose name was changed.
pub(super) fn fit<'a>(
    message: &mut Message,
    before: impl Iterator<Item = &'a Message>,
) -> HashSet<String> {
    let mut renamed = HashSet::new();
    let mut taken: HashSet<String> =
        before.flat_map(Message::tool_uses).map(|call| call.tool_use_id.clone()).collect();
    for block in &mut message.content {
        let Block::ToolUse(call) = block else { continue };
        let is_renamed = !is_tool_name(&call.name);
        if is_renamed {
            call.name = fit_tool_name(&call.name);
        }
        if !is_tool_name(&call.tool_use_id) || taken.contains(&call.tool_use_id) {
            call.tool_use_id = free_id(&taken);
        }
        taken.insert(call.tool_use_id.clone());
        if is_renamed {
            renamed.insert(call.tool_use_id.clone());
        }
    }
    renamed
}

fn free_id(taken: &HashSet<String>) -> String {
    let mut number = taken.len() + 1;
    loop {
        let id = format!("call-{number}");
        if !taken.contains(&id) {
            return id;
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::{collection::vec, prelude::*};
    use serde_json::json;
    use session::{Block, Message, Role, ToolUse, is_tool_name};

    use super::fit;

    fn calling(calls: &[(String, String)]) -> Message {
        let call = |(id, name): &(String, String)| {
            let (tool_use_id, name) = (id.clone(), name.clone());
            Block::ToolUse(ToolUse { tool_use_id, name, input: json!({}) })
        };
        Message { role: Role::Assistant, content: calls.iter().map(call).collect() }
    }

    proptest! {
        #[test]
        fn whatever_a_model_calls_names_and_ids_fit_and_no_id_is_there_twice(
            before in vec(("[a-c1-3-]{0,3}|call-[1-9]", ".{0,3}"), 0..4),
            calls in vec((".{0,80}|[a-c]|call-[1-9]", ".{0,80}"), 0..5),
        ) {
            let before = calling(&before);
            let mut message = calling(&calls);
            fit(&mut message, [&before].into_iter());
            let earlier: HashSet<&str> =
                before.tool_uses().map(|call| call.tool_use_id.as_str()).collect();
            let mut seen = HashSet::new();
            for call in message.tool_uses() {
                prop_assert!(is_tool_name(&call.name) && is_tool_name(&call.tool_use_id), "{call:?}");
                prop_assert!(!earlier.contains(call.tool_use_id.as_str()), "{call:?}");
                prop_assert!(seen.insert(&call.tool_use_id), "{call:?}");
            }
        }
    }

    #[test]
    fn names_and_ids_that_fit_stay_as_they_are() {
        let mut message = calling(&[("tooluse_1".into(), "github_get_profile".into())]);
        let before = message.clone();
        fit(&mut message, [].into_iter());
        assert_eq!(message, before);
    }
}
