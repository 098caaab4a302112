//! Calls that need the user's approval.

use session::Decision;

use super::*;

#[test]
fn a_writing_call_is_previewed_then_approved_then_claimed_then_applied() {
    let turn = unconfirmed();
    let shown: Vec<_> = turn.confirmations().collect();
    assert_eq!(shown.len(), 1);
    assert_eq!((shown[0].0.name.as_str(), &*shown[0].1.account), (ISSUE, "octo-alice"));

    let turn = resumed(&turn, &[("confirm", Verdict::Resolved)], rules()).unwrap();
    let mut turn = claimed(turn, "octo-alice");
    assert!(matches!(turn.next_step(), Step::Apply(attempt) if attempt.call.tool_use_id == "a"));
    turn.answered(fine("a"));
    assert!(matches!(turn.next_step(), Step::CallModel));
}

#[test]
fn no_writing_call_is_applied_before_it_is_claimed() {
    let mut turn = calling_by(Rules { confirm: false, ..rules() }, &[("a", ISSUE)]);
    assert_eq!(tried(&turn), ["a"]);
    turn.previewed("a", "octo-alice", "confirm".into(), NOW);
    assert!(matches!(turn.next_step(), Step::Claim));
    assert_eq!(saved(&turn).calls[0].state, CallState::Untried);
    turn.claim();
    assert!(matches!(saved(&turn).calls[0].state, CallState::Started { .. }));
    assert!(matches!(turn.next_step(), Step::Apply(_)));
}

#[test]
fn an_unanswered_confirmation_stays_open() {
    let turn = unconfirmed();
    let again = resumed(&turn, &[], rules()).unwrap();
    assert!(matches!(again.next_step(), Step::Pause));
    assert_eq!(saved(&again), saved(&turn));
}

#[test]
fn a_cancel_and_a_new_message_both_decline() {
    let no = resumed(&unconfirmed(), &[("confirm", Verdict::Cancelled)], rules()).unwrap();
    assert!(told(&no)[0].contains("declined"));
    let other = resumed(&unconfirmed(), &[], gone_on()).unwrap();
    assert!(told(&other)[0].contains("not confirmed"));
    for turn in [no, other] {
        assert!(matches!(turn.next_step(), Step::CallModel));
    }
}

#[test]
fn an_approval_with_a_new_message_is_used() {
    let turn = resumed(&unconfirmed(), &[("confirm", Verdict::Resolved)], gone_on()).unwrap();
    claimed(turn, "octo-alice");
}

#[test]
fn an_approval_for_one_account_is_not_good_for_another() {
    let mut turn = resumed(&unconfirmed(), &[("confirm", Verdict::Resolved)], rules()).unwrap();
    assert!(turn.previewed("a", "octo-bob", "afresh".into(), NOW).is_some());
    assert!(matches!(turn.next_step(), Step::Pause), "the user is asked again");
    let shown: Vec<_> = turn.confirmations().map(|(_, shown)| &*shown.interrupt).collect();
    assert_eq!(shown, ["afresh"]);
}

#[test]
fn an_approval_is_not_good_for_an_input_that_was_changed_after_it_was_shown() {
    let mut pending = saved(&unconfirmed());
    let evil = call("a", ISSUE, json!({ "title": "something else" }));
    pending.turn.last_mut().unwrap().content = vec![Block::ToolUse(evil)];
    let answers = Answers::from([("confirm".to_owned(), Verdict::Resolved)]);
    let mut turn = Turn::resume(pending, &answers, rules(), NOW).unwrap();
    assert!(turn.previewed("a", "octo-alice", "afresh".into(), NOW).is_some(), "asked again");
}

#[test]
fn an_approval_moved_to_another_call_does_not_count() {
    let action = |id, title| Block::ToolUse(call(id, ISSUE, json!({ "title": title })));
    let content = vec![action("a", "one"), action("b", "two")];
    let mut turn = Turn::begin("please".into(), rules());
    turn.model_answered(
        Message { role: Role::Assistant, content, id: None },
        &BTreeMap::new(),
        &[],
    );
    turn.previewed("a", "octo-alice", "confirm a".into(), NOW);
    turn.previewed("b", "octo-alice", "confirm b".into(), NOW);
    let mut pending = saved(&turn);
    let moved = pending.calls[0].state.clone();
    pending.calls[1].state = moved;
    let answers = Answers::from([("confirm a".to_owned(), Verdict::Resolved)]);
    let mut turn = Turn::resume(pending, &answers, rules(), NOW).unwrap();
    assert!(turn.previewed("b", "octo-alice", "afresh".into(), NOW).is_some(), "b is not approved");
}

#[test]
fn any_answer_to_an_interrupt_that_is_not_open_is_refused() {
    for verdict in [Verdict::Resolved, Verdict::Cancelled] {
        let outcome = resumed(&unconfirmed(), &[("of another", verdict)], rules());
        assert_eq!(outcome.unwrap_err(), ResumeError::NotOpen("of another".into()));
    }
}

#[test]
fn an_approval_after_an_hour_is_too_late_and_the_action_is_shown_again() {
    let pending = saved(&unconfirmed());
    let answers = Answers::from([("confirm".to_owned(), Verdict::Resolved)]);
    let late = NOW + HOUR;
    let early = Turn::resume(pending.clone(), &answers, rules(), late - SECOND);
    assert_eq!(tried(&early.unwrap()), ["a"]);
    let outcome = Turn::resume(pending.clone(), &answers, rules(), late);
    assert_eq!(outcome.unwrap_err(), ResumeError::Expired("confirm".into()));

    let mut turn = Turn::resume(pending, &Answers::new(), rules(), late).unwrap();
    assert_eq!(tried(&turn), ["a"]);
    assert!(turn.previewed("a", "octo-alice", "afresh".into(), late).is_some());
}

#[test]
fn of_two_actions_one_can_be_approved_and_the_other_stays_open() {
    let mut turn = calling(&[("a", ISSUE), ("b", ISSUE)]);
    turn.previewed("a", "octo-alice", "confirm a".into(), NOW);
    turn.previewed("b", "octo-alice", "confirm b".into(), NOW);
    let turn = resumed(&turn, &[("confirm a", Verdict::Resolved)], rules()).unwrap();
    let mut turn = claimed(turn, "octo-alice");
    turn.answered(fine("a"));
    assert!(matches!(turn.next_step(), Step::Pause));

    let turn = resumed(&turn, &[("confirm b", Verdict::Cancelled)], rules()).unwrap();
    assert!(told(&turn)[0].contains("fine") && told(&turn)[1].contains("declined"));
}

/// What the user has said to each call, as it stays with the conversation.
#[track_caller]
fn decisions(turn: &Turn) -> Vec<Option<Decision>> {
    let last = turn.messages().last().unwrap();
    last.tool_results().map(|result| result.decision.clone()).collect()
}

#[test]
fn what_the_user_says_to_a_call_stays_with_its_result_also_if_the_process_ends_in_between() {
    let said = |approved, reason: Option<&str>| Decision {
        approved,
        at: NOW.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs(),
        account: Some("octo-alice".to_owned()),
        reason: reason.map(str::to_owned),
    };
    let no = [("confirm", Verdict::CancelledBecause("it rains".to_owned()))];
    let no = resumed(&unconfirmed(), &no, rules()).unwrap();
    assert_eq!(decisions(&no), [Some(said(false, Some("it rains")))]);

    let yes = [("confirm", Verdict::Resolved)];
    let mut yes = claimed(resumed(&unconfirmed(), &yes, rules()).unwrap(), "octo-alice");
    let lost = Turn::resume(saved(&yes), &Answers::new(), rules(), NOW + Duration::from_secs(7200));
    assert_eq!(decisions(&lost.unwrap()), [Some(said(true, None))]);
    yes.answered(fine("a"));
    assert_eq!(decisions(&yes), [Some(said(true, None))]);

    // A new message is no answer, and what is shown again is not decided.
    assert_eq!(decisions(&resumed(&unconfirmed(), &[], gone_on()).unwrap()), [None]);
    let mut other = resumed(&unconfirmed(), &[("confirm", Verdict::Resolved)], rules()).unwrap();
    assert!(other.previewed("a", "octo-bob", "afresh".into(), NOW).is_some());
    assert_eq!(decisions(&resumed(&other, &[], gone_on()).unwrap()), [None]);
}
