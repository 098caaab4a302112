//! One call of a client's: a turn without a model.

use session::QuestionKind;

use super::*;
use crate::inquiry::{Inquiry, InquiryQuestion};

fn of_one_call() -> Rules {
    Rules { is_one_call: true, ..rules() }
}

fn called(tool: &str, input: Value) -> Turn {
    Turn::of_one_call("a".into(), tool.into(), input, "Asked by a client.".into(), rules())
}

fn result(turn: &Turn) -> &ToolResult {
    assert!(matches!(turn.next_step(), Step::Done), "{:?}", turn.next_step());
    assert_eq!(turn.messages().last().map(|last| last.role), Some(Role::Assistant));
    turn.result_of_call().unwrap()
}

#[test]
fn a_client_call_ends_with_its_result_and_asks_no_model() {
    let mut turn = called(TIME, json!({}));
    assert_eq!(tried(&turn), ["a"]);
    turn.answered(fine("a"));
    assert_eq!(result(&turn).status, ToolStatus::Success);
}

#[test]
fn a_client_call_that_changes_something_is_approved_and_claimed_as_any_other() {
    let mut turn = called(ISSUE, json!({}));
    assert!(turn.previewed("a", "octo-alice", "confirm".into(), NOW).is_some());
    assert!(matches!(turn.next_step(), Step::Pause));
    let again = resumed(&turn, &[], of_one_call()).unwrap();
    assert!(matches!(again.next_step(), Step::Pause), "the same call approves nothing");
    let yes = resumed(&again, &[("confirm", Verdict::Resolved)], of_one_call()).unwrap();
    let mut turn = claimed(yes, "octo-alice");
    let lost = resumed(&turn, &[], of_one_call()).unwrap();
    assert_eq!(result(&lost).status, ToolStatus::Error);
    turn.answered(fine("a"));
    assert_eq!(result(&turn).status, ToolStatus::Success);
}

#[test]
fn a_client_call_of_an_unknown_tool_or_that_asks_something_ends_with_an_error() {
    assert_eq!(result(&called("nothing", json!({}))).status, ToolStatus::Error);
    let mut turn = called(TIME, json!({}));
    let kind = QuestionKind::Form(json!({ "type": "object" }));
    let question = InquiryQuestion { key: "sure".into(), message: "Sure?".into(), kind };
    let inquiry = Inquiry { server: "notes".into(), questions: vec![question], state: None };
    turn.asks("a", inquiry, || "asked".into());
    let told = serde_json::to_string(&result(&turn).content).unwrap();
    assert!(told.contains("notes wants to know something"), "{told}");
}

#[test]
fn a_client_call_counts_as_what_the_user_asked_for() {
    let turn = called(REPOSITORIES, json!({}));
    assert!(turn.user_said(&["octo-alice/diary"]) && !turn.user_said::<&str>(&[]));
    assert!(!calling(&[("a", REPOSITORIES)]).user_said(&["octo-alice/diary"]));
}
