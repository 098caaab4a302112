//! Turns whose calls only read.

use super::*;

#[test]
fn a_plain_answer_ends_the_turn() {
    let mut turn = Turn::begin("hello".into(), rules());
    assert!(matches!(turn.next_step(), Step::CallModel));
    turn.model_answered(saying("hi")).unwrap();
    assert!(matches!(turn.next_step(), Step::Done));
}

#[test]
fn all_results_go_to_the_model_in_one_message_and_in_the_order_of_the_calls() {
    let mut turn = calling(&[("a", PROFILE), ("b", REPOSITORIES)]);
    assert_eq!(tried(&turn), ["a", "b"]);
    turn.answered(fine("b"));
    assert_eq!(tried(&turn), ["a"]);
    turn.answered(failed("a"));
    assert!(matches!(turn.next_step(), Step::CallModel));
    assert!(told(&turn)[0].contains("says no") && told(&turn)[1].contains("fine"));
}

#[test]
fn a_call_of_no_tool_is_answered_at_once_and_the_others_go_on() {
    let mut turn = calling(&[("a", "approve_everything"), ("b", PROFILE)]);
    assert_eq!(tried(&turn), ["b"]);
    turn.answered(fine("b"));
    assert!(told(&turn)[0].contains("no such tool"));
    let turn = calling(&[("a", "approve_everything")]);
    assert!(matches!(turn.next_step(), Step::CallModel), "the model hears of it");
}

#[test]
fn an_answer_to_an_unknown_call_changes_nothing() {
    let mut turn = calling(&[("a", PROFILE)]);
    turn.answered(fine("unknown"));
    assert_eq!(tried(&turn), ["a"]);
}

#[test]
fn two_calls_with_one_id_are_refused_because_the_wrong_one_could_be_approved() {
    let mut turn = Turn::begin("please".into(), rules());
    let twice = model_calls(&[("a", ISSUE), ("b", PROFILE), ("a", ISSUE)]);
    assert_eq!(turn.model_answered(twice), Err(SameId));
}

#[test]
fn a_model_that_never_stops_is_stopped_even_if_it_waits_in_between() {
    let mut turn = Turn::begin("loop".into(), rules());
    for _ in 0..MAX_MODEL_CALLS {
        assert!(matches!(turn.next_step(), Step::CallModel));
        turn.model_answered(model_calls(&[("a", PROFILE)])).unwrap();
        turn.needs_consent("a", "consent".into());
        turn = resumed(&turn, &[], rules()).unwrap();
        turn.answered(fine("a"));
    }
    assert!(matches!(turn.next_step(), Step::Done));
}
