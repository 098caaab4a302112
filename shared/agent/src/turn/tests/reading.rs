//! Turns whose calls only read.

use super::*;

#[test]
fn a_plain_answer_ends_the_turn() {
    let mut turn = Turn::begin("hello".into(), rules());
    assert!(matches!(turn.next_step(), Step::CallModel));
    turn.model_answered(saying("hi"), &BTreeMap::new(), &[]);
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
fn two_calls_with_one_id_get_ids_of_their_own_because_the_wrong_one_could_be_approved() {
    let mut turn = Turn::begin("please".into(), rules());
    let twice = model_calls(&[("a", ISSUE), ("b", PROFILE), ("a", ISSUE)]);
    turn.model_answered(twice, &BTreeMap::new(), &[]);
    let calls: Vec<&str> = turn.messages()[1].tool_uses().map(|it| &*it.tool_use_id).collect();
    assert_eq!(calls, ["a", "b", "call-3"]);
    assert_eq!(tried(&turn), calls);
}

#[test]
fn a_model_that_never_stops_is_stopped_even_if_it_waits_in_between() {
    let mut turn = Turn::begin("loop".into(), rules());
    for round in 0..MAX_MODEL_CALLS {
        let id = format!("a{round}");
        assert!(matches!(turn.next_step(), Step::CallModel));
        turn.model_answered(model_calls(&[(&id, PROFILE)]), &BTreeMap::new(), &[]);
        turn.needs_consent(&id, "consent".into());
        turn = resumed(&turn, &[], rules()).unwrap();
        turn.answered(fine(&id));
    }
    assert!(matches!(turn.next_step(), Step::Done));
}
