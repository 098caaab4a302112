//! Disconnecting, checked over every order of its steps (M6, M9, M11): a model of its own, because it
//! stands on nothing of the protocol but that a flow is bound at most once.
//!
//! The claim: a call that begins after a disconnect uses no token that was bound before it, and none of
//! a flow that began before it, unless the user has connected the same set again. One user at one
//! provider is enough: a record, a key of the vault and a turn are one user's, and sets of scopes have a
//! grant each. A turn does its work step by step, and everything else happens between any two of them: the
//! user disconnects, completes flows, and connects again by another turn.
//!
//! Each part that can be taken away leads to an attack. Its steps are taken at the real handlers by the
//! test in `tests/disconnect` that [`Attack::stopped_by`] names.

use stateright::{Checker, Model};

use crate::disconnect_rules::{Action, FLOW_OF_BEFORE, Rules, TOKEN_OF_BEFORE};

/// A way to break a property once a rule is taken away.
struct Attack {
    without: fn(&mut Rules),
    breaks: &'static str,
    steps: Vec<Action>,
    /// The test that takes these steps at the real handlers.
    stopped_by: &'static str,
}

#[test]
fn m11_no_order_of_steps_uses_a_token_of_before_a_disconnect() {
    let checker = Rules::complete().checker().threads(2).spawn_bfs().join();
    checker.assert_properties();
    let states = checker.unique_state_count();
    assert!(states > 10_000, "only {states} states: the model has lost something");
}

/// The checker finds an attack, none that is shorter than the known one, the known one is one, and a test
/// of the handlers has its name.
#[track_caller]
fn assert_found(attack: &Attack) {
    let mut rules = Rules { only: Some(attack.breaks), ..Rules::complete() };
    (attack.without)(&mut rules);
    let checker = rules.checker().spawn_bfs().join();
    let found = checker.assert_any_discovery(attack.breaks).into_actions();
    assert_eq!(found.len(), attack.steps.len(), "found {found:?}");
    checker.assert_discovery(attack.breaks, attack.steps.clone());
    let tests =
        [include_str!("../disconnect/races.rs"), include_str!("../disconnect/reconnecting.rs")];
    let name = format!("async fn {}()", attack.stopped_by);
    assert!(tests.iter().any(|text| text.contains(&name)), "no test {name}");
}

#[test]
fn m11_without_a_look_at_the_record_a_call_uses_the_token_that_its_turn_had() {
    assert_found(&Attack {
        without: |rules| rules.reads_before_each_call = false,
        breaks: TOKEN_OF_BEFORE,
        steps: vec![
            Action::Fetch,
            Action::Read,
            Action::TakeStored,
            Action::Disconnect,
            Action::Use,
        ],
        stopped_by: "m5_a_change_that_is_claimed_when_the_user_disconnects_is_not_made",
    });
}

#[test]
fn m11_without_the_comparison_a_consent_that_a_second_disconnect_overtakes_connects() {
    assert_found(&Attack {
        without: |rules| rules.compares_at_consent = false,
        breaks: FLOW_OF_BEFORE,
        steps: vec![
            Action::Disconnect,
            Action::ShowElsewhere,
            Action::Bind(2),
            Action::Read,
            Action::Disconnect,
            Action::TakeOfFlow(2),
            Action::Use,
        ],
        stopped_by: "m11_a_consent_that_a_second_disconnect_overtakes_is_not_used",
    });
}

#[test]
fn m9_without_the_comparison_a_flow_that_a_second_disconnect_overtakes_connects() {
    assert_found(&Attack {
        without: |rules| rules.compares_at_flow = false,
        breaks: FLOW_OF_BEFORE,
        steps: vec![
            Action::Disconnect,
            Action::Read,
            Action::Force,
            Action::Disconnect,
            Action::Show,
            Action::Bind(2),
            Action::End,
            Action::Read,
            Action::TakeOfFlow(2),
            Action::Use,
        ],
        stopped_by: "m9_a_flow_that_a_second_disconnect_overtakes_is_not_shown",
    });
}

#[test]
fn m11_without_the_rule_for_stored_tokens_the_one_of_before_is_used() {
    assert_found(&Attack {
        without: |rules| rules.leaves_stored_tokens = false,
        breaks: TOKEN_OF_BEFORE,
        steps: vec![
            Action::Disconnect,
            Action::Fetch,
            Action::Read,
            Action::TakeStored,
            Action::Use,
        ],
        stopped_by: "m11_after_a_disconnect_the_stored_token_is_not_used_and_a_new_consent_connects_again",
    });
}

#[test]
fn m9_without_the_rule_for_stored_tokens_a_flow_of_before_connects() {
    assert_found(&Attack {
        without: |rules| rules.leaves_stored_tokens = false,
        breaks: FLOW_OF_BEFORE,
        steps: vec![
            Action::Disconnect,
            Action::Fetch,
            Action::Read,
            Action::TakeStored,
            Action::Use,
        ],
        stopped_by: "m9_a_flow_from_before_the_disconnect_that_is_completed_after_it_connects_nothing",
    });
}

#[test]
fn m6_without_the_rule_for_forced_requests_a_token_without_a_consent_is_used() {
    assert_found(&Attack {
        without: |rules| rules.leaves_forced_tokens = false,
        breaks: TOKEN_OF_BEFORE,
        steps: vec![Action::Disconnect, Action::Read, Action::ForceReturns, Action::Use],
        stopped_by: "m6_a_token_that_comes_without_a_consent_is_not_used_after_a_disconnect",
    });
}

#[test]
fn m11_without_asking_again_what_the_vault_said_before_a_disconnect_counts_after_a_new_consent() {
    assert_found(&Attack {
        without: |rules| rules.asks_again = false,
        breaks: TOKEN_OF_BEFORE,
        steps: vec![
            Action::Disconnect,
            Action::Fetch,
            Action::ShowElsewhere,
            Action::Bind(2),
            Action::TakeElsewhere(2),
            Action::Read,
            Action::TakeStored,
            Action::Use,
        ],
        stopped_by: "m11_what_the_vault_returned_before_the_user_connected_again_is_asked_for_once_more",
    });
}
