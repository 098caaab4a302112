//! A model's mistakes, and a model that does not go on: neither ends the user's conversation.

use super::*;

fn unreadable(turn: &mut Turn, id: &str) {
    let why = BTreeMap::from([(0, "the input is no JSON".to_owned())]);
    turn.model_answered(model_calls(&[(id, PROFILE)]), &why, &[]);
}

#[test]
fn the_model_is_told_that_an_input_can_not_be_read_and_the_other_calls_go_on() {
    let mut turn = Turn::begin("please".into(), rules());
    let why = BTreeMap::from([(1, "the input is no JSON".to_owned())]);
    turn.model_answered(model_calls(&[("a", PROFILE), ("b", PROFILE)]), &why, &[]);
    assert_eq!(tried(&turn), ["a"]);
    turn.answered(fine("a"));
    assert!(told(&turn)[1].contains("the input is no JSON"));
    assert!(matches!(turn.next_step(), Step::CallModel));
}

#[test]
fn after_two_messages_that_can_not_be_read_a_third_one_ends_the_turn_in_plain_words() {
    let mut turn = Turn::begin("please".into(), rules());
    for id in ["a", "b"] {
        unreadable(&mut turn, id);
        assert!(matches!(turn.next_step(), Step::CallModel));
    }
    unreadable(&mut turn, "c");
    assert!(matches!(turn.next_step(), Step::Done));
    assert!(turn.messages().last().unwrap().text().contains("can't be read"));
}

fn wrong(turn: &mut Turn, id: &str) {
    let call = Block::ToolUse(call(id, PROFILE, json!({ "title": 5 })));
    let message = Message { role: Role::Assistant, content: vec![call], id: None };
    turn.model_answered(message, &BTreeMap::new(), &[]);
}

#[test]
fn an_input_that_is_not_of_the_schema_is_told_to_the_model_before_a_consent_is_asked_for() {
    let mut turn = Turn::begin("please".into(), rules());
    wrong(&mut turn, "a");
    assert!(matches!(turn.next_step(), Step::CallModel));
    assert!(told(&turn)[0].contains("The input is wrong: invalid type: integer `5`"));
}

#[test]
fn inputs_that_are_not_of_the_schema_end_the_turn_after_two_such_messages() {
    let mut turn = Turn::begin("please".into(), rules());
    wrong(&mut turn, "a");
    unreadable(&mut turn, "b");
    assert!(matches!(turn.next_step(), Step::CallModel));
    wrong(&mut turn, "c");
    assert!(matches!(turn.next_step(), Step::Done));
    assert!(turn.messages().last().unwrap().text().contains("can't be read"));
}

#[test]
fn a_name_that_no_model_takes_back_is_made_to_fit_and_is_no_tool() {
    let mut turn = Turn::begin("please".into(), rules());
    let calls = model_calls(&[("a b", "$READFILE"), ("b", "github.get_profile")]);
    turn.model_answered(calls, &BTreeMap::new(), &[]);
    let call = turn.messages()[1].tool_uses().next().unwrap();
    assert_eq!((&*call.name, &*call.tool_use_id), ("_READFILE", "call-1"));
    assert!(told(&turn).iter().all(|told| told.contains("no such tool")));
}

#[test]
fn an_id_of_an_earlier_turn_is_not_used_again() {
    let mut turn = Turn::begin("please".into(), rules());
    let earlier = [model_calls(&[("a", PROFILE)])];
    turn.model_answered(model_calls(&[("a", PROFILE)]), &BTreeMap::new(), &earlier);
    assert_eq!(tried(&turn), ["call-2"]);
}

#[test]
fn what_was_done_is_said_in_words_of_our_own_if_the_model_does_not_go_on() {
    let turn = resumed(&unconfirmed(), &[("confirm", Verdict::Resolved)], rules()).unwrap();
    let mut turn = claimed(turn, "octo-alice");
    assert!(!turn.ends_with_refusal());
    let data = json!({ "created": true, "url": "https://github.example/1" });
    let reply = Reply { outcome: Ok(data), allows: None, request_id: None };
    turn.was_applied("a", None, reply);
    assert!(turn.ends_with_refusal());
    turn.report_results();
    assert!(matches!(turn.next_step(), Step::Done));
    let said = turn.messages().last().unwrap().text();
    assert!(said.contains("github_create_issue: done, https://github.example/1"), "{said}");
}

#[test]
fn the_report_tells_of_every_round_of_the_turn() {
    let mut turn = calling(&[("a", PROFILE)]);
    turn.answered(fine("a"));
    turn.model_answered(model_calls(&[("b", REPOSITORIES)]), &BTreeMap::new(), &[]);
    turn.answered(failed("b"));
    turn.report_results();
    let said = turn.messages().last().unwrap().text();
    assert!(said.contains("github_get_profile: fine"), "{said}");
    assert!(said.contains("github_list_repositories: GitHub says no."), "{said}");
}

#[test]
fn a_turn_of_which_nothing_was_done_has_nothing_to_report() {
    assert!(!Turn::begin("please".into(), rules()).ends_with_refusal());
    assert!(!unconfirmed().ends_with_refusal());
}

#[test]
fn a_turn_that_ends_for_two_reasons_at_once_ends_with_one_message() {
    let mut turn = Turn::begin("please".into(), rules());
    for round in 0..MAX_MODEL_CALLS - MAX_UNREADABLE_ROUNDS - 1 {
        let id = format!("a{round}");
        turn.model_answered(model_calls(&[(&id, PROFILE)]), &BTreeMap::new(), &[]);
        turn.answered(fine(&id));
    }
    for id in ["x", "y", "z"] {
        unreadable(&mut turn, id);
    }
    assert!(matches!(turn.next_step(), Step::Done));
    let roles: Vec<Role> = turn.messages().iter().rev().take(2).map(|it| it.role).collect();
    assert_eq!(roles, [Role::Assistant, Role::User]);
}
