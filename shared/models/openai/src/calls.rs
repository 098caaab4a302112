//! Tool calls from their fragments.
//!
//! OpenAI sends id and name in a call's first fragment and its arguments in pieces, with the call's index
//! in each. Other servers send whole calls, all with index 0 (Ollama) or without an index (Gemini), without
//! an id, or with id and name in every fragment; vLLM has sent another id in each.

use agent::ended_answer::StreamedCall;
use serde_json::Value;

use crate::chunk::Fragment;

/// The calls so far, in the order in which they began, each with its index.
#[derive(Debug, Default)]
pub(crate) struct PartialCalls(Vec<(Option<usize>, StreamedCall)>);

impl PartialCalls {
    /// Adds a fragment to its call, or begins one with it.
    pub(crate) fn take(&mut self, fragment: Fragment) {
        let Fragment { index, id, function } = fragment;
        let id = id.unwrap_or_default();
        let function = function.unwrap_or_default();
        let name = function.name.unwrap_or_default();
        let input = match function.arguments {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text,
            Some(other) => other.to_string(),
        };
        let is_its = |(at, _): &&mut (Option<usize>, StreamedCall)| index.is_none() || *at == index;
        match self.0.iter_mut().rev().find(is_its) {
            Some((_, call)) if !begins_another(call, &id, &name) => {
                call.input.push_str(&input);
                if call.id.is_empty() {
                    call.id = id;
                }
                if call.name.is_empty() {
                    call.name = name;
                }
            }
            _ => self.0.push((index, StreamedCall { id, name, input })),
        }
    }

    pub(crate) fn finish(self) -> Vec<StreamedCall> {
        self.0.into_iter().map(|(_, call)| call).collect()
    }
}

/// Whether a fragment with `id` and `name` is not part of `call`, which has the same index. One without
/// a name never begins a call.
fn begins_another(call: &StreamedCall, id: &str, name: &str) -> bool {
    if name.is_empty() || call.name.is_empty() {
        return false;
    }
    match (call.id.as_str(), id) {
        ("", _) | (_, "") => {
            name != call.name || serde_json::from_str::<Value>(&call.input).is_ok()
        }
        (before, now) => before != now,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::PartialCalls;

    /// The calls of these fragments as `id|name|input`.
    fn calls(fragments: &[Value]) -> Vec<String> {
        let mut calls = PartialCalls::default();
        for fragment in fragments {
            calls.take(serde_json::from_value(fragment.clone()).unwrap());
        }
        let calls = calls.finish().into_iter();
        calls.map(|call| format!("{}|{}|{}", call.id, call.name, call.input)).collect()
    }

    #[test]
    fn fragments_by_index_are_put_together_also_in_turns() {
        let fragments = [
            json!({ "index": 0, "id": "a", "type": "function", "function": { "name": "one", "arguments": "" } }),
            json!({ "index": 1, "id": "b", "type": "function", "function": { "name": "two", "arguments": "" } }),
            json!({ "index": 0, "function": { "arguments": "{\"x\"" } }),
            json!({ "index": 1, "function": { "arguments": "{}" } }),
            json!({ "index": 0, "function": { "arguments": ":1}" } }),
        ];
        assert_eq!(calls(&fragments), [r#"a|one|{"x":1}"#, "b|two|{}"]);
    }

    #[test]
    fn whole_calls_at_one_index_or_without_one_are_kept_apart() {
        let call = |id: &str, index: Value, name: &str| json!({ "id": id, "index": index, "function": { "name": name, "arguments": "{}" } });
        for index in [json!(0), Value::Null] {
            let fragments = [call("a", index.clone(), "one"), call("b", index.clone(), "one")];
            assert_eq!(calls(&fragments), ["a|one|{}", "b|one|{}"], "{index}");
            let fragments = [call("", index.clone(), "one"), call("", index.clone(), "one")];
            assert_eq!(calls(&fragments), ["|one|{}", "|one|{}"], "{index}");
            let fragments = [call("", index.clone(), "one"), call("", index.clone(), "two")];
            assert_eq!(calls(&fragments), ["|one|{}", "|two|{}"], "{index}");
        }
    }

    #[test]
    fn an_id_or_a_name_in_every_fragment_begins_no_other_call() {
        let part = |id: &str, name: Value, input: &str| json!({ "index": 0, "id": id, "function": { "name": name, "arguments": input } });
        let repeated = [
            part("a", json!("one"), "{\"x\""),
            part("a", json!("one"), ":1}"),
            part("a", json!("one"), ""),
        ];
        assert_eq!(calls(&repeated), [r#"a|one|{"x":1}"#]);
        let changing = [
            part("a", json!("one"), "{\"x\""),
            part("b", Value::Null, ":1}"),
            part("c", json!(""), ""),
        ];
        assert_eq!(calls(&changing), [r#"a|one|{"x":1}"#]);
        let none = [part("", json!("one"), "{\"x\""), part("", json!("one"), ":1}")];
        assert_eq!(calls(&none), [r#"|one|{"x":1}"#]);
    }

    #[test]
    fn arguments_that_are_an_object_or_null_are_taken() {
        let object = json!({ "index": 0, "id": "a", "function": { "name": "one", "arguments": { "x": 1 } } });
        let null =
            json!({ "index": 1, "id": "b", "function": { "name": "two", "arguments": null } });
        assert_eq!(calls(&[object, null]), [r#"a|one|{"x":1}"#, "b|two|"]);
    }
}
