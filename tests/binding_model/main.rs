//! The binding protocol, checked over every state that it can reach (M9), and compared with the
//! real handlers.
//!
//! The claim: a token in the vault of a user was consented to in a browser that this user's own
//! request came from, and was bound there while this user was signed in there, once. [`model`]
//! says who is there and who knows what, [`protocol`] what each step does. With any part of the
//! protocol taken away the checker finds an attack; [`attacks`] are the known ones.
//!
//! Who is signed in counts when something is asked for and when it is bound; at the provider,
//! between the two, it is the provider's account that consents. One attacker is enough: bob is a
//! user too, and a second attacker's browser could send nothing that bob's can't.
//!
//! What no check of ours can do, the tests named `what_is_left_to_alice` say: make her look at
//! whose account her page shows, and keep the addresses that wait for her to herself until she has
//! used them (RFC 9700, section 4.2.4, asks the same of every client).

#![expect(clippy::expect_used, reason = "whatever fails here fails the test")]

mod attacks;
mod client_attacks;
mod clients;
mod disconnect;
mod disconnect_rules;
mod model;
mod properties;
mod protocol;
mod replay;
mod replay_client;

use stateright::{Checker, Model};

use crate::{
    attacks::Attack,
    model::{
        Browser::{self, AlicesDesk, Bobs},
        Person, State,
    },
    properties::{ASKED_THERE, NOTHING_PLANTED, NOTHING_STOLEN, ONCE, SIGNED_IN_THERE},
    protocol::{Action, Outcome, Protocol},
    replay::{Replay, Tried},
};

#[test]
fn m9_no_reachable_state_breaks_the_protocol() {
    let checker = Protocol::complete(3).checker().symmetry().threads(2).spawn_dfs().join();
    checker.assert_properties();
    let states = checker.unique_state_count();
    assert!(states > 30_000, "only {states} states: the model has lost something");
}

#[test]
fn m9_a_user_who_does_not_look_at_names_still_binds_where_they_asked_alone() {
    let careless = Protocol { alice_looks_who_she_is: false, ..Protocol::complete(2) };
    for property in [ASKED_THERE, SIGNED_IN_THERE, ONCE] {
        let checker = Protocol { only: Some(property), ..careless.clone() }.checker();
        checker.spawn_bfs().join().assert_properties();
    }
}

#[test]
fn m9_bearer_tokens_without_browser_binding_still_keep_alices_and_bobs_apart() {
    let bearer = Protocol { checks_browser: false, has_sign_in: false, ..Protocol::complete(2) };
    for property in [NOTHING_STOLEN, NOTHING_PLANTED, ONCE] {
        let checker = Protocol { only: Some(property), ..bearer.clone() }.checker().symmetry();
        let checker = checker.threads(2).spawn_dfs().join();
        checker.assert_properties();
        assert!(checker.unique_state_count() > 3_000, "{}", checker.unique_state_count());
    }
}

/// The checker finds an attack, none that is shorter than the known one, and the known one is one.
#[track_caller]
fn assert_found(attack: &Attack) {
    let (breaks, steps) = (attack.breaks, attack.steps.clone());
    let mut protocol = Protocol { only: Some(breaks), ..Protocol::complete(2) };
    (attack.without)(&mut protocol);
    let checker = protocol.checker().spawn_bfs().join();
    let found = checker.assert_any_discovery(breaks).into_actions();
    assert_eq!(found.len(), steps.len(), "found {found:?}");
    checker.assert_discovery(breaks, steps);
}

/// Takes an attack's steps at the real handlers; returns what refused first. In the end no user has
/// another's token, however the other steps ended.
async fn replay(attack: &Attack) -> Option<(Action, String)> {
    let mut protocol = Protocol::complete(2);
    (attack.without)(&mut protocol);
    let (mut state, mut replay, mut first) = (State::start(), Replay::start().await, None);
    for &action in &attack.steps {
        let tried = replay.step(action, state.signed_in(browser_of(action))).await;
        if let (Tried::Refused(reason), None) = (&tried, &first) {
            first = Some((action, reason.clone()));
        }
        let Outcome::Done(next) = protocol.attempt(&state, action) else {
            unreachable!("the model takes every step of an attack")
        };
        state = next;
    }
    for (browser, others) in [(Bobs, "diary"), (AlicesDesk, "ledger")] {
        let shown = replay.repositories_shown_in(browser).await.unwrap_or_default();
        assert!(!shown.contains(others), "{browser:?} is shown {others}: {shown}");
    }
    first
}

fn browser_of(action: Action) -> Browser {
    match action {
        // A client is in no browser, and has its user's token.
        Action::AskByClient(Person::Alice) => AlicesDesk,
        Action::AskByClient(Person::Bob) => Bobs,
        Action::SignIn(browser, _)
        | Action::Ask(browser)
        | Action::Continue(browser, _)
        | Action::OpenLink(browser, _)
        | Action::OpenAuthorization(browser, _)
        | Action::Consent(browser, _)
        | Action::OpenCallback { browser, .. }
        | Action::Bind { browser, .. } => browser,
    }
}

/// The checker finds the attack, and the real handlers refuse its step `at` for `reason`.
async fn assert_found_and_stopped(attack: Attack, at: usize, reason: &str) {
    assert_found(&attack);
    let (action, why) = replay(&attack).await.expect("a refusal");
    assert_eq!((action, why.as_str()), (attack.steps[at], reason));
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_without_the_checks_of_person_and_browser_bob_gets_alices_token() {
    let attack = attacks::alice_consents_on_bobs_link();
    assert_found_and_stopped(attack, 1, "This request is not yours").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_without_the_person_alices_flow_is_finished_while_bob_is_signed_in() {
    let attack = attacks::alices_flow_is_finished_while_bob_is_signed_in();
    assert_found_and_stopped(attack, 6, "another_user").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_without_the_browser_bob_signs_alices_browser_in_and_lets_her_consent() {
    let attack = attacks::bob_signs_alices_browser_in_and_lets_her_consent();
    assert_found_and_stopped(attack, 2, "This was not asked for in this browser").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_without_a_secret_state_bob_completes_what_alice_consented_to() {
    let attack = attacks::bob_completes_what_alice_consented_to();
    assert_found_and_stopped(attack, 5, "wrong_state").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_without_its_tie_to_the_session_the_state_of_another_flow_will_do() {
    let attack = attacks::bob_completes_with_the_state_of_another_flow();
    assert_found_and_stopped(attack, 9, "no_flow").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_without_single_use_at_agentcore_identity_bob_lets_alice_consent_after_himself() {
    let attack = attacks::bob_lets_alice_consent_after_himself();
    assert_found_and_stopped(attack, 4, "This link can't be used").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_without_single_completion_a_flow_brings_two_tokens() {
    assert_found_and_stopped(attacks::a_flow_is_completed_twice(), 5, "session_refused").await;
}

#[test]
fn m9_clients_that_ask_break_nothing() {
    let clients = Protocol { has_clients: true, ..Protocol::complete(2) };
    let checker = clients.checker().symmetry().threads(2).spawn_dfs().join();
    checker.assert_properties();
    let states = checker.unique_state_count();
    assert!(states > 3_000, "only {states} states: the model has lost something");
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_without_the_click_a_clients_link_goes_on_in_a_browser_that_bob_has_signed_in() {
    let attack = client_attacks::a_link_goes_on_by_itself();
    assert_found_and_stopped(attack, 2, "Connect GitHub?").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_without_the_person_alice_continues_what_bobs_client_asked_for() {
    let attack = client_attacks::alice_continues_bobs_link();
    assert_found_and_stopped(attack, 1, "This request is not yours").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_without_a_secret_state_bob_completes_a_clients_flow_with_alices_code() {
    let attack = client_attacks::bob_completes_a_clients_flow_with_alices_code();
    assert_found_and_stopped(attack, 5, "wrong_state").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_without_the_browser_bob_sends_what_was_sealed_for_his_own() {
    let attack = client_attacks::bob_sends_what_was_sealed_for_his_browser();
    assert_found_and_stopped(attack, 3, "This was not asked for in this browser").await;
}

#[test]
fn a_click_on_a_page_that_names_bob_gives_bob_alices_account() {
    assert_found(&client_attacks::alice_clicks_where_the_page_names_bob());
}

#[test]
fn a_leaked_authorization_address_gives_alice_bobs_account() {
    assert_found(&attacks::bob_consents_on_the_address_that_waits_for_alice());
}

#[test]
fn an_unnoticed_sign_in_as_bob_lets_alice_use_bobs_account() {
    assert_found(&attacks::alice_takes_bobs_account_for_hers());
}

#[test]
fn a_leaked_provider_page_gives_alice_bobs_account() {
    assert_found(&attacks::bob_answers_the_page_that_waits_for_alice());
}

/// Takes steps that somebody could take, drawn from `seed`, in the model and at the handlers;
/// returns how many attempts to bind were refused, and whether one was not.
async fn walk(seed: u64) -> (usize, bool) {
    let protocol = Protocol { has_clients: seed % 2 == 1, ..Protocol::complete(2) };
    let (mut state, mut replay) = (State::start(), Replay::start().await);
    let (mut dice, mut history, mut refused) = (Dice(seed), Vec::new(), 0);
    for _ in 0..24 {
        let (action, outcome) = draw(&protocol, &state, &mut dice);
        history.push(action);
        let tried = replay.step(action, state.signed_in(browser_of(action))).await;
        match (outcome, tried) {
            (Outcome::Done(next), Tried::Done) => state = next,
            (Outcome::Refused, Tried::Refused(_)) => {
                refused += usize::from(matches!(action, Action::Bind { .. }));
            }
            (outcome, tried) => {
                unreachable!("the model has {outcome:?}, the handlers {tried:?}: {history:?}")
            }
        }
        if state.bound().next().is_some() {
            return (refused, true);
        }
    }
    (refused, false)
}

/// A step that is possible: mostly one that leads on, and often a visit of our page.
fn draw(protocol: &Protocol, state: &State, dice: &mut Dice) -> (Action, Outcome) {
    let steps = Protocol::steps(state.flows.len()).into_iter();
    let attempts = steps.map(|action| (action, protocol.attempt(state, action)));
    let possible: Vec<_> =
        attempts.filter(|(_, outcome)| *outcome != Outcome::Impossible).collect();
    let wanted = dice.below(4);
    let is_wanted = |(action, outcome): &(Action, Outcome)| match wanted {
        0 => true,
        1 => matches!(action, Action::Bind { .. }),
        _ => {
            let leads_on = matches!(outcome, Outcome::Done(next) if next != state);
            leads_on && !matches!(action, Action::SignIn(..))
        }
    };
    let (mut some, mut others): (Vec<_>, Vec<_>) = possible.into_iter().partition(is_wanted);
    let from = if some.is_empty() { &mut others } else { &mut some };
    from.swap_remove(dice.below(from.len()))
}

/// Numbers that look random and are the same in each run (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).expect("a small number")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_the_model_and_the_handlers_agree_on_every_step_of_random_histories() {
    let (mut refused, mut bound) = (0, 0);
    for seed in 0..12 {
        let (some, is_bound) = walk(seed).await;
        (refused, bound) = (refused + some, bound + usize::from(is_bound));
    }
    assert!(refused >= 10 && bound >= 4, "{refused} refused, {bound} bound");
}
