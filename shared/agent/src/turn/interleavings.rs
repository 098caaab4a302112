//! Every order in which two requests, a user and a failing world can work on one action.
//!
//! Two requests read and write one stored turn as [`crate::lease`] does: each write succeeds only
//! if nobody has written since the writer read. Either can die between any two steps. The user
//! answers any confirmation that was shown, twice if they like; the provider's account changes at
//! will; tokens are refused; leases run out while their holder still works. In no order is the
//! action made twice, or made without an approval of exactly this, as exactly this account.

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    time::{Duration, SystemTime},
};

use identity::UserId;
use serde_json::json;
use session::{Block, CallState, Message, Pending, Role, ToolResult, ToolStatus, ToolUse};
use vault::TokenFingerprint;

use super::{
    Answers, Impossible, Rules, Step, Turn, Verdict,
    fixtures::{ISSUE, tools},
    reply::TokenRefusal,
};
use crate::scopes::Scopes;

const ACCOUNTS: [&str; 2] = ["octo-alice", "octo-bob"];
const NOW: SystemTime = SystemTime::UNIX_EPOCH;
const LEASE: Duration = Duration::from_secs(60);
/// How many steps from the beginning are looked at.
const DEPTH: usize = 11;

#[derive(Debug, Clone)]
struct World {
    stored: Option<Pending>,
    version: u32,
    requests: [Option<Request>; 2],
    /// What was ever shown to the user: interrupt → account.
    shown: BTreeMap<String, String>,
    /// What they approved.
    approved: BTreeMap<String, String>,
    /// As which account the action was made.
    made: Vec<String>,
    fresh: u32,
    lease_is_over: bool,
}

#[derive(Debug, Clone)]
struct Request {
    turn: Turn,
    version: u32,
    /// As whom it was previewed last.
    account: &'static str,
}

fn rules() -> Rules {
    Rules {
        user: UserId::parse("alice").unwrap(),
        tools: tools(),
        confirm: true,
        may_wait: true,
        is_one_call: false,
    }
}

fn result() -> ToolResult {
    ToolResult::new("a", ToolStatus::Success, "done")
}

impl World {
    /// The model has called for one action, and the user has been asked.
    fn new() -> Self {
        let call = ToolUse {
            tool_use_id: "a".into(),
            name: ISSUE.into(),
            input: json!({ "title": "Water" }),
        };
        let message =
            Message { role: Role::Assistant, content: vec![Block::ToolUse(call)], id: None };
        let mut turn = Turn::begin("please".into(), rules());
        turn.model_answered(message, &BTreeMap::new(), &[]);
        turn.previewed("a", ACCOUNTS[0], "confirm 0".into(), NOW);
        Self {
            stored: Some(turn.to_pending(NOW)),
            version: 0,
            requests: [None, None],
            shown: BTreeMap::from([("confirm 0".into(), ACCOUNTS[0].into())]),
            approved: BTreeMap::new(),
            made: Vec::new(),
            fresh: 0,
            lease_is_over: false,
        }
    }

    fn now(&self) -> SystemTime {
        if self.lease_is_over { NOW + LEASE } else { NOW }
    }

    /// Everything that can happen next.
    fn next(&self) -> Vec<Self> {
        let mut all = Vec::new();
        if !self.lease_is_over {
            all.push(Self { lease_is_over: true, ..self.clone() });
        }
        for at in 0..self.requests.len() {
            match &self.requests[at] {
                None => all.extend(self.arrivals(at)),
                Some(request) => {
                    let mut dead = self.clone();
                    dead.requests[at] = None;
                    all.push(dead);
                    all.extend(self.steps(at, request));
                }
            }
        }
        all
    }

    /// A request comes, with any answer to anything that was ever shown, or with none.
    fn arrivals(&self, at: usize) -> Vec<Self> {
        let Some(stored) = &self.stored else { return Vec::new() };
        let answers = self.shown.keys().flat_map(|interrupt| {
            [Verdict::Resolved, Verdict::Cancelled]
                .map(|verdict| Answers::from([(interrupt.clone(), verdict)]))
        });
        let arrival = |answers: Answers| {
            let turn = Turn::resume(stored.clone(), &answers, rules(), self.now()).ok()?;
            let mut world = self.clone();
            for (interrupt, _) in answers.iter().filter(|(_, it)| **it == Verdict::Resolved) {
                world.approved.insert(interrupt.clone(), self.shown[interrupt].clone());
            }
            let request = Request { turn, version: self.version, account: ACCOUNTS[0] };
            world.requests[at] = Some(request);
            Some(world)
        };
        std::iter::once(Answers::new()).chain(answers).filter_map(arrival).collect()
    }

    /// What a request at work can meet.
    fn steps(&self, at: usize, request: &Request) -> Vec<Self> {
        match request.turn.next_step() {
            Step::Try(_) => {
                let previewed = ACCOUNTS.map(|account| {
                    let mut world = self.clone();
                    world.fresh += 1;
                    let interrupt = format!("confirm {}", world.fresh);
                    world.with(at, |request| {
                        request.account = account;
                        request.turn.previewed("a", account, interrupt, NOW);
                    })
                });
                let no_token = self.with(at, |it| it.turn.needs_consent("a", "consent".into()));
                previewed.into_iter().chain([self.refused(at), no_token]).collect()
            }
            Step::Claim => {
                let claiming = self.with(at, |request| request.turn.claim());
                claiming.written(at, LEASE).into_iter().collect()
            }
            Step::Apply(_) => {
                let mut made = self.clone();
                made.made.push(request.account.to_owned());
                let answered = made.with(at, |request| request.turn.answered(result()));
                let mut died_in_the_act = made;
                died_in_the_act.requests[at] = None;
                vec![answered, died_in_the_act, self.refused(at)]
            }
            Step::Pause => {
                let written = self.written(at, Duration::ZERO).map(|it| it.ended(at));
                let needed = request.turn.consents_needed();
                let impossible = needed.into_keys().map(|provider| {
                    self.with(at, |request| {
                        request.turn.consent_impossible(&provider, Impossible::OnlyDeadTokens)
                    })
                });
                written.into_iter().chain(impossible).collect()
            }
            Step::CallModel | Step::Done => self.finished(at).into_iter().collect(),
        }
    }

    fn with(&self, at: usize, change: impl FnOnce(&mut Request)) -> Self {
        let mut world = self.clone();
        if let Some(request) = &mut world.requests[at] {
            change(request);
        }
        world
    }

    fn refused(&self, at: usize) -> Self {
        let token = TokenFingerprint::from_saved("refused".into());
        let refusal = TokenRefusal { token, scopes: Scopes::new(), otherwise: result() };
        self.with(at, |request| request.turn.refused("a", refusal))
    }

    /// A conditional write of the turn; a request that loses it ends.
    fn written(&self, at: usize, lease: Duration) -> Option<Self> {
        let request = self.requests[at].as_ref()?;
        if request.version != self.version {
            return Some(self.clone().ended(at));
        }
        let mut world = self.clone();
        world.version += 1;
        let version = world.version;
        let pending = request.turn.to_pending(NOW + lease);
        for call in &pending.calls {
            if let CallState::Unconfirmed(asked) = &call.state {
                world.shown.insert(asked.interrupt.clone(), asked.account.clone());
            }
        }
        world.stored = Some(pending);
        Some(world.with(at, |request| request.version = version))
    }

    /// The turn is done, and written so.
    fn finished(&self, at: usize) -> Option<Self> {
        let mut world = self.written(at, Duration::ZERO)?;
        if world.version != self.version {
            world.stored = None;
        }
        Some(world.ended(at))
    }

    fn ended(mut self, at: usize) -> Self {
        self.requests[at] = None;
        self
    }

    fn check(&self) {
        assert!(self.made.len() <= 1, "made twice: {self:#?}");
        for account in &self.made {
            let is_approved = self.approved.values().any(|approved| approved == account);
            assert!(is_approved, "made without an approval of this account: {self:#?}");
        }
    }
}

#[test]
fn in_no_order_is_an_action_made_twice_or_without_its_approval() {
    let mut seen = HashSet::new();
    let mut next = VecDeque::from([(World::new(), 0)]);
    let mut made = 0_usize;
    while let Some((world, depth)) = next.pop_front() {
        world.check();
        if depth == DEPTH || !seen.insert(format!("{world:?}")) {
            made += world.made.len();
            continue;
        }
        next.extend(world.next().into_iter().map(|world| (world, depth + 1)));
    }
    assert!(seen.len() > 10_000 && made > 1_000, "{} states, made {made} times", seen.len());
}
