//! Calls that need a consent.

use super::*;
use crate::{provider::MAX_SETS, turn::Impossible};

fn waiting() -> Turn {
    let mut turn = calling(&[("a", REPOSITORIES), ("b", PROFILE)]);
    turn.needs_consent("a", "consent".into());
    turn.answered(fine("b"));
    assert!(matches!(turn.next_step(), Step::Pause));
    turn
}

#[test]
fn only_what_waits_is_tried_again_by_any_next_request() {
    for answers in [&[][..], &[("consent", Verdict::Resolved)]] {
        let mut turn = resumed(&waiting(), answers, rules()).unwrap();
        assert_eq!(tried(&turn), ["a"]);
        turn.answered(fine("a"));
        assert!(matches!(turn.next_step(), Step::CallModel));
    }
}

#[test]
fn one_consent_is_asked_for_all_that_waits_under_one_interrupt() {
    let mut turn = calling(&[("a", REPOSITORIES), ("b", PROFILE)]);
    turn.needs_consent("a", "first".into());
    turn.needs_consent("b", "second".into());
    assert_eq!(turn.consent_interrupt(&github()), Some("first"));
    assert_eq!(joined(&turn.consents_needed()[&github()]), "read:user repo");
}

#[test]
fn a_resume_without_consent_keeps_the_interrupt() {
    let mut turn = resumed(&waiting(), &[], rules()).unwrap();
    turn.needs_consent("a", "another".into());
    assert_eq!(turn.consent_interrupt(&github()), Some("consent"));
    assert_eq!(saved(&turn), saved(&waiting()), "nothing to save");
}

#[test]
fn a_declined_call_is_not_tried_and_the_model_is_told() {
    let turn = resumed(&waiting(), &[("consent", Verdict::Cancelled)], rules()).unwrap();
    assert!(told(&turn)[0].contains("declined"));
    assert!(matches!(turn.next_step(), Step::CallModel));
}

#[test]
fn a_new_message_tries_once_more_and_then_the_call_is_answered_as_not_run() {
    let mut turn = resumed(&waiting(), &[], gone_on()).unwrap();
    assert_eq!(tried(&turn), ["a"]);
    turn.needs_consent("a", "another".into());
    assert!(told(&turn)[0].contains("not authorized it yet"));
    assert!(matches!(turn.next_step(), Step::CallModel), "the model speaks");
    assert!(turn.consents_needed().is_empty());
}

#[test]
fn after_a_new_message_no_call_waits_for_the_user_however_often_the_model_tries() {
    let mut turn = resumed(&waiting(), &[], gone_on()).unwrap();
    turn.needs_consent("a", "another".into());
    turn.model_answered(model_calls(&[("c", REPOSITORIES), ("d", ISSUE)]), &BTreeMap::new(), &[]);
    turn.needs_consent("c", "another".into());
    assert!(turn.previewed("d", "octo-alice", "confirm".into(), NOW).is_none());
    assert!(matches!(turn.next_step(), Step::CallModel));
    assert!(told(&turn)[1].contains("not confirmed"));
}

#[test]
fn a_refused_token_leads_to_one_forced_consent_for_what_it_lacked_too() {
    let mut turn = calling(&[("a", REPOSITORIES)]);
    turn.refused("a", refused(&["read:user", "repo"], "a"));
    assert_eq!(need(&turn).refused, dead());
    turn.needs_consent("a", "consent".into());
    assert_eq!(joined(&turn.consents_needed()[&github()]), "read:user repo");

    let turn = resumed(&turn, &[], rules()).unwrap();
    assert_eq!(joined(&need(&turn).scopes), "read:user repo");
    assert_eq!(need(&turn).refused, dead());
}

#[test]
fn a_second_refusal_after_a_forced_consent_is_an_error() {
    let mut turn = calling(&[("a", REPOSITORIES)]);
    turn.refused("a", refused(&[], "a"));
    turn.needs_consent("a", "consent".into());
    let mut turn = resumed(&turn, &[], rules()).unwrap();
    turn.refused("a", refused(&[], "a"));
    assert!(told(&turn)[0].contains("says no"));
    assert!(matches!(turn.next_step(), Step::CallModel));
}

#[test]
fn a_token_of_each_set_and_one_that_came_meanwhile_may_be_refused_and_then_it_is_an_error() {
    let mut turn = calling(&[("a", REPOSITORIES)]);
    let by_turns = |token: String| TokenRefusal {
        token: TokenFingerprint::from_saved(token),
        ..refused(&[], "a")
    };
    for number in 0..=MAX_SETS {
        turn.refused("a", by_turns(number.to_string()));
        assert_eq!(tried(&turn), ["a"], "after {number}");
    }
    turn.refused("a", by_turns("one more".to_owned()));
    assert!(told(&turn)[0].contains("says no"));
}

#[test]
fn a_token_that_is_there_after_all_is_used() {
    let mut turn = waiting();
    turn.consent_found(&github());
    assert_eq!(tried(&turn), ["a"]);
}

#[test]
fn a_consent_that_can_not_be_had_ends_what_waits_for_it_and_the_user_is_told_what_they_can_do() {
    let mut turn = waiting();
    turn.consent_impossible(&calendar(), Impossible::OnlyDeadTokens);
    assert!(matches!(turn.next_step(), Step::Pause), "of another provider");
    turn.consent_impossible(&github(), Impossible::OnlyDeadTokens);
    assert!(matches!(turn.next_step(), Step::CallModel));
    assert!(told(&turn).iter().any(|told| told.contains("does not accept the authorization")));
    assert!(turn.notice().unwrap().contains("revoke this application's access"));
}
