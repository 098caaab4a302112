//! One call of a client: a turn without a model, which is kept while it waits for its user.
//!
//! It is kept by what is called with which input, so that the same call made again finds what waits: a
//! consent that is there meanwhile, or the result of what the user has approved on our page. A result is
//! given once. A call that waits for nobody is not kept at all.

use std::{sync::Arc, time::Duration};

use agent::{
    consent::{Asker, Consent, Origin},
    error::TurnError,
    event::{Event, Listener},
    lease::Lease,
    model::Usage,
    run::Runner,
    stop::Stop,
    toolbox::Toolbox,
    turn::{Answered, Answers, ResumeError, Rules, Turn, result_of_call},
};
use edge::{Code, Kind, Problem, reply::content_hash, shell::to_the_end};
use identity::User;
use serde_json::Value;
use session::{Message, SessionId, Sessions, ToolResult};
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;
use vault::ClientName;

use super::waiting::{self, Waiting};
use crate::{
    state::Service,
    turn_problem::{Saved, problem},
};

/// How much longer than its request a claim lasts: clocks differ.
const LEASE_MARGIN: Duration = Duration::from_secs(10);
/// How long the result of what was approved waits for its client. A later call is a new one.
const KEPT: u64 = 60 * 60;

/// Who calls, and which call it is.
#[derive(Debug, Clone)]
pub(super) struct ClientCall {
    pub(super) service: Arc<Service>,
    pub(super) user: User,
    pub(super) client: ClientName,
    pub(super) id: SessionId,
    pub(super) time: Duration,
}

/// What is wanted of a call.
pub(super) enum Wanted {
    /// It is made, or made again.
    Result { tool: String, input: Value },
    /// Its user has answered on our page.
    Answered(Answers),
}

/// How far a call came.
pub(super) enum CallOutcome {
    /// It is done.
    Done(ToolResult),
    /// It waits for all of these.
    Waits(Vec<Waiting>),
}

/// The call of `tool` with `input`, by any client.
pub(super) fn id(tool: &str, input: &Value) -> Result<SessionId, Problem> {
    SessionId::parse(content_hash([tool, &input.to_string()])).map_err(Problem::internal)
}

/// Who called, as it is kept in the turn's first message.
pub(super) fn client_of(turn: &[Message]) -> ClientName {
    ClientName::shortened(&turn.first().map(Message::text).unwrap_or_default())
}

/// Nobody hears a call but who made it.
struct Silence;

impl Listener for Silence {
    fn hear(&mut self, _: Event<'_>) {}
}

impl ClientCall {
    /// Does what is `wanted`, to the end even if the caller hangs up. It counts as a turn of the user's.
    pub(super) async fn run(self, wanted: Wanted) -> Result<CallOutcome, Problem> {
        let admitted = self.service.limits.admit(self.user.id())?;
        to_the_end(async move {
            let _counted = admitted;
            self.work(wanted).await
        })
        .await
    }

    async fn work(&self, wanted: Wanted) -> Result<CallOutcome, Problem> {
        let deadline = Instant::now() + self.time;
        let inbound = &self.service.settings.inbound;
        let clients = self.service.clients().await;
        let calls = clients.sessions.calls();
        let mut lease = self.load(&calls, deadline).await?;
        if let (Wanted::Result { .. }, Some(result)) =
            (&wanted, result_of_call(lease.history()).cloned())
        {
            self.forget(&calls).await;
            if is_fresh(&result, inbound.clock.now()) {
                return Ok(CallOutcome::Done(result));
            }
            lease = self.load(&calls, deadline).await?;
        }
        let principal = inbound.principal(&self.user)?;
        let origin = Origin::Client(&self.client);
        let asker =
            Asker { user: self.user.id(), principal: &principal, origin, session: Some(&self.id) };
        let authorizer = self.service.authorizer(clients, asker);
        self.service.learn(&authorizer, deadline).await;
        let runner = Runner {
            model: clients.model.get(),
            system: "",
            context: &clients.context,
            max_tokens: 0,
            authorizer,
            sources: &self.service.sources,
            session: &self.id,
            clock: &inbound.clock,
            deadline,
            stop: Stop::default(),
        };
        let is_asked_by_client = matches!(wanted, Wanted::Result { .. });
        let mut turn = self.turn(&lease, wanted)?;
        let ran = runner.run(&mut turn, &mut lease, &mut Usage::default(), &mut Silence).await;
        let outcome = match (ran, turn.result_of_call().cloned()) {
            (Ok(_), Some(result)) if is_asked_by_client => {
                if lease.is_stored() {
                    self.forget(&calls).await;
                }
                Ok(CallOutcome::Done(result))
            }
            (Ok(consents), result) => self.keep(&mut lease, &turn, consents, result).await,
            (Err(error), _) => Err(error),
        };
        match outcome {
            Ok(outcome) => Ok(outcome),
            Err(error) => Err(problem(error, saved_after_failure(&mut lease, &turn).await)),
        }
    }

    /// Keeps what the call waits for, or the `result` of what its user has answered.
    async fn keep(
        &self,
        lease: &mut Lease<'_>,
        turn: &Turn,
        consents: Vec<Consent>,
        result: Option<ToolResult>,
    ) -> Result<CallOutcome, TurnError> {
        if let Some(result) = result {
            lease.finish(turn).await?;
            return Ok(CallOutcome::Done(result));
        }
        let waits = waiting::all(turn, consents, &self.service.settings.inbound, &self.id);
        lease.pause(turn).await?;
        Ok(CallOutcome::Waits(waits))
    }

    async fn load<'a>(&self, calls: &'a Sessions, deadline: Instant) -> Result<Lease<'a>, Problem> {
        let settings = &self.service.settings;
        let until = settings.inbound.clock.now() + self.time + LEASE_MARGIN;
        let lease = Lease::load(calls, self.user.id(), &self.id, settings.model.context, until);
        let lease = timeout_at(deadline, lease).await.unwrap_or_else(|slow| Err(slow.into()));
        lease.map_err(|error| problem(error.into(), Saved::Nothing))
    }

    /// The call as it waits, or from its beginning.
    fn turn(&self, lease: &Lease<'_>, wanted: Wanted) -> Result<Turn, Problem> {
        let settings = &self.service.settings;
        let rules = Rules {
            user: self.user.id().clone(),
            tools: Toolbox::for_user(&self.service.sources, self.user.id()),
            confirm: settings.turns.confirm_actions,
            may_wait: true,
            is_one_call: true,
        };
        let now = settings.inbound.clock.now();
        match (lease.pending().cloned(), wanted) {
            (Some(pending), Wanted::Result { .. }) => {
                let turn = Turn::resume(pending, &Answers::new(), rules, now);
                turn.map_err(|error| refusal(&error))
            }
            (Some(pending), Wanted::Answered(answers)) => {
                let may_wait = rules.may_wait;
                let turn = Turn::resume(pending.clone(), &answers, rules, now);
                let refused = turn.as_ref().err().map(refused_as);
                let said = match refused {
                    None => Answered::all(&pending, &answers, may_wait, now),
                    Some(why) => {
                        let all = answers.keys();
                        all.map(|interrupt| Answered::new(interrupt, why, Some(&pending))).collect()
                    }
                };
                said.iter().for_each(|it| it.record(self.user.id(), &self.id));
                turn.map_err(|error| refusal(&error))
            }
            (None, Wanted::Answered(answers)) => {
                for interrupt in answers.keys() {
                    Answered::new(interrupt, "not_open", None).record(self.user.id(), &self.id);
                }
                let interrupt = answers.into_keys().next().unwrap_or_default();
                Err(refusal(&ResumeError::NotOpen(interrupt)))
            }
            (None, Wanted::Result { tool, input }) => {
                let (id, asked) = (Uuid::new_v4().to_string(), self.client.as_str().to_owned());
                Ok(Turn::of_one_call(id, tool, input, asked, rules))
            }
        }
    }

    /// Nothing is kept of the call any more. If that fails, its result is given once more.
    async fn forget(&self, calls: &Sessions) {
        if let Err(error) = calls.delete(self.user.id(), &self.id).await {
            tracing::warn!(%error, "a call that is done can't be deleted");
        }
    }
}

/// Saves a failed call if it has done something, so that it is not repeated.
async fn saved_after_failure(lease: &mut Lease<'_>, turn: &Turn) -> Saved {
    if !lease.holds_claims() {
        return match lease.has_unconfirmed_claim() {
            true => Saved::CallUnfinished,
            false => Saved::Nothing,
        };
    }
    match lease.pause(turn).await {
        Ok(()) => Saved::CallUnfinished,
        Err(_) => Saved::Lost,
    }
}

fn is_fresh(result: &ToolResult, now: std::time::SystemTime) -> bool {
    let now = now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs();
    result.decision.as_ref().is_none_or(|decision| now < decision.at + KEPT)
}

/// As the audit trail names it.
fn refused_as(error: &ResumeError) -> &'static str {
    match error {
        ResumeError::InProgress => "in_progress",
        ResumeError::NotOpen(_) => "not_open",
        ResumeError::Expired(_) => "expired",
    }
}

fn refusal(error: &ResumeError) -> Problem {
    let conflict = |code, detail| Problem::new(Kind::Conflict, detail).code(code);
    match error {
        ResumeError::InProgress => problem(TurnError::InProgress, Saved::Nothing),
        ResumeError::NotOpen(_) => conflict(
            Code::InterruptNotOpen,
            "This is not open any more: it was answered before. Nothing was done now.",
        ),
        ResumeError::Expired(_) => conflict(
            Code::InterruptExpired,
            "This was asked too long ago to be approved now. Nothing was done. Make the call again to see \
             it as it is now.",
        ),
    }
}
