//! What the strictest model accepts as a history.
//!
//! Amazon Bedrock API Reference, "Message", "ToolUseBlock", "ToolResultBlock", and the Amazon
//! Bedrock User Guide, "Use a tool to complete an Amazon Bedrock model response": roles alternate
//! and begin with the user, no content is empty and no text blank, the ids of tool calls are
//! unique, every call is answered in the one message that follows it, and data in an answer is an
//! object.

use std::collections::HashSet;

use serde_json::json;

use crate::conversation::{Block, Message, Role, ToolOutput, ToolResult, ToolStatus, ToolUse};

const UNKNOWN_OUTCOME: &str = "No result was recorded: whether this was done is unknown.";
const NO_OUTPUT: &str = "(no output)";
const NO_MESSAGE: &str = "(There is no message here.)";
const NO_ANSWER: &str = "(There was no answer.)";

/// The same conversation in a shape that every model accepts: itself, if it has it already.
pub(crate) fn mend(messages: Vec<Message>) -> Vec<Message> {
    if is_accepted(&messages) {
        return messages;
    }
    mend_after([], messages)
}

/// As [`mend`], after whole turns whose calls have the ids `earlier`.
pub(crate) fn mend_after<'a>(
    earlier: impl IntoIterator<Item = &'a str>,
    messages: Vec<Message>,
) -> Vec<Message> {
    let seen = earlier.into_iter().map(str::to_owned).collect();
    let mut mended = Mended { seen, ..Mended::default() };
    for message in messages {
        match message.role {
            Role::User => mended.user(message.content),
            Role::Assistant => mended.assistant(message.content),
        }
    }
    mended.finish()
}

/// Whether every model accepts `messages`, followed by a user's message.
pub(crate) fn is_accepted<'a>(messages: impl IntoIterator<Item = &'a Message>) -> bool {
    is_accepted_after([], messages)
}

/// As [`is_accepted`], after whole turns whose calls have the ids `earlier`.
pub(crate) fn is_accepted_after<'a>(
    earlier: impl IntoIterator<Item = &'a str>,
    messages: impl IntoIterator<Item = &'a Message>,
) -> bool {
    let mut expected = Role::User;
    let mut open: Vec<&str> = Vec::new();
    let mut seen: HashSet<&str> = earlier.into_iter().collect();
    for message in messages {
        let answered = message.content.iter().filter_map(|block| match block {
            Block::ToolResult(result) => Some(result.tool_use_id.as_str()),
            Block::Text(_) | Block::ToolUse(_) => None,
        });
        let is_sound = message.role == expected
            && !message.content.is_empty()
            && message.content.iter().all(|block| is_sound(block, message.role))
            && (open.is_empty() || message.content.len() == open.len())
            && answered.eq(open.iter().copied());
        open = message.tool_uses().map(|call| call.tool_use_id.as_str()).collect();
        if !is_sound || !open.iter().all(|id| seen.insert(*id)) {
            return false;
        }
        expected = if expected == Role::User { Role::Assistant } else { Role::User };
    }
    expected == Role::User && open.is_empty()
}

fn is_sound(block: &Block, role: Role) -> bool {
    match block {
        Block::Text(text) => !text.trim().is_empty(),
        Block::ToolUse(call) => role == Role::Assistant && call.input.is_object(),
        Block::ToolResult(result) => {
            role == Role::User && !result.content.is_empty() && result.content.iter().all(is_output)
        }
    }
}

fn is_output(output: &ToolOutput) -> bool {
    match output {
        ToolOutput::Text(text) => !text.trim().is_empty(),
        ToolOutput::Json(data) => data.is_object(),
    }
}

/// As every model reads it, unless there is nothing in it.
fn readable(output: ToolOutput) -> Option<ToolOutput> {
    let output = match output {
        ToolOutput::Json(data) if !data.is_object() => ToolOutput::Text(data.to_string()),
        output => output,
    };
    is_output(&output).then_some(output)
}

/// A conversation that is accepted up to its last message.
#[derive(Default)]
struct Mended {
    messages: Vec<Message>,
    /// The ids of the last message's calls: as they were, and as they are now.
    open: Vec<(String, String)>,
    seen: HashSet<String>,
}

impl Mended {
    fn user(&mut self, content: Vec<Block>) {
        let (mut results, mut words) = (Vec::new(), Vec::new());
        for block in content {
            match block {
                Block::ToolResult(result) => results.push(result),
                Block::Text(text) if !text.trim().is_empty() => words.push(Block::Text(text)),
                Block::Text(_) | Block::ToolUse(_) => {}
            }
        }
        self.answer(results);
        if words.is_empty() {
            return;
        }
        if self.last_role() == Some(Role::User) {
            self.push(Role::Assistant, vec![Block::Text(NO_ANSWER.to_owned())]);
        }
        self.push(Role::User, words);
    }

    fn assistant(&mut self, content: Vec<Block>) {
        let mut open = Vec::new();
        let mut blocks = Vec::new();
        for block in content {
            match block {
                Block::Text(text) if !text.trim().is_empty() => blocks.push(Block::Text(text)),
                Block::ToolUse(call) => {
                    let id = self.unique(&call.tool_use_id);
                    open.push((call.tool_use_id, id.clone()));
                    let is_object = call.input.is_object();
                    let input = if is_object { call.input } else { json!({ "input": call.input }) };
                    blocks.push(Block::ToolUse(ToolUse { tool_use_id: id, input, ..call }));
                }
                Block::Text(_) | Block::ToolResult(_) => {}
            }
        }
        if blocks.is_empty() {
            return;
        }
        self.answer(Vec::new());
        match self.messages.last_mut() {
            Some(last) if last.role == Role::Assistant => last.content.extend(blocks),
            Some(_) => self.push(Role::Assistant, blocks),
            None => {
                self.push(Role::User, vec![Block::Text(NO_MESSAGE.to_owned())]);
                self.push(Role::Assistant, blocks);
            }
        }
        self.open = open;
    }

    /// Answers the open calls by `results`, in their order; the rest of these answer nothing.
    fn answer(&mut self, mut results: Vec<ToolResult>) {
        let answers = std::mem::take(&mut self.open).into_iter().map(|(was, id)| {
            let at = results.iter().position(|result| result.tool_use_id == was);
            let Some(at) = at else {
                return ToolResult::new(&id, ToolStatus::Error, UNKNOWN_OUTCOME);
            };
            let ToolResult { status, content, .. } = results.remove(at);
            let mut content: Vec<_> = content.into_iter().filter_map(readable).collect();
            if content.is_empty() {
                content.push(ToolOutput::Text(NO_OUTPUT.to_owned()));
            }
            ToolResult { tool_use_id: id, status, content }
        });
        let answers: Vec<Block> = answers.map(Block::ToolResult).collect();
        if !answers.is_empty() {
            self.push(Role::User, answers);
        }
    }

    fn finish(mut self) -> Vec<Message> {
        self.answer(Vec::new());
        if self.last_role() == Some(Role::User) {
            self.push(Role::Assistant, vec![Block::Text(NO_ANSWER.to_owned())]);
        }
        self.messages
    }

    fn unique(&mut self, id: &str) -> String {
        let others = (2..).map(|n: u64| format!("{id}-{n}"));
        let mut free = std::iter::once(id.to_owned()).chain(others);
        let free = free.find(|id| !self.seen.contains(id)).unwrap_or_default();
        self.seen.insert(free.clone());
        free
    }

    fn push(&mut self, role: Role, content: Vec<Block>) {
        self.messages.push(Message { role, content });
    }

    fn last_role(&self) -> Option<Role> {
        self.messages.last().map(|last| last.role)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::{collection::vec, prelude::*};
    use serde_json::{Value, json};

    use super::{NO_ANSWER, UNKNOWN_OUTCOME, is_accepted, mend};
    use crate::conversation::{Block, Message, Role, ToolOutput, ToolResult, ToolStatus, ToolUse};

    fn call(id: &str, input: Value) -> Block {
        Block::ToolUse(ToolUse { tool_use_id: id.into(), name: "t".into(), input })
    }

    fn result(id: &str, text: &str) -> Block {
        Block::ToolResult(ToolResult::new(id, ToolStatus::Success, text))
    }

    fn assistant(content: Vec<Block>) -> Message {
        Message { role: Role::Assistant, content }
    }

    fn results(content: Vec<Block>) -> Message {
        Message { role: Role::User, content }
    }

    fn words(text: &str) -> Message {
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

    /// Anything that a crash, a bug or another program may have left.
    fn wreck() -> impl Strategy<Value = Vec<Message>> {
        let id = prop_oneof!["[abc]", Just("a-2".to_owned())];
        let output = prop_oneof![
            "[ x]{0,2}".prop_map(ToolOutput::Text),
            Just(ToolOutput::Json(json!({ "x": 1 }))),
            Just(ToolOutput::Json(json!(["x"]))),
        ];
        let block = prop_oneof![
            "[ x]{0,2}".prop_map(Block::Text),
            (id.clone(), prop_oneof![Just(json!({})), Just(json!("text"))])
                .prop_map(|(id, input)| call(&id, input)),
            (id, vec(output, 0..3)).prop_map(|(tool_use_id, content)| {
                Block::ToolResult(ToolResult { tool_use_id, status: ToolStatus::Error, content })
            }),
        ];
        let role = prop_oneof![Just(Role::User), Just(Role::Assistant)];
        let message =
            (role, vec(block, 0..4)).prop_map(|(role, content)| Message { role, content });
        vec(message, 0..12)
    }

    proptest! {
        #[test]
        fn whatever_was_left_becomes_acceptable(wreck in wreck()) {
            prop_assert!(is_accepted(&mend(wreck)));
        }

        #[test]
        fn mending_twice_changes_nothing_more(wreck in wreck()) {
            let once = mend(wreck);
            prop_assert_eq!(mend(once.clone()), once);
        }

        #[test]
        fn no_words_are_lost(wreck in wreck()) {
            let said = |messages: &[Message], role| {
                let of = messages.iter().filter(|message| message.role == role);
                let blocks = of.flat_map(|message| &message.content);
                let texts = blocks.filter_map(|block| match block {
                    Block::Text(text) if text.contains('x') => Some(text.clone()),
                    _ => None,
                });
                texts.collect::<Vec<_>>()
            };
            let mended = mend(wreck.clone());
            for role in [Role::User, Role::Assistant] {
                prop_assert_eq!(said(&mended, role), said(&wreck, role));
            }
        }
    }

    #[test]
    fn whole_turns_are_accepted_as_they_are() {
        let whole = [turn(1, 0, ""), turn(2, 3, "out"), turn(3, 1, "out")].concat();
        assert!(is_accepted(&whole) && is_accepted(&[]));
        assert_eq!(mend(whole.clone()), whole);
    }

    #[test]
    fn what_a_model_refuses_is_not_accepted() {
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
            ("an answer to nothing", vec![results(vec![result("a", "x")]), words("y")]),
            ("an id again", [turn(1, 1, "x"), turn(1, 1, "x")].concat()),
        ];
        for (what, messages) in refused {
            assert!(!is_accepted(&messages), "{what}");
            assert!(is_accepted(&mend(messages)), "{what}");
        }
    }

    #[test]
    fn a_call_without_a_result_is_said_to_have_an_unknown_outcome() {
        let died = vec![
            Message::user("create two issues"),
            assistant(vec![call("a", json!({})), call("b", json!({}))]),
            results(vec![result("b", "created")]),
            Message::user("and now?"),
        ];
        let mended = mend(died);
        let unknown = ToolResult::new("a", ToolStatus::Error, UNKNOWN_OUTCOME);
        let answers = results(vec![Block::ToolResult(unknown), result("b", "created")]);
        assert_eq!(mended[2], answers);
        assert_eq!(mended[3..], [words(NO_ANSWER), Message::user("and now?"), words(NO_ANSWER)]);
    }
}
