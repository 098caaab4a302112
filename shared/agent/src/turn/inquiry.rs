//! Calls that ask the user something before they go on: what is asked, and what the answers mean.
//!
//! A call that asks has not been made: it is made again with the answers (MCP, "Multi Round-Trip
//! Requests"). One that changes something keeps the approval with which it was claimed, because the user
//! themselves gives what is added. A server that asks without end is stopped.

use serde_json::{Value, json};
use session::{Asking, Question, QuestionKind, ToolUse};

use super::{
    Turn,
    approval::Approval,
    call::{Stage, TurnCall},
    resume::{Answers, Verdict},
    texts,
};
use crate::inquiry::{Given, Inquiry};

/// How often one call may ask.
const MOST_ROUNDS: u32 = 5;

impl Turn {
    /// A call that was made asks something; `fresh` makes interrupts. Returns what the audit trail calls
    /// its outcome.
    pub(crate) fn asks(
        &mut self,
        id: &str,
        inquiry: Inquiry,
        fresh: impl Fn() -> String,
    ) -> &'static str {
        let (may_wait, is_one_call) = (self.rules.may_wait, self.rules.is_one_call);
        let Some(open) = self.open_mut(id) else { return "input_required" };
        open.rounds += 1;
        if open.rounds > MOST_ROUNDS {
            self.answered(texts::asks_too_often(id, &inquiry.server));
            return "asks_too_often";
        }
        if is_one_call {
            self.answered(texts::nobody_to_ask(id, &inquiry.server));
            return "input_required";
        }
        if !may_wait {
            self.withheld = true;
            self.answered(texts::input_missing(id, &inquiry.server));
            return "input_required";
        }
        let Inquiry { server, questions, state } = inquiry;
        let questions = questions.into_iter().map(|asked| Question {
            interrupt: fresh(),
            key: asked.key,
            message: asked.message,
            kind: asked.kind,
            answer: None,
        });
        let asking = Asking {
            server,
            questions: questions.collect(),
            state,
            rounds: open.rounds,
            approval: open.approval.as_ref().map(Approval::to_saved),
            decision: None,
        };
        open.stage = Stage::AwaitingInput(Box::new(asking));
        "input_required"
    }

    /// What the user is asked: by which call, who asks, and what.
    pub fn questions(&self) -> impl Iterator<Item = (&ToolUse, &str, &Question)> {
        self.open_calls().flat_map(|(call, open)| {
            let asking = match &open.stage {
                Stage::AwaitingInput(asking) => Some(asking),
                _ => None,
            };
            asking.into_iter().flat_map(move |asking| {
                let unanswered = asking.questions.iter().filter(|it| it.answer.is_none());
                unanswered.map(move |question| (call, asking.server.as_str(), question))
            })
        })
    }

    /// Takes up a call that was saved asking, with the user's `answers`.
    pub(super) fn take_up_asking(
        &mut self,
        call: &mut TurnCall,
        mut asking: Asking,
        answers: &Answers,
    ) {
        let id = call.tool_use.tool_use_id.clone();
        call.decided(asking.decision.take());
        for question in asking.questions.iter_mut().filter(|it| it.answer.is_none()) {
            match answers.get(&question.interrupt) {
                Some(Verdict::Cancelled | Verdict::CancelledBecause(_)) => {
                    self.withheld = true;
                    return call.finish(texts::input_declined(&id, &asking.server));
                }
                Some(Verdict::Resolved) => {
                    question.answer = Some(accepted(&question.kind, json!({})));
                }
                Some(Verdict::Answered(values)) => {
                    question.answer = Some(accepted(&question.kind, values.clone()));
                }
                None if !self.rules.may_wait => {
                    self.withheld = true;
                    return call.finish(texts::input_missing(&id, &asking.server));
                }
                None => {}
            }
        }
        let Some(open) = call.open_mut() else { return };
        open.rounds = asking.rounds;
        open.approval = asking.approval.as_ref().map(Approval::from_saved);
        let given = asking.questions.iter().map(|question| {
            let answer = question.answer.clone()?;
            Some((question.key.clone(), answer))
        });
        match given.collect() {
            Some(responses) => {
                open.given = Some(Given { responses, state: asking.state.clone() });
                open.stage = Stage::Pending(open.approval.clone());
            }
            None => open.stage = Stage::AwaitingInput(Box::new(asking)),
        }
    }
}

/// As MCP has it: what was filled in is the content; a visited page has none.
fn accepted(kind: &QuestionKind, values: Value) -> Value {
    match kind {
        QuestionKind::Form(_) => json!({ "action": "accept", "content": values }),
        QuestionKind::Page(_) => json!({ "action": "accept" }),
    }
}
