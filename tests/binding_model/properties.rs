//! What must never result from any step, and what has to be possible.

use stateright::{Model, Property};

use crate::{
    model::{
        Bound,
        Browser::Bobs,
        Flow,
        Person::{Alice, Bob},
        State,
    },
    protocol::{Action, Outcome, Protocol},
};

/// A token was consented to in the very browser that asked for it.
pub(crate) const ASKED_THERE: &str = "consented to in the browser that asked";
/// It was bound in that browser, while its owner was signed in there.
pub(crate) const SIGNED_IN_THERE: &str = "bound where its owner had asked and was signed in";
/// One flow brings one token.
pub(crate) const ONCE: &str = "bound once";
/// Bob never gets what alice consented to.
pub(crate) const NOTHING_STOLEN: &str = "nothing of alice's is in bob's vault";
/// Alice never gets what bob consented to, and so never works in his account.
pub(crate) const NOTHING_PLANTED: &str = "nothing of bob's is in alice's vault";

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::start()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        actions.extend(Self::steps(state.flows.len()));
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        match self.attempt(last, action) {
            Outcome::Done(next) if next != *last => Some(next),
            _ => None,
        }
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let all = [
            Property::always(ASKED_THERE, |_, state: &State| {
                state.bound().all(|(flow, it)| flow.belongs_to(it.consented_in))
            }),
            Property::always(SIGNED_IN_THERE, |_, state: &State| {
                let there = |flow: &Flow, it: Bound| flow.belongs_to(it.bound_in);
                state.bound().all(|(flow, it)| there(flow, it) && it.signed_in == flow.user)
            }),
            Property::always(ONCE, |_, state: &State| {
                state.flows.iter().all(|flow| flow.tokens <= 1)
            }),
            Property::always(NOTHING_STOLEN, |_, state: &State| {
                state.bound().all(|(flow, it)| flow.user == Alice || it.consented_in == Bobs)
            }),
            Property::always(NOTHING_PLANTED, |_, state: &State| {
                state.bound().all(|(flow, it)| flow.user == Bob || it.consented_in != Bobs)
            }),
            Property::sometimes("alice is connected", |_, state: &State| {
                state.bound().any(|(flow, _)| flow.user == Alice)
            }),
            Property::sometimes("bob is connected", |_, state: &State| {
                state.bound().any(|(flow, _)| flow.user == Bob)
            }),
        ];
        let is_wanted = |name: &str| self.only.is_none_or(|only| only == name);
        all.into_iter().filter(|property| is_wanted(property.name)).collect()
    }
}
