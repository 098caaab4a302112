//! Calls that ask the user something before they go on.

use session::QuestionKind;

use super::*;
use crate::inquiry::{Inquiry, InquiryQuestion};

fn inquiry(keys: &[&str]) -> Inquiry {
    let question = |key: &&str| InquiryQuestion {
        key: (*key).to_owned(),
        message: "Are you sure?".into(),
        kind: QuestionKind::Form(json!({ "type": "object" })),
    };
    let questions = keys.iter().map(question).collect();
    Inquiry { server: "notes".into(), questions, state: Some("state".into()) }
}

/// A reader that asks one thing, as interrupt `asked`.
fn asking(rules: Rules) -> Turn {
    let mut turn = calling_by(rules, &[("a", TIME)]);
    turn.asks("a", inquiry(&["sure"]), || "asked".into());
    turn
}

fn answer() -> Verdict {
    Verdict::Answered(json!({ "sure": true }))
}

#[test]
fn a_call_that_asks_waits_and_goes_on_with_the_answer_and_the_servers_state() {
    let turn = asking(rules());
    assert!(matches!(turn.next_step(), Step::Pause));
    let [(call, server, question)] = turn.questions().collect::<Vec<_>>()[..] else { panic!() };
    assert_eq!((&*call.tool_use_id, server, &*question.interrupt), ("a", "notes", "asked"));

    let turn = resumed(&turn, &[("asked", answer())], rules()).unwrap();
    let Step::Try(attempts) = turn.next_step() else { panic!("not tried") };
    let given = attempts[0].given.as_ref().unwrap();
    assert_eq!(given.state.as_deref(), Some("state"));
    let accepted = json!({ "action": "accept", "content": { "sure": true } });
    assert_eq!(given.responses["sure"], accepted);
}

#[test]
fn an_unanswered_question_stays_open_and_is_the_same() {
    let turn = asking(rules());
    let again = resumed(&turn, &[], rules()).unwrap();
    assert!(matches!(again.next_step(), Step::Pause));
    assert_eq!(saved(&again), saved(&turn));
}

#[test]
fn a_declined_question_and_a_new_message_end_the_call() {
    let no = resumed(&asking(rules()), &[("asked", Verdict::Cancelled)], rules()).unwrap();
    assert!(told(&no)[0].contains("declined what notes asks"), "{:?}", told(&no));
    let other = resumed(&asking(rules()), &[], gone_on()).unwrap();
    assert!(told(&other)[0].contains("has no answer yet"), "{:?}", told(&other));
    let never = asking(gone_on());
    assert!(told(&never)[0].contains("has no answer yet") && never.withheld());
}

#[test]
fn each_of_several_questions_is_answered_by_its_own_interrupt() {
    let mut turn = calling(&[("a", TIME)]);
    let ids = std::cell::RefCell::new(vec!["second".to_owned(), "first".to_owned()]);
    turn.asks("a", inquiry(&["x", "y"]), || ids.borrow_mut().pop().unwrap());
    let turn = resumed(&turn, &[("first", answer())], rules()).unwrap();
    assert!(matches!(turn.next_step(), Step::Pause));
    assert_eq!(turn.questions().count(), 1);
    let twice = resumed(&turn, &[("first", answer())], rules()).unwrap_err();
    assert_eq!(twice, ResumeError::NotOpen("first".into()));
    let turn = resumed(&turn, &[("second", Verdict::Resolved)], rules()).unwrap();
    let Step::Try(attempts) = turn.next_step() else { panic!("not tried") };
    assert_eq!(attempts[0].given.as_ref().unwrap().responses.len(), 2);
}

#[test]
fn a_change_that_asks_keeps_its_approval_and_is_claimed_again() {
    let turn = resumed(&unconfirmed(), &[("confirm", Verdict::Resolved)], rules()).unwrap();
    let mut turn = claimed(turn, "octo-alice");
    turn.asks("a", inquiry(&["sure"]), || "asked".into());
    assert!(matches!(turn.next_step(), Step::Pause));
    assert!(matches!(saved(&turn).calls[0].state, CallState::Asking(_)));

    let turn = resumed(&turn, &[("asked", answer())], rules()).unwrap();
    let turn = claimed(turn, "octo-alice");
    let Step::Apply(action) = turn.next_step() else { panic!("not applied") };
    assert!(action.given.is_some());
    // Without a result it is never made again.
    let lost = resumed(&turn, &[], rules()).unwrap();
    assert!(told(&lost)[0].contains("not known whether"), "{:?}", told(&lost));
}

#[test]
fn an_answer_is_no_approval_of_another_action() {
    let turn = resumed(&unconfirmed(), &[("confirm", Verdict::Resolved)], rules()).unwrap();
    let mut turn = claimed(turn, "octo-alice");
    turn.asks("a", inquiry(&["sure"]), || "asked".into());
    let mut turn = resumed(&turn, &[("asked", answer())], rules()).unwrap();
    assert!(turn.previewed("a", "octo-bob", "afresh".into(), NOW).is_some(), "asked again");
}

#[test]
fn a_server_that_asks_without_end_is_stopped() {
    let mut turn = calling(&[("a", TIME)]);
    for _ in 0..5 {
        turn.asks("a", inquiry(&["sure"]), || "asked".into());
        turn = resumed(&turn, &[("asked", answer())], rules()).unwrap();
    }
    turn.asks("a", inquiry(&["sure"]), || "asked".into());
    assert!(told(&turn)[0].contains("too often"), "{:?}", told(&turn));
}
