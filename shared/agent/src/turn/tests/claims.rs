//! Calls that are claimed before they are made.

use super::*;

fn started() -> Turn {
    let turn = resumed(&unconfirmed(), &[("confirm", Verdict::Resolved)], rules()).unwrap();
    claimed(turn, "octo-alice")
}

#[test]
fn while_one_request_is_at_work_no_other_takes_the_turn_up() {
    let until = NOW + Duration::from_secs(60);
    let pending = started().to_pending(until);
    let take_up = |now| Turn::resume(pending.clone(), &Answers::new(), rules(), now);
    assert_eq!(take_up(until - SECOND).unwrap_err(), ResumeError::InProgress);
    assert!(take_up(until).is_ok());
}

#[test]
fn a_claim_that_no_request_can_have_made_locks_nobody_out_and_is_not_made_again() {
    let absurd = NOW + Duration::from_secs(u64::from(u32::MAX));
    let pending = started().to_pending(absurd);
    let turn = Turn::resume(pending, &Answers::new(), rules(), NOW).unwrap();
    assert!(told(&turn)[0].contains("not known whether this was done"));
}

#[test]
fn a_started_call_without_a_result_is_never_made_again_and_everybody_is_told() {
    let turn = resumed(&started(), &[], rules()).unwrap();
    assert!(told(&turn)[0].contains("not known whether this was done"));
    assert!(matches!(turn.next_step(), Step::CallModel));
    assert!(turn.notice().unwrap().contains("not known"));
}

#[test]
fn the_approval_that_was_used_does_not_count_twice() {
    let outcome = resumed(&started(), &[("confirm", Verdict::Resolved)], rules());
    assert_eq!(outcome.unwrap_err(), ResumeError::NotOpen("confirm".into()));
}

#[test]
fn a_claimed_call_whose_token_was_refused_was_not_made_and_needs_a_new_approval() {
    let mut turn = started();
    turn.refused("a", refused(&[], "a"));
    turn.needs_consent("a", "consent".into());
    let mut turn = resumed(&turn, &[], rules()).unwrap();
    assert!(turn.previewed("a", "octo-alice", "afresh".into(), NOW).is_some());
}

#[test]
fn an_approval_holds_when_its_preview_has_to_be_made_with_another_token() {
    let mut turn = resumed(&unconfirmed(), &[("confirm", Verdict::Resolved)], rules()).unwrap();
    turn.refused("a", refused(&[], "a"));
    claimed(turn, "octo-alice");
}

#[test]
fn a_turn_that_failed_after_its_action_goes_on_with_the_result_and_does_not_repeat_it() {
    let mut turn = started();
    turn.answered(fine("a"));
    let turn = resumed(&turn, &[], rules()).unwrap();
    assert!(matches!(turn.next_step(), Step::CallModel));
    assert!(told(&turn)[0].contains("fine"));
    assert_eq!(turn.notice(), None);
}

#[test]
fn actions_are_made_one_after_another_in_the_order_of_the_calls() {
    let no_confirmation = Rules { confirm: false, ..rules() };
    let mut turn = calling_by(no_confirmation, &[("b", ISSUE), ("a", ISSUE)]);
    turn.previewed("a", "octo-alice", "x".into(), NOW);
    turn.previewed("b", "octo-alice", "y".into(), NOW);
    turn.claim();
    for id in ["b", "a"] {
        assert!(matches!(turn.next_step(), Step::Apply(one) if one.call.tool_use_id == id));
        turn.answered(failed(id));
    }
    assert!(
        matches!(turn.next_step(), Step::CallModel),
        "the second is made though the first failed"
    );
}

#[test]
fn a_call_that_only_reads_can_not_be_claimed() {
    let mut turn = calling(&[("a", PROFILE)]);
    assert!(turn.previewed("a", "octo-alice", "confirm".into(), NOW).is_none());
    assert_eq!(tried(&turn), ["a"]);
}
