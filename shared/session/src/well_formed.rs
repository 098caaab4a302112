//! What every model accepts as a history.
//!
//! Amazon Bedrock API Reference, "Message", "ToolUseBlock", "ToolResultBlock", and the Amazon
//! Bedrock User Guide, "Use a tool to complete an Amazon Bedrock model response": roles alternate
//! and begin with the user, no content is empty and no text blank, the ids of tool calls are
//! unique and, like the tools' names, of few characters, every call is answered in the one message
//! that follows it, and data in an answer is an object. Reasoning is for the model that it is from, in
//! the turn that runs, before what it led to: a history has none.

use std::collections::HashSet;

use crate::{
    message::{Block, Message, Role, ToolOutput, ToolUse},
    names::is_tool_name,
    pending::Pending,
};

/// Whether every model accepts `messages`, followed by a user's message.
pub(crate) fn is_well_formed<'a>(messages: impl IntoIterator<Item = &'a Message>) -> bool {
    is_well_formed_after(&|_| false, messages)
}

/// As [`is_well_formed`], after whole turns of which `earlier` returns whether a call has an id.
pub(crate) fn is_well_formed_after<'a>(
    earlier: &dyn Fn(&str) -> bool,
    messages: impl IntoIterator<Item = &'a Message>,
) -> bool {
    let end = end_of(earlier, messages, false);
    end.is_some_and(|end| end.expected == Role::User && end.open.is_empty())
}

/// Whether every model accepts the turn in `pending`, after whole turns of which `earlier` returns
/// whether a call has an id, and once what is open in it is answered.
pub(crate) fn is_pending_well_formed(earlier: &dyn Fn(&str) -> bool, pending: &Pending) -> bool {
    let Some(end) = end_of(earlier, &pending.turn, true) else { return false };
    let calls = pending.calls.iter().map(|call| call.tool_use_id.as_str());
    !pending.turn.is_empty() && end.open.iter().copied().eq(calls)
}

/// How a history ends.
struct End<'a> {
    expected: Role,
    /// The ids of the calls that are not answered.
    open: Vec<&'a str>,
}

/// `None` if no model accepts `messages`, of which those of a turn that is `running` may hold reasoning.
fn end_of<'a>(
    earlier: &dyn Fn(&str) -> bool,
    messages: impl IntoIterator<Item = &'a Message>,
    running: bool,
) -> Option<End<'a>> {
    let mut expected = Role::User;
    let mut open: Vec<&str> = Vec::new();
    let mut seen: HashSet<&str> = HashSet::new();
    for message in messages {
        let answered = message.content.iter().filter_map(|block| match block {
            Block::ToolResult(result) => Some(result.tool_use_id.as_str()),
            Block::Reasoning(_) | Block::Text(_) | Block::ToolUse(_) => None,
        });
        let is_sound = message.role == expected
            && message.content.last().is_some_and(|it| !matches!(it, Block::Reasoning(_)))
            && message.content.iter().all(|block| is_sound(block, message.role, running))
            && (open.is_empty() || message.content.len() == open.len())
            && answered.eq(open.iter().copied());
        open = message.tool_uses().map(|call| call.tool_use_id.as_str()).collect();
        if !is_sound || !open.iter().all(|id| !earlier(id) && seen.insert(*id)) {
            return None;
        }
        expected = if expected == Role::User { Role::Assistant } else { Role::User };
    }
    Some(End { expected, open })
}

fn is_sound(block: &Block, role: Role, running: bool) -> bool {
    match block {
        Block::Reasoning(_) => running && role == Role::Assistant,
        Block::Text(text) => !text.trim().is_empty(),
        Block::ToolUse(call) => role == Role::Assistant && is_call(call),
        Block::ToolResult(result) => {
            role == Role::User && !result.content.is_empty() && result.content.iter().all(is_output)
        }
    }
}

fn is_call(call: &ToolUse) -> bool {
    call.input.is_object() && is_tool_name(&call.name) && is_tool_name(&call.tool_use_id)
}

pub(crate) fn is_output(output: &ToolOutput) -> bool {
    match output {
        ToolOutput::Text(text) => !text.trim().is_empty(),
        ToolOutput::Json(data) => data.is_object(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::{Value, json};

    use super::is_well_formed;
    use crate::{
        message::{Block, Message, Reasoning, Role, ToolOutput, ToolResult, ToolStatus, ToolUse},
        repair::repair,
    };

    pub(crate) fn call(id: &str, input: Value) -> Block {
        Block::ToolUse(ToolUse { tool_use_id: id.into(), name: "t".into(), input })
    }

    pub(crate) fn reasoning(text: &str) -> Block {
        Block::Reasoning(Reasoning::Text { text: text.into(), signature: Some("c2ln".into()) })
    }

    pub(crate) fn result(id: &str, text: &str) -> Block {
        Block::ToolResult(ToolResult::new(id, ToolStatus::Success, text))
    }

    pub(crate) fn assistant(content: Vec<Block>) -> Message {
        Message { role: Role::Assistant, content, id: None }
    }

    pub(crate) fn results(content: Vec<Block>) -> Message {
        Message { role: Role::User, content, id: None }
    }

    pub(crate) fn words(text: &str) -> Message {
        assistant(vec![Block::Text(text.into())])
    }

    /// A turn with one round of `calls` calls; `n` keeps its ids apart from other turns'.
    pub(crate) fn turn(n: usize, calls: usize, output: &str) -> Vec<Message> {
        let mut turn = vec![Message::user(format!("question {n}"))];
        if calls > 0 {
            let ids = || (0..calls).map(|call| format!("{n}-{call}"));
            turn.push(assistant(ids().map(|id| call(&id, json!({}))).collect()));
            turn.push(results(ids().map(|id| result(&id, output)).collect()));
        }
        turn.push(words(&format!("answer {n}")));
        turn
    }

    #[test]
    fn whole_turns_are_well_formed_and_stay_as_they_are() {
        let whole = [turn(1, 0, ""), turn(2, 3, "out"), turn(3, 1, "out")].concat();
        assert!(is_well_formed(&whole) && is_well_formed(&[]));
        assert_eq!(repair(whole.clone()), whole);
    }

    #[test]
    fn what_a_model_refuses_is_not_well_formed_until_it_is_repaired() {
        let one_call = || assistant(vec![call("a", json!({}))]);
        let asked = |rest: Vec<Message>| [vec![Message::user("do it")], rest].concat();
        let refused = [
            ("begins with the model", vec![words("hello")]),
            ("ends with the user", asked(vec![])),
            ("ends with a call", asked(vec![one_call()])),
            ("roles repeat", asked(vec![Message::user("again"), words("yes")])),
            ("no content", asked(vec![assistant(vec![])])),
            ("blank text", asked(vec![words(" \n")])),
            ("a call goes unanswered", asked(vec![one_call(), Message::user("x"), words("y")])),
            (
                "another call is answered",
                asked(vec![one_call(), results(vec![result("b", "x")]), words("y")]),
            ),
            (
                "answered together with words",
                asked(vec![
                    one_call(),
                    results(vec![result("a", "x"), Block::Text("and".into())]),
                    words("y"),
                ]),
            ),
            (
                "data that is no object",
                asked(vec![
                    one_call(),
                    results(vec![Block::ToolResult(ToolResult {
                        content: vec![ToolOutput::Json(json!([1]))],
                        ..ToolResult::new("a", ToolStatus::Success, "x")
                    })]),
                    words("y"),
                ]),
            ),
            ("reasoning", asked(vec![assistant(vec![reasoning("hm"), Block::Text("x".into())])])),
            ("reasoning alone", asked(vec![assistant(vec![reasoning("hm")])])),
            ("an answer to nothing", vec![results(vec![result("a", "x")]), words("y")]),
            ("an id again", [turn(1, 1, "x"), turn(1, 1, "x")].concat()),
            (
                "an id that is too long",
                asked(vec![
                    assistant(vec![call(&"a".repeat(65), json!({}))]),
                    results(vec![result(&"a".repeat(65), "x")]),
                    words("y"),
                ]),
            ),
        ];
        for (what, messages) in refused {
            assert!(!is_well_formed(&messages), "{what}");
            assert!(is_well_formed(&repair(messages)), "{what}");
        }
    }
}
