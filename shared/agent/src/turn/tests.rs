//! The turn's decisions, without a network.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, SystemTime},
};

use identity::UserId;
use serde_json::{Value, json};
use session::{Block, CallState, Message, Pending, Role, ToolResult, ToolStatus, ToolUse};
use vault::TokenFingerprint;

use super::{
    Answers, ResumeError, Rules, Step, TokenNeed, Turn, Verdict,
    fixtures::{EVENTS, ISSUE, PROFILE, REPOSITORIES, TIME, calendar, github, tools},
    reply::{KnownToken, TokenRefusal},
    round::{MAX_MODEL_CALLS, MAX_UNREADABLE_ROUNDS},
};
use crate::{
    scopes::{joined, named},
    tool::{Failure, Notice, Reply, TokenVerdict},
};

const NOW: SystemTime = SystemTime::UNIX_EPOCH;
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);

fn rules() -> Rules {
    Rules {
        user: UserId::parse("alice").unwrap(),
        tools: tools(),
        confirm: true,
        may_wait: true,
        is_one_call: false,
    }
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
    turn.model_answered(model_calls(calls), &BTreeMap::new(), &[]);
    turn
}

fn model_calls(calls: &[(&str, &str)]) -> Message {
    let calls = calls.iter().map(|(id, tool)| Block::ToolUse(call(id, tool, json!({}))));
    Message { role: Role::Assistant, content: calls.collect(), id: None }
}

fn saying(text: &str) -> Message {
    Message { role: Role::Assistant, content: vec![Block::Text(text.into())], id: None }
}

fn fine(id: &str) -> ToolResult {
    ToolResult::new(id, ToolStatus::Success, "fine")
}

fn failed(id: &str) -> ToolResult {
    ToolResult::new(id, ToolStatus::Error, "GitHub says no.")
}

/// The calls that are to be tried, and nothing else.
#[track_caller]
fn tried(turn: &Turn) -> Vec<String> {
    match turn.next_step() {
        Step::Try(attempts) => attempts.into_iter().map(|one| one.call.tool_use_id).collect(),
        other => panic!("not to be tried: {other:?}"),
    }
}

#[track_caller]
fn need(turn: &Turn) -> TokenNeed {
    match turn.next_step() {
        Step::Try(mut attempts) => attempts.remove(0).need.unwrap(),
        other => panic!("not to be tried: {other:?}"),
    }
}

/// The token that [`refused`] says is refused.
fn dead() -> BTreeSet<TokenFingerprint> {
    BTreeSet::from([TokenFingerprint::from_saved("dead".into())])
}

fn refused(scopes: &[&str], id: &str) -> TokenRefusal {
    let token = TokenFingerprint::from_saved("dead".into());
    TokenRefusal { token, scopes: named(scopes.iter().copied()), otherwise: failed(id) }
}

fn saved(turn: &Turn) -> Pending {
    turn.to_pending(NOW)
}

/// Another process takes the turn up.
fn resumed(turn: &Turn, answers: &[(&str, Verdict)], rules: Rules) -> Result<Turn, ResumeError> {
    let json = serde_json::to_string(&saved(turn)).unwrap();
    let pending = serde_json::from_str(&json).unwrap();
    let answers = answers.iter().map(|(id, verdict)| ((*id).to_owned(), verdict.clone()));
    Turn::resume(pending, &answers.collect::<Answers>(), rules, NOW)
}

/// What the model is told of each call, once all are answered.
#[track_caller]
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
    assert!(turn.previewed("a", "octo-alice", "confirm".into(), NOW).is_some());
    assert!(matches!(turn.next_step(), Step::Pause));
    turn
}

/// Looks at `a` as `account` and expects that it may be claimed.
fn claimed(mut turn: Turn, account: &str) -> Turn {
    assert_eq!(tried(&turn), ["a"]);
    assert!(turn.previewed("a", account, "another".into(), NOW).is_none());
    assert!(matches!(turn.next_step(), Step::Claim));
    turn.claim();
    turn
}

mod reading;

mod consent;

mod confirmation;

mod claims;

mod client_call;

mod mistakes;

mod replies;

mod providers;

mod endings;

mod inquiry;

#[test]
fn every_turn_is_one_that_a_model_accepts() {
    let mut turn = calling(&[("a", REPOSITORIES), ("b", ISSUE), ("c", "nothing")]);
    turn.needs_consent("a", "consent".into());
    turn.previewed("b", "octo-alice", "confirm".into(), NOW);
    let mut turn = resumed(&turn, &[], gone_on()).unwrap();
    turn.needs_consent("a", "consent".into());
    turn.model_answered(saying("I could not."), &BTreeMap::new(), &[]);
    assert!(matches!(turn.next_step(), Step::Done));
    let roles: Vec<Role> = turn.messages().iter().map(|message| message.role).collect();
    assert_eq!(roles, [Role::User, Role::Assistant, Role::User, Role::Assistant]);
    assert_eq!(turn.messages()[2].content.len(), 3, "every call has its result");
}
