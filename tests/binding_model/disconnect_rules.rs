//! What each step of a disconnect's model does, what protects against it, and what must never result.

use stateright::{Model, Property};

pub(crate) const TOKEN_OF_BEFORE: &str = "no token of before the last disconnect is used";
pub(crate) const FLOW_OF_BEFORE: &str = "no flow of before the last disconnect connects";

/// Flows by number; a flow's token has the same number.
pub(crate) type FlowId = usize;

/// How many disconnects there were: the time, as far as it counts here.
pub(crate) type Time = u8;

/// A flow that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Flow {
    began: Time,
    bound: Option<Time>,
    is_shown: bool,
}

/// The record of the connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Record {
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
pub(crate) struct Turn {
    /// What the vault returned, which it was asked for beside the record.
    stored: Option<FlowId>,
    record: Option<Record>,
    token: Option<FlowId>,
    /// A forced flow that is not shown yet.
    forced: Option<FlowId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    record: Record,
    flows: Vec<Flow>,
    /// What the vault has for the set: the token that was bound last.
    stored: FlowId,
    turn: Turn,
    /// A call has begun with this token, now.
    used: Option<FlowId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
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
pub(crate) struct Rules {
    /// The record is read before each call.
    pub(crate) reads_before_each_call: bool,
    /// A consent counts only if the user has not disconnected since the record was read.
    pub(crate) compares_at_consent: bool,
    /// A flow counts only if the user has not disconnected since the record was read.
    pub(crate) compares_at_flow: bool,
    /// A stored token is not used while a disconnect stands.
    pub(crate) leaves_stored_tokens: bool,
    /// Neither is one that a forced request returns.
    pub(crate) leaves_forced_tokens: bool,
    /// What the vault returned before the user connected again is asked for once more.
    pub(crate) asks_again: bool,
    /// The one property to look at, or all.
    pub(crate) only: Option<&'static str>,
}

const MOST_FLOWS: usize = 4;
const MOST_DISCONNECTS: Time = 3;

impl Rules {
    pub(crate) fn complete() -> Self {
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
        self.elsewhere(&mut next, last, action).or_else(|| self.turn(&mut next, last, action))?;
        (next != *last).then_some(next)
    }

    /// What the user does, and another turn of theirs.
    fn elsewhere(&self, next: &mut State, last: &State, action: Action) -> Option<()> {
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
            _ => return None,
        }
        Some(())
    }

    /// What the turn does.
    fn turn(&self, next: &mut State, last: &State, action: Action) -> Option<()> {
        let read = last.turn.record.as_ref();
        let is_current = read.is_some_and(|it| it.disconnects == last.record.disconnects);
        let is_free = last.turn.token.is_none() && last.turn.forced.is_none();
        match action {
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
        Some(())
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
