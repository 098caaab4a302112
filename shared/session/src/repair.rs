//! Repairs a history that a model would refuse: after a crash, or as another program left it.

use std::collections::HashSet;

use serde_json::json;

use crate::{
    message::{Block, Message, Role, ToolOutput, ToolResult, ToolStatus, ToolUse},
    names::{fit_tool_name, fit_tool_use_id},
    pending::{Call, CallState, Pending},
    well_formed::{is_output, is_pending_well_formed, is_well_formed},
};

const UNKNOWN_OUTCOME: &str = "No result was recorded: whether this was done is unknown.";
const NO_OUTPUT: &str = "(no output)";
const NO_MESSAGE: &str = "(There is no message here.)";
const NO_ANSWER: &str = "(There was no answer.)";

/// The same conversation in a form that every model accepts; unchanged if it has that already.
pub(crate) fn repair(messages: Vec<Message>) -> Vec<Message> {
    if is_well_formed(&messages) {
        return messages;
    }
    repair_after(&|_| false, messages)
}

/// As [`repair`], after whole turns of which `earlier` returns whether a call has an id.
pub(crate) fn repair_after(earlier: &dyn Fn(&str) -> bool, messages: Vec<Message>) -> Vec<Message> {
    let mut repaired = Repaired::after(earlier);
    repaired.take(messages);
    repaired.finish()
}

/// As [`repair_after`], of the turn that waits. What is open in it stays open, and a call of which nothing
/// is recorded counts as untried.
pub(crate) fn repair_pending(earlier: &dyn Fn(&str) -> bool, pending: Pending) -> Pending {
    if is_pending_well_formed(earlier, &pending) {
        return pending;
    }
    let Pending { turn, mut calls } = pending;
    let mut repaired = Repaired { is_running: true, ..Repaired::after(earlier) };
    repaired.take(turn);
    if repaired.messages.is_empty() {
        repaired.push(Role::User, vec![Block::Text(NO_MESSAGE.to_owned())]);
    }
    let Repaired { messages: turn, open, .. } = repaired;
    let calls = open.into_iter().map(|(was, tool_use_id)| {
        let at = calls.iter().position(|call| call.tool_use_id == was);
        let state = at.map_or(CallState::Untried, |at| calls.remove(at).state);
        let state = match state {
            CallState::Finished(result) => CallState::Finished(readable(&tool_use_id, result)),
            state => state,
        };
        Call { tool_use_id, state }
    });
    let calls = calls.collect();
    Pending { turn, calls }
}

/// The result of the call `id` as every model reads it.
fn readable(id: &str, ToolResult { status, content, .. }: ToolResult) -> ToolResult {
    let mut content: Vec<_> = content.into_iter().filter_map(readable_output).collect();
    if content.is_empty() {
        content.push(ToolOutput::Text(NO_OUTPUT.to_owned()));
    }
    ToolResult { tool_use_id: id.to_owned(), status, content, decision: None }
}

/// As every model reads it, unless there is nothing in it.
fn readable_output(output: ToolOutput) -> Option<ToolOutput> {
    let output = match output {
        ToolOutput::Json(data) if !data.is_object() => ToolOutput::Text(data.to_string()),
        output => output,
    };
    is_output(&output).then_some(output)
}

/// A conversation that is accepted up to its last message.
struct Repaired<'a> {
    /// Returns whether a call of an earlier turn has an id.
    earlier: &'a dyn Fn(&str) -> bool,
    messages: Vec<Message>,
    /// The ids of the last message's calls: as they were, and as they are now.
    open: Vec<(String, String)>,
    seen: HashSet<String>,
    /// Whether the turn still runs, so that its reasoning is kept.
    is_running: bool,
}

impl<'a> Repaired<'a> {
    /// Nothing yet, after whole turns of which `earlier` returns whether a call has an id.
    fn after(earlier: &'a dyn Fn(&str) -> bool) -> Self {
        let (messages, open, seen) = Default::default();
        Self { earlier, messages, open, seen, is_running: false }
    }

    fn take(&mut self, messages: Vec<Message>) {
        for message in messages {
            match message.role {
                Role::User => self.user(message.content, message.id),
                Role::Assistant => self.assistant(message.content),
            }
        }
    }

    fn user(&mut self, content: Vec<Block>, id: Option<String>) {
        let (mut results, mut words) = (Vec::new(), Vec::new());
        for block in content {
            match block {
                Block::ToolResult(result) => results.push(result),
                Block::Text(text) if !text.trim().is_empty() => words.push(Block::Text(text)),
                Block::Reasoning(_) | Block::Text(_) | Block::ToolUse(_) => {}
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
        self.messages.last_mut().into_iter().for_each(|message| message.id = id.clone());
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
                    let name = fit_tool_name(&call.name);
                    blocks.push(Block::ToolUse(ToolUse { tool_use_id: id, name, input }));
                }
                Block::Reasoning(it) if self.is_running => blocks.push(Block::Reasoning(it)),
                Block::Reasoning(_) | Block::Text(_) | Block::ToolResult(_) => {}
            }
        }
        // What the model thought of something that is not here any more.
        while matches!(blocks.last(), Some(Block::Reasoning(_))) {
            blocks.pop();
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

    /// Gives each open call its result, in the order of the calls. Results of other calls are dropped.
    fn answer(&mut self, mut results: Vec<ToolResult>) {
        let answers = std::mem::take(&mut self.open).into_iter().map(|(was, id)| {
            let at = results.iter().position(|result| result.tool_use_id == was);
            let Some(at) = at else {
                return ToolResult::new(&id, ToolStatus::Error, UNKNOWN_OUTCOME);
            };
            readable(&id, results.remove(at))
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
        let (mut free, mut number) = (fit_tool_use_id(id, ""), 1_u64);
        while (self.earlier)(&free) || !self.seen.insert(free.clone()) {
            number += 1;
            free = fit_tool_use_id(id, &format!("-{number}"));
        }
        free
    }

    fn push(&mut self, role: Role, content: Vec<Block>) {
        self.messages.push(Message { role, content, id: None });
    }

    fn last_role(&self) -> Option<Role> {
        self.messages.last().map(|last| last.role)
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};
    use serde_json::json;

    use super::{NO_ANSWER, UNKNOWN_OUTCOME, repair, repair_pending};
    use crate::{
        message::{Block, Message, Role, ToolOutput, ToolResult, ToolStatus},
        pending::{Call, CallState, Pending},
        well_formed::{
            is_pending_well_formed, is_well_formed,
            tests::{assistant, call, reasoning, result, results, words},
        },
    };

    /// Anything that a crash, a bug or another program may have left.
    fn wreck() -> impl Strategy<Value = Vec<Message>> {
        let id = prop_oneof!["[abc]", Just("a-2".to_owned()), "[a.]{0,2}", Just("a".repeat(65))];
        let output = prop_oneof![
            "[ x]{0,2}".prop_map(ToolOutput::Text),
            Just(ToolOutput::Json(json!({ "x": 1 }))),
            Just(ToolOutput::Json(json!(["x"]))),
        ];
        let block = prop_oneof![
            "[ x]{0,2}".prop_map(Block::Text),
            Just(reasoning("hm")),
            (id.clone(), prop_oneof![Just(json!({})), Just(json!("text"))])
                .prop_map(|(id, input)| call(&id, input)),
            (id, vec(output, 0..3)).prop_map(|(tool_use_id, content)| {
                Block::ToolResult(ToolResult {
                    tool_use_id,
                    status: ToolStatus::Error,
                    content,
                    decision: None,
                })
            }),
        ];
        let role = prop_oneof![Just(Role::User), Just(Role::Assistant)];
        let message = (role, vec(block, 0..4)).prop_map(|(role, content)| Message {
            role,
            content,
            id: None,
        });
        vec(message, 0..12)
    }

    proptest! {
        #[test]
        fn any_history_becomes_well_formed(wreck in wreck()) {
            prop_assert!(is_well_formed(&repair(wreck)));
        }

        #[test]
        fn a_second_repair_changes_nothing(wreck in wreck()) {
            let once = repair(wreck);
            prop_assert_eq!(repair(once.clone()), once);
        }

        #[test]
        fn any_turn_that_waits_becomes_well_formed_and_a_second_repair_changes_nothing(
            history in wreck(),
            turn in wreck(),
            calls in vec("[abc]", 0..4),
        ) {
            let history = repair(history);
            let started = |tool_use_id| Call { tool_use_id, state: CallState::Started { until: 0, decision: None } };
            let pending = Pending { turn, calls: calls.into_iter().map(started).collect() };
            let has_call = |message: &Message, id: &str| {
                message.tool_uses().any(|call| call.tool_use_id == id)
            };
            let earlier = |id: &str| history.iter().any(|message| has_call(message, id));
            let once = repair_pending(&earlier, pending);
            prop_assert!(is_pending_well_formed(&earlier, &once));
            prop_assert_eq!(repair_pending(&earlier, once.clone()), once);
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
            let repaired = repair(wreck.clone());
            for role in [Role::User, Role::Assistant] {
                prop_assert_eq!(said(&repaired, role), said(&wreck, role));
            }
        }
    }

    #[test]
    fn reasoning_stays_in_a_turn_that_waits_before_what_it_led_to() {
        let content = || vec![reasoning("hm"), call("a b", json!({})), reasoning("lost")];
        let turn =
            vec![Message::user("do it"), assistant(vec![reasoning("lost")]), assistant(content())];
        let repaired = repair_pending(&|_| false, Pending { turn, calls: vec![] });
        let kept = assistant(vec![reasoning("hm"), call("a_b", json!({}))]);
        assert_eq!(repaired.turn, [Message::user("do it"), kept]);
    }

    #[test]
    fn a_claimed_call_stays_claimed_under_the_id_that_it_is_given() {
        let state = CallState::Started { until: 7, decision: None };
        let pending = Pending {
            turn: vec![Message::user("do it"), assistant(vec![call("a b", json!({}))])],
            calls: vec![Call { tool_use_id: "a b".into(), state: state.clone() }],
        };
        let repaired = repair_pending(&|_| false, pending);
        assert_eq!(repaired.calls, [Call { tool_use_id: "a_b".into(), state }]);
        assert_eq!(repaired.turn[1], assistant(vec![call("a_b", json!({}))]));
    }

    #[test]
    fn a_call_without_a_result_is_said_to_have_an_unknown_outcome() {
        let died = vec![
            Message::user("create two issues"),
            assistant(vec![call("a", json!({})), call("b", json!({}))]),
            results(vec![result("b", "created")]),
            Message::user("and now?"),
        ];
        let repaired = repair(died);
        let unknown = ToolResult::new("a", ToolStatus::Error, UNKNOWN_OUTCOME);
        let answers = results(vec![Block::ToolResult(unknown), result("b", "created")]);
        assert_eq!(repaired[2], answers);
        assert_eq!(repaired[3..], [words(NO_ANSWER), Message::user("and now?"), words(NO_ANSWER)]);
    }
}
