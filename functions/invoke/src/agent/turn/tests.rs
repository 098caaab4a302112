//! The turn's decisions, without a network.

use std::time::{Duration, SystemTime};

use identity::UserId;
use serde_json::{Value, json};
use session::{Block, CallState, Message, Pending, Role, ToolResult, ToolStatus, ToolUse};
use vault::TokenMark;

use super::{
    Answers, Demand, MAX_MODEL_CALLS, Refusal, ResumeError, Rules, SameId, Step, Turn, Verdict,
};
use crate::agent::scopes::{joined, named};

const PROFILE: &str = "github_get_profile";
const REPOSITORIES: &str = "github_list_repositories";
const ISSUE: &str = "github_create_issue";
const NOW: SystemTime = SystemTime::UNIX_EPOCH;
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);

fn rules() -> Rules {
    Rules { user: UserId::parse("alice").unwrap(), confirm: true, may_wait: true }
}

/// The user has gone on with a new message.
fn gone_on() -> Rules {
    Rules { may_wait: false, ..rules() }
}

fn call(id: &str, tool: &str, input: Value) -> ToolUse {
    ToolUse { tool_use_id: id.into(), name: tool.into(), input }
}

/// A turn in which the model has made these calls.
fn calling(calls: &[(&str, &str)]) -> Turn {
    calling_by(rules(), calls)
}

fn calling_by(rules: Rules, calls: &[(&str, &str)]) -> Turn {
    let mut turn = Turn::begin("please".into(), rules);
    turn.model_answered(model_calls(calls)).unwrap();
    turn
}

fn model_calls(calls: &[(&str, &str)]) -> Message {
    let calls = calls.iter().map(|(id, tool)| Block::ToolUse(call(id, tool, json!({}))));
    Message { role: Role::Assistant, content: calls.collect() }
}

fn saying(text: &str) -> Message {
    Message { role: Role::Assistant, content: vec![Block::Text(text.into())] }
}

fn fine(id: &str) -> ToolResult {
    ToolResult::new(id, ToolStatus::Success, "fine")
}

fn failed(id: &str) -> ToolResult {
    ToolResult::new(id, ToolStatus::Error, "GitHub says no.")
}

/// The calls that are to be tried, and nothing else.
fn tried(turn: &Turn) -> Vec<String> {
    match turn.next_step() {
        Step::Try(attempts) => attempts.into_iter().map(|one| one.call.tool_use_id).collect(),
        other => panic!("not to be tried: {other:?}"),
    }
}

fn demand(turn: &Turn) -> Demand {
    match turn.next_step() {
        Step::Try(mut attempts) => attempts.remove(0).demand,
        other => panic!("not to be tried: {other:?}"),
    }
}

fn refused(scopes: &[&str], id: &str) -> Refusal {
    let token = TokenMark::kept("dead".into());
    Refusal { token, scopes: named(scopes.iter().copied()), otherwise: failed(id) }
}

fn saved(turn: &Turn) -> Pending {
    turn.to_pending(NOW)
}

/// Another process takes the turn up.
fn resumed(turn: &Turn, answers: &[(&str, Verdict)], rules: Rules) -> Result<Turn, ResumeError> {
    let json = serde_json::to_string(&saved(turn)).unwrap();
    let pending = serde_json::from_str(&json).unwrap();
    let answers = answers.iter().map(|(id, verdict)| ((*id).to_owned(), *verdict));
    Turn::resume(pending, &answers.collect::<Answers>(), rules, NOW)
}

/// What the model is told of each call, once all are answered.
fn told(turn: &Turn) -> Vec<String> {
    let last = turn.messages().last().unwrap();
    assert_eq!(last.role, Role::User);
    let text = |block: &Block| match block {
        Block::ToolResult(result) => serde_json::to_string(&result.content).unwrap(),
        other => panic!("not a result: {other:?}"),
    };
    last.content.iter().map(text).collect()
}

/// One action, looked at and waiting for approval as interrupt `confirm`.
fn unconfirmed() -> Turn {
    let mut turn = calling(&[("a", ISSUE)]);
    assert!(turn.seen("a", "octo-alice", "confirm".into(), NOW).is_some());
    assert_eq!(turn.next_step(), Step::Pause);
    turn
}

/// Looks at `a` as `account` and expects that it may be claimed.
fn claimed(mut turn: Turn, account: &str) -> Turn {
    assert_eq!(tried(&turn), ["a"]);
    assert!(turn.seen("a", account, "another".into(), NOW).is_none());
    assert_eq!(turn.next_step(), Step::Claim);
    turn.claim();
    turn
}

mod reading {
    use super::*;

    #[test]
    fn a_plain_answer_ends_the_turn() {
        let mut turn = Turn::begin("hello".into(), rules());
        assert_eq!(turn.next_step(), Step::CallModel);
        turn.model_answered(saying("hi")).unwrap();
        assert_eq!(turn.next_step(), Step::Done);
    }

    #[test]
    fn all_results_go_to_the_model_in_one_message_and_in_the_order_of_the_calls() {
        let mut turn = calling(&[("a", PROFILE), ("b", REPOSITORIES)]);
        assert_eq!(tried(&turn), ["a", "b"]);
        turn.answered(fine("b"));
        assert_eq!(tried(&turn), ["a"]);
        turn.answered(failed("a"));
        assert_eq!(turn.next_step(), Step::CallModel);
        assert!(told(&turn)[0].contains("says no") && told(&turn)[1].contains("fine"));
    }

    #[test]
    fn a_call_of_no_tool_is_answered_at_once_and_the_others_go_on() {
        let mut turn = calling(&[("a", "approve_everything"), ("b", PROFILE)]);
        assert_eq!(tried(&turn), ["b"]);
        turn.answered(fine("b"));
        assert!(told(&turn)[0].contains("no such tool"));
        let turn = calling(&[("a", "approve_everything")]);
        assert_eq!(turn.next_step(), Step::CallModel, "the model hears of it");
    }

    #[test]
    fn an_answer_nobody_waits_for_changes_nothing() {
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
            assert_eq!(turn.next_step(), Step::CallModel);
            turn.model_answered(model_calls(&[("a", PROFILE)])).unwrap();
            turn.needs_consent("a", "consent".into());
            turn = resumed(&turn, &[], rules()).unwrap();
            turn.answered(fine("a"));
        }
        assert_eq!(turn.next_step(), Step::Done);
    }
}

mod consent {
    use super::*;

    fn waiting() -> Turn {
        let mut turn = calling(&[("a", REPOSITORIES), ("b", PROFILE)]);
        turn.needs_consent("a", "consent".into());
        turn.answered(fine("b"));
        assert_eq!(turn.next_step(), Step::Pause);
        turn
    }

    #[test]
    fn only_what_waits_is_tried_again_by_any_next_request() {
        for answers in [&[][..], &[("consent", Verdict::Resolved)]] {
            let mut turn = resumed(&waiting(), answers, rules()).unwrap();
            assert_eq!(tried(&turn), ["a"]);
            turn.answered(fine("a"));
            assert_eq!(turn.next_step(), Step::CallModel);
        }
    }

    #[test]
    fn one_consent_is_asked_for_all_that_waits_under_one_interrupt() {
        let mut turn = calling(&[("a", REPOSITORIES), ("b", PROFILE)]);
        turn.needs_consent("a", "first".into());
        turn.needs_consent("b", "second".into());
        assert_eq!(turn.consent_interrupt(), Some("first"));
        assert_eq!(joined(&turn.consent_needed().unwrap()), "read:user repo");
    }

    #[test]
    fn still_without_consent_the_interrupt_is_the_same() {
        let mut turn = resumed(&waiting(), &[], rules()).unwrap();
        turn.needs_consent("a", "another".into());
        assert_eq!(turn.consent_interrupt(), Some("consent"));
        assert_eq!(saved(&turn), saved(&waiting()), "nothing to save");
    }

    #[test]
    fn declined_the_model_is_told_and_the_call_is_not_tried() {
        let turn = resumed(&waiting(), &[("consent", Verdict::Cancelled)], rules()).unwrap();
        assert!(told(&turn)[0].contains("declined"));
        assert_eq!(turn.next_step(), Step::CallModel);
    }

    #[test]
    fn a_new_message_tries_once_more_and_then_the_call_is_answered_as_not_run() {
        let mut turn = resumed(&waiting(), &[], gone_on()).unwrap();
        assert_eq!(tried(&turn), ["a"]);
        turn.needs_consent("a", "another".into());
        assert!(told(&turn)[0].contains("not authorized it yet"));
        assert_eq!(turn.next_step(), Step::CallModel, "the model speaks");
        assert_eq!(turn.consent_needed(), None);
    }

    #[test]
    fn once_the_user_has_gone_on_nothing_waits_for_him_however_often_the_model_tries() {
        let mut turn = resumed(&waiting(), &[], gone_on()).unwrap();
        turn.needs_consent("a", "another".into());
        turn.model_answered(model_calls(&[("c", REPOSITORIES), ("d", ISSUE)])).unwrap();
        turn.needs_consent("c", "another".into());
        assert!(turn.seen("d", "octo-alice", "confirm".into(), NOW).is_none());
        assert_eq!(turn.next_step(), Step::CallModel);
        assert!(told(&turn)[1].contains("not confirmed"));
    }

    #[test]
    fn a_refused_token_leads_to_one_forced_consent_for_what_it_lacked_too() {
        let mut turn = calling(&[("a", REPOSITORIES)]);
        turn.refused("a", refused(&["read:user", "repo"], "a"));
        assert_eq!(demand(&turn).refused, Some(TokenMark::kept("dead".into())));
        turn.needs_consent("a", "consent".into());
        assert_eq!(joined(&turn.consent_needed().unwrap()), "read:user repo");

        let turn = resumed(&turn, &[], rules()).unwrap();
        assert_eq!(joined(&demand(&turn).scopes), "read:user repo");
        assert_eq!(demand(&turn).refused, Some(TokenMark::kept("dead".into())));
    }

    #[test]
    fn refused_again_after_a_forced_consent_is_an_error_and_never_a_third_consent() {
        let mut turn = calling(&[("a", REPOSITORIES)]);
        turn.refused("a", refused(&[], "a"));
        turn.needs_consent("a", "consent".into());
        let mut turn = resumed(&turn, &[], rules()).unwrap();
        turn.refused("a", refused(&[], "a"));
        assert!(told(&turn)[0].contains("says no"));
        assert_eq!(turn.next_step(), Step::CallModel);
    }

    #[test]
    fn a_token_that_is_there_after_all_is_used() {
        let mut turn = waiting();
        turn.consent_found();
        assert_eq!(tried(&turn), ["a"]);
    }
}

mod confirmation {
    use super::*;

    #[test]
    fn what_changes_something_is_looked_at_then_approved_then_claimed_then_made() {
        let turn = unconfirmed();
        let shown: Vec<_> = turn.confirmations().collect();
        assert_eq!(shown.len(), 1);
        assert_eq!((shown[0].0.name.as_str(), &*shown[0].1.account), (ISSUE, "octo-alice"));

        let turn = resumed(&turn, &[("confirm", Verdict::Resolved)], rules()).unwrap();
        let mut turn = claimed(turn, "octo-alice");
        assert!(
            matches!(turn.next_step(), Step::CarryOut(attempt) if attempt.call.tool_use_id == "a")
        );
        turn.answered(fine("a"));
        assert_eq!(turn.next_step(), Step::CallModel);
    }

    #[test]
    fn nothing_that_changes_something_is_made_before_it_is_claimed() {
        let mut turn = calling_by(Rules { confirm: false, ..rules() }, &[("a", ISSUE)]);
        assert_eq!(tried(&turn), ["a"]);
        turn.seen("a", "octo-alice", "confirm".into(), NOW);
        assert_eq!(turn.next_step(), Step::Claim);
        assert_eq!(saved(&turn).calls[0].state, CallState::Untried);
        turn.claim();
        assert!(matches!(saved(&turn).calls[0].state, CallState::Started { .. }));
        assert!(matches!(turn.next_step(), Step::CarryOut(_)));
    }

    #[test]
    fn without_an_answer_it_stays_open_as_it_is() {
        let turn = unconfirmed();
        let again = resumed(&turn, &[], rules()).unwrap();
        assert_eq!(again.next_step(), Step::Pause);
        assert_eq!(saved(&again), saved(&turn));
    }

    #[test]
    fn a_no_and_a_new_message_both_mean_no() {
        let no = resumed(&unconfirmed(), &[("confirm", Verdict::Cancelled)], rules()).unwrap();
        assert!(told(&no)[0].contains("declined"));
        let other = resumed(&unconfirmed(), &[], gone_on()).unwrap();
        assert!(told(&other)[0].contains("not confirmed"));
        for turn in [no, other] {
            assert_eq!(turn.next_step(), Step::CallModel);
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
        assert!(turn.seen("a", "octo-bob", "afresh".into(), NOW).is_some());
        assert_eq!(turn.next_step(), Step::Pause, "he is asked again");
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
        assert!(turn.seen("a", "octo-alice", "afresh".into(), NOW).is_some(), "asked again");
    }

    #[test]
    fn an_approval_moved_to_another_call_is_worth_nothing() {
        let action = |id, title| Block::ToolUse(call(id, ISSUE, json!({ "title": title })));
        let content = vec![action("a", "one"), action("b", "two")];
        let mut turn = Turn::begin("please".into(), rules());
        turn.model_answered(Message { role: Role::Assistant, content }).unwrap();
        turn.seen("a", "octo-alice", "confirm a".into(), NOW);
        turn.seen("b", "octo-alice", "confirm b".into(), NOW);
        let mut pending = saved(&turn);
        let moved = pending.calls[0].state.clone();
        pending.calls[1].state = moved;
        let answers = Answers::from([("confirm a".to_owned(), Verdict::Resolved)]);
        let mut turn = Turn::resume(pending, &answers, rules(), NOW).unwrap();
        assert!(turn.seen("b", "octo-alice", "afresh".into(), NOW).is_some(), "b is not approved");
    }

    #[test]
    fn an_answer_to_an_interrupt_that_is_not_open_is_refused_whatever_it_says() {
        for verdict in [Verdict::Resolved, Verdict::Cancelled] {
            let outcome = resumed(&unconfirmed(), &[("of another", verdict)], rules());
            assert_eq!(outcome.unwrap_err(), ResumeError::NotOpen("of another".into()));
        }
    }

    #[test]
    fn an_approval_after_an_hour_is_too_late_and_the_action_is_shown_afresh() {
        let pending = saved(&unconfirmed());
        let answers = Answers::from([("confirm".to_owned(), Verdict::Resolved)]);
        let late = NOW + HOUR;
        let early = Turn::resume(pending.clone(), &answers, rules(), late - SECOND);
        assert_eq!(tried(&early.unwrap()), ["a"]);
        let outcome = Turn::resume(pending.clone(), &answers, rules(), late);
        assert_eq!(outcome.unwrap_err(), ResumeError::Expired("confirm".into()));

        let mut turn = Turn::resume(pending, &Answers::new(), rules(), late).unwrap();
        assert_eq!(tried(&turn), ["a"]);
        assert!(turn.seen("a", "octo-alice", "afresh".into(), late).is_some());
    }

    #[test]
    fn of_two_actions_one_can_be_approved_and_the_other_stays_open() {
        let mut turn = calling(&[("a", ISSUE), ("b", ISSUE)]);
        turn.seen("a", "octo-alice", "confirm a".into(), NOW);
        turn.seen("b", "octo-alice", "confirm b".into(), NOW);
        let turn = resumed(&turn, &[("confirm a", Verdict::Resolved)], rules()).unwrap();
        let mut turn = claimed(turn, "octo-alice");
        turn.answered(fine("a"));
        assert_eq!(turn.next_step(), Step::Pause);

        let turn = resumed(&turn, &[("confirm b", Verdict::Cancelled)], rules()).unwrap();
        assert!(told(&turn)[0].contains("fine") && told(&turn)[1].contains("declined"));
    }
}

mod claims {
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
    fn a_started_call_without_a_result_is_never_made_again_and_everybody_is_told() {
        let turn = resumed(&started(), &[], rules()).unwrap();
        assert!(told(&turn)[0].contains("not known whether this was done"));
        assert_eq!(turn.next_step(), Step::CallModel);
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
        assert!(turn.seen("a", "octo-alice", "afresh".into(), NOW).is_some());
    }

    #[test]
    fn a_turn_that_failed_after_its_action_goes_on_with_the_result_and_does_not_repeat_it() {
        let mut turn = started();
        turn.answered(fine("a"));
        let turn = resumed(&turn, &[], rules()).unwrap();
        assert_eq!(turn.next_step(), Step::CallModel);
        assert!(told(&turn)[0].contains("fine"));
        assert_eq!(turn.notice(), None);
    }

    #[test]
    fn actions_are_made_one_after_another_in_the_order_of_the_calls() {
        let no_confirmation = Rules { confirm: false, ..rules() };
        let mut turn = calling_by(no_confirmation, &[("b", ISSUE), ("a", ISSUE)]);
        turn.seen("a", "octo-alice", "x".into(), NOW);
        turn.seen("b", "octo-alice", "y".into(), NOW);
        turn.claim();
        for id in ["b", "a"] {
            assert!(matches!(turn.next_step(), Step::CarryOut(one) if one.call.tool_use_id == id));
            turn.answered(failed(id));
        }
        assert_eq!(turn.next_step(), Step::CallModel, "the second is made though the first failed");
    }

    #[test]
    fn a_call_that_only_reads_can_not_be_claimed() {
        let mut turn = calling(&[("a", PROFILE)]);
        assert!(turn.seen("a", "octo-alice", "confirm".into(), NOW).is_none());
        assert_eq!(tried(&turn), ["a"]);
    }
}

#[test]
fn whatever_happens_the_turn_is_one_that_a_model_accepts() {
    let mut turn = calling(&[("a", REPOSITORIES), ("b", ISSUE), ("c", "nothing")]);
    turn.needs_consent("a", "consent".into());
    turn.seen("b", "octo-alice", "confirm".into(), NOW);
    let mut turn = resumed(&turn, &[], gone_on()).unwrap();
    turn.needs_consent("a", "consent".into());
    turn.model_answered(saying("I could not.")).unwrap();
    assert_eq!(turn.next_step(), Step::Done);
    let roles: Vec<Role> = turn.messages().iter().map(|message| message.role).collect();
    assert_eq!(roles, [Role::User, Role::Assistant, Role::User, Role::Assistant]);
    assert_eq!(turn.messages()[2].content.len(), 3, "every call has its result");
}
