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

use stateright::{Checker, Model, Property};

const TOKEN_OF_BEFORE: &str = "no token of before the last disconnect is used";
const FLOW_OF_BEFORE: &str = "no flow of before the last disconnect connects";

/// Flows by number; a flow's token has the same number.
type FlowId = usize;

/// How many disconnects there were: the time, as far as it counts here.
type Time = u8;

/// A flow that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Flow {
    began: Time,
    bound: Option<Time>,
    is_shown: bool,
}

/// The record of the connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Record {
    disconnects: Time,
    is_granted: bool,
    begun: Vec<FlowId>,
}

impl Record {
    fn is_usable(&self) -> bool {
        self.disconnects == 0 || self.is_granted
    }
}

/// What a turn at work has so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Turn {
    /// What the vault returned, which it was asked for beside the record.
    stored: Option<FlowId>,
    record: Option<Record>,
    token: Option<FlowId>,
    /// A forced flow that is not shown yet.
    forced: Option<FlowId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    record: Record,
    flows: Vec<Flow>,
    /// What the vault has for the set: the token that was bound last.
    stored: FlowId,
    turn: Turn,
    /// A call has begun with this token, now.
    used: Option<FlowId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    /// The user disconnects.
    Disconnect,
    /// The user completes a flow that was shown to them.
    Bind(FlowId),
    /// The turn asks the vault for the stored token.
    Fetch,
    /// It reads the record.
    Read,
    /// It takes what the vault returned.
    TakeStored,
    /// It asks the vault by a flow of the record, and takes what that has brought.
    TakeOfFlow(FlowId),
    /// It forces the vault, which begins a flow.
    Force,
    /// It forces the vault, which returns the token that it has.
    ForceReturns,
    /// It shows the forced flow to the user, once that is saved.
    Show,
    /// Another turn of the user begins a flow, and shows it.
    ShowElsewhere,
    /// Another turn finds what a flow has brought.
    TakeElsewhere(FlowId),
    /// It makes a call.
    Use,
    /// It ends, and another one begins.
    End,
}

/// The rules. Each can be taken away.
#[derive(Debug, Clone)]
struct Rules {
    /// The record is read before each call.
    reads_before_each_call: bool,
    /// A consent counts only if the user has not disconnected since the record was read.
    compares_at_consent: bool,
    /// A flow counts only if the user has not disconnected since the record was read.
    compares_at_flow: bool,
    /// A stored token is not used while a disconnect stands.
    leaves_stored_tokens: bool,
    /// Neither is one that a forced request returns.
    leaves_forced_tokens: bool,
    /// What the vault returned before the user connected again is asked for once more.
    asks_again: bool,
    /// The one property to look at, or all.
    only: Option<&'static str>,
}

const MOST_FLOWS: usize = 4;
const MOST_DISCONNECTS: Time = 3;

impl Rules {
    fn complete() -> Self {
        Self {
            reads_before_each_call: true,
            compares_at_consent: true,
            compares_at_flow: true,
            leaves_stored_tokens: true,
            leaves_forced_tokens: true,
            asks_again: true,
            only: None,
        }
    }

    /// Does the step; `None` where it is not possible or is refused.
    fn step(&self, last: &State, action: Action) -> Option<State> {
        let mut next = State { used: None, ..last.clone() };
        let read = last.turn.record.as_ref();
        let is_current = read.is_some_and(|it| it.disconnects == last.record.disconnects);
        let is_free = last.turn.token.is_none() && last.turn.forced.is_none();
        match action {
            Action::Disconnect => {
                let disconnects = last.record.disconnects + 1;
                next.record = Record { disconnects, is_granted: false, begun: Vec::new() };
                (disconnects <= MOST_DISCONNECTS).then_some(())?;
            }
            Action::Bind(flow) => {
                let flow_now = next.flows.get_mut(flow)?;
                (flow_now.is_shown && flow_now.bound.is_none()).then_some(())?;
                flow_now.bound = Some(last.record.disconnects);
                next.stored = flow;
            }
            Action::Fetch => next.turn.stored = Some(last.stored),
            Action::Read if read.is_none() => next.turn.record = Some(last.record.clone()),
            Action::TakeStored if is_free => {
                (read?.is_usable() || !self.leaves_stored_tokens).then_some(())?;
                next.turn.token = Some(last.turn.stored?);
            }
            Action::TakeOfFlow(flow) if is_free && read?.begun.contains(&flow) => {
                last.flows[flow].bound?;
                (is_current || !self.compares_at_consent).then_some(())?;
                next.record.is_granted = true;
                next.turn.record = Some(next.record.clone());
                next.turn.token = Some(last.stored);
            }
            Action::TakeElsewhere(flow) if last.record.begun.contains(&flow) => {
                last.flows[flow].bound?;
                next.record.is_granted = true;
                if self.asks_again {
                    next.turn.stored = None;
                }
            }
            Action::ShowElsewhere if !last.record.is_usable() => {
                (last.flows.len() < MOST_FLOWS).then_some(())?;
                next.record.begun.push(last.flows.len());
                next.flows.push(Flow {
                    began: last.record.disconnects,
                    bound: None,
                    is_shown: true,
                });
            }
            Action::Force if is_free && !read?.is_usable() => {
                (last.flows.len() < MOST_FLOWS).then_some(())?;
                next.turn.forced = Some(last.flows.len());
                next.flows.push(Flow {
                    began: last.record.disconnects,
                    bound: None,
                    is_shown: false,
                });
            }
            Action::ForceReturns if is_free && !read?.is_usable() => {
                (!self.leaves_forced_tokens).then_some(())?;
                next.turn.token = Some(last.stored);
            }
            Action::Show => {
                let flow = next.turn.forced.take()?;
                (is_current || !self.compares_at_flow).then_some(())?;
                next.record.begun.push(flow);
                next.flows[flow].is_shown = true;
            }
            Action::Use => {
                let token = last.turn.token?;
                (is_current || !self.reads_before_each_call).then_some(())?;
                next.used = Some(token);
            }
            Action::End => next.turn = Turn::default(),
            _ => return None,
        }
        (next != *last).then_some(next)
    }
}

impl State {
    /// The user is connected by a flow, and another one that began with it is still open.
    fn start() -> Self {
        let flow = |bound| Flow { began: 0, bound, is_shown: true };
        Self {
            record: Record { disconnects: 0, is_granted: true, begun: Vec::new() },
            flows: vec![flow(Some(0)), flow(None)],
            stored: 0,
            turn: Turn::default(),
            used: None,
        }
    }

    fn uses(&self, is_right: impl Fn(&Flow) -> bool) -> bool {
        self.used.is_none_or(|token| is_right(&self.flows[token]))
    }

    /// Whether a flow that began after the last disconnect was bound.
    fn is_connected_again(&self) -> bool {
        let now = self.record.disconnects;
        self.flows.iter().any(|flow| flow.began == now && flow.bound == Some(now))
    }
}

impl Model for Rules {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::start()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let flows = 0..state.flows.len();
        let with_flow = [Action::Bind, Action::TakeOfFlow, Action::TakeElsewhere];
        actions.extend(flows.flat_map(|flow| with_flow.map(|action| action(flow))));
        actions.extend([
            Action::Disconnect,
            Action::Fetch,
            Action::Read,
            Action::TakeStored,
            Action::Force,
            Action::ForceReturns,
            Action::Show,
            Action::ShowElsewhere,
            Action::Use,
            Action::End,
        ]);
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        self.step(last, action)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let all = [
            Property::always(TOKEN_OF_BEFORE, |_, state: &State| {
                let now = state.record.disconnects;
                state.uses(|flow| flow.bound == Some(now))
            }),
            Property::always(FLOW_OF_BEFORE, |_, state: &State| {
                let now = state.record.disconnects;
                state.uses(|flow| flow.began == now || state.is_connected_again())
            }),
            Property::sometimes("connected again after two disconnects", |_, state: &State| {
                state.used.is_some() && state.record.disconnects == 2
            }),
        ];
        let is_wanted = |name: &str| self.only.is_none_or(|only| only == name);
        all.into_iter().filter(|property| is_wanted(property.name)).collect()
    }
}

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
