//! Calls at two providers in one message.

use super::*;

fn both_waiting() -> Turn {
    let mut turn = calling(&[("a", REPOSITORIES), ("b", EVENTS), ("c", PROFILE)]);
    turn.needs_consent("a", "at github".into());
    turn.needs_consent("b", "at calendar".into());
    turn.needs_consent("c", "at github too".into());
    turn
}

#[test]
fn consent_is_asked_for_by_provider_each_with_its_own_scopes_and_interrupt() {
    let turn = both_waiting();
    assert!(matches!(turn.next_step(), Step::Pause));
    let needed = turn.consents_needed();
    assert_eq!(needed.len(), 2);
    assert_eq!(joined(&needed[&github()]), "read:user repo");
    assert_eq!(joined(&needed[&calendar()]), "events");
    assert_eq!(turn.consent_interrupt(&github()), Some("at github"));
    assert_eq!(turn.consent_interrupt(&calendar()), Some("at calendar"));
}

#[test]
fn one_providers_consent_does_not_free_the_calls_of_another() {
    let mut turn = both_waiting();
    turn.consent_found(&calendar());
    assert_eq!(tried(&turn), ["b"]);
    turn.answered(fine("b"));
    assert!(matches!(turn.next_step(), Step::Pause));
    assert_eq!(turn.consents_needed().len(), 1);
}

#[test]
fn declining_one_provider_leaves_the_other_ones_calls_waiting() {
    let mut turn =
        resumed(&both_waiting(), &[("at calendar", Verdict::Cancelled)], rules()).unwrap();
    assert_eq!(tried(&turn), ["a", "c"]);
    turn.needs_consent("a", "another".into());
    turn.needs_consent("c", "another".into());
    assert_eq!(turn.consent_interrupt(&github()), Some("at github"));
    assert_eq!(turn.consents_needed().len(), 1);
}

#[test]
fn what_was_saved_before_there_were_providers_is_taken_up() {
    let mut pending = serde_json::to_value(saved(&waiting())).unwrap();
    let wait = &mut pending["calls"][0]["state"]["waiting"];
    assert_eq!(wait["provider"], "github");
    wait.as_object_mut().unwrap().remove("provider");
    let pending = serde_json::from_value(pending).unwrap();
    let turn = Turn::resume(pending, &Answers::new(), rules(), NOW).unwrap();
    assert_eq!(joined(&need(&turn).scopes), "read:user repo");
    assert_eq!(need(&turn).refused, dead());
}

#[test]
fn a_call_that_waited_at_a_provider_that_the_tool_no_longer_uses_is_tried_again() {
    let mut pending = serde_json::to_value(saved(&waiting())).unwrap();
    pending["calls"][0]["state"]["waiting"]["provider"] = json!("another");
    let pending = serde_json::from_value(pending).unwrap();
    let turn = Turn::resume(pending, &Answers::new(), rules(), NOW).unwrap();
    assert_eq!(joined(&need(&turn).scopes), "repo");
    assert!(need(&turn).refused.is_empty());
}

/// One call that waits for a forced consent.
fn waiting() -> Turn {
    let mut turn = calling(&[("a", REPOSITORIES)]);
    turn.refused("a", refused(&["read:user", "repo"], "a"));
    turn.needs_consent("a", "consent".into());
    turn
}
