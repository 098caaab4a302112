//! Turns that end before their calls are made, and what is told of that.

use super::*;
use crate::{provider::Provider, turn::Answered};

#[test]
fn a_turn_that_is_stopped_says_so_and_makes_no_call_that_had_not_begun() {
    let last = |turn: &Turn| turn.messages().last().unwrap().text();
    let mut turn = calling(&[("a", PROFILE), ("b", ISSUE)]);
    assert!(!turn.was_stopped() && !turn.withheld());
    turn.stop("");
    assert!(turn.was_stopped());
    assert!(matches!(turn.next_step(), Step::Done));
    assert_eq!(turn.messages()[2].content.len(), 2, "every call has its result");
    assert_eq!(last(&turn), "(Stopped before there was an answer.)");

    let mut turn = Turn::begin("please".into(), rules());
    turn.stop(" So far ");
    assert_eq!(last(&turn), "So far\n\n(Stopped here.)");
    let mut turn = Turn::begin("please".into(), rules());
    turn.model_answered(saying("All of it."), &BTreeMap::new(), &[]);
    turn.stop("");
    assert_eq!(last(&turn), "All of it.");
}

#[test]
fn the_reason_for_a_no_is_quoted_as_a_person_sees_it() {
    let told_of = |reason: &str| {
        let no = Verdict::CancelledBecause(reason.to_owned());
        told(&resumed(&unconfirmed(), &[("confirm", no)], rules()).unwrap()).remove(0)
    };
    let told = told_of(" no\u{200b}t\ntoday ");
    assert!(told.contains(r#"The reason that they gave: \"not\\ntoday\"."#), "{told}");
    assert!(!told_of(" \u{200b}").contains("reason"));
}

#[test]
fn a_refusal_of_the_models_ends_a_turn_only_while_it_has_results_to_tell() {
    assert!(!Turn::begin("please".into(), rules()).ends_with_refusal());
    let mut turn = calling(&[("a", PROFILE)]);
    assert!(!turn.ends_with_refusal());
    turn.answered(fine("a"));
    assert!(turn.ends_with_refusal());
    turn.model_answered(saying("That is you."), &BTreeMap::new(), &[]);
    assert!(!turn.ends_with_refusal());
}

#[test]
fn history_that_the_model_refuses_is_left_out_from_then_on() {
    let mut turn = Turn::begin("please".into(), rules());
    assert!(!turn.is_without_history());
    turn.leave_history_out();
    assert!(turn.is_without_history());
}

fn waiting(turn: &Turn, provider: &Provider) -> Vec<String> {
    turn.calls_awaiting(provider).map(str::to_owned).collect()
}

#[test]
fn the_calls_of_a_provider_that_is_disconnected_end_and_those_of_another_wait_on() {
    let mut turn = calling(&[("a", PROFILE), ("b", EVENTS), ("c", TIME), ("d", REPOSITORIES)]);
    turn.needs_consent("a", "at GitHub".into());
    turn.needs_consent("b", "at the calendar".into());
    assert_eq!(waiting(&turn, &github()), ["a"]);
    turn.disconnected(&github());
    assert!(waiting(&turn, &github()).is_empty());
    assert_eq!(waiting(&turn, &calendar()), ["b"]);
}

#[test]
fn m14_each_answer_is_told_once_and_a_new_message_is_a_no_to_what_it_leaves_open() {
    let mut turn = calling(&[("x", EVENTS), ("a", ISSUE)]);
    turn.needs_consent("x", "consent".into());
    turn.previewed("a", "octo-alice", "confirm".into(), NOW);
    let pending = saved(&turn);
    let none = Answers::new();
    let no = Answered::new("confirm", "new_message", Some(&pending));
    assert_eq!(Answered::all(&pending, &none, true, NOW), []);
    assert_eq!(Answered::all(&pending, &none, false, NOW), [no]);
    assert_eq!(Answered::all(&pending, &none, false, NOW + 1_000 * HOUR), []);
    let yes = Answers::from([("confirm".to_owned(), Verdict::Resolved)]);
    let resolved = Answered::new("confirm", "resolved", Some(&pending));
    assert_eq!(Answered::all(&pending, &yes, false, NOW), [resolved]);
    let told = format!("{resolved:?}");
    assert!(told.contains(r#"Some("action")"#) && told.contains(ISSUE), "{told}");
    let told = format!("{:?}", Answered::new("consent", "resolved", Some(&pending)));
    assert!(told.contains(r#"Some("consent")"#) && told.contains(EVENTS), "{told}");
}
