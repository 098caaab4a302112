//! The loop around a turn: it does what the state machine says is next.

use std::{future::Future, sync::Arc};

use futures_util::future::join_all;
use serde_json::Value;
use service::Clock;
use session::{SessionId, ToolOutput, ToolResult, ToolStatus};
use telemetry::Audit;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;
use vault::AccessToken;

use super::{
    consent::{Authorizer, Consent},
    error::TurnError,
    github::{Called, Failure, GitHub, Remedy},
    model::{Model, Usage},
    plain,
    scopes::{Scopes, joined},
    tokens::{Asked, Tokens},
    tools::Tool,
    turn::{Action, Attempt, Demand, Refusal, Step, Turn},
};
use crate::record::Record;

/// Everything a turn needs.
#[derive(Debug)]
pub(crate) struct Driver<'a> {
    pub(crate) model: &'a Model,
    pub(crate) github: &'a GitHub,
    pub(crate) authorizer: Authorizer<'a>,
    pub(crate) session: &'a SessionId,
    pub(crate) clock: &'a Clock,
    /// When this request's time is over.
    pub(crate) deadline: Instant,
}

/// A call that was made with a token.
struct Tried<'a> {
    attempt: &'a Attempt,
    token: Arc<AccessToken>,
    outcome: Outcome,
}

enum Outcome {
    Read(Called<Value>),
    Seen(Called<String>),
}

impl Driver<'_> {
    /// Runs `turn` until it is done or waits for the user, perhaps for the consent that this
    /// answers. After an error the turn still tells how far it came, and `usage` what it took.
    pub(crate) async fn run(
        &self,
        turn: &mut Turn,
        record: &mut Record<'_>,
        usage: &mut Usage,
    ) -> Result<Option<Consent>, TurnError> {
        let mut tokens = Tokens::new(self.authorizer);
        loop {
            match turn.next_step() {
                Step::CallModel => {
                    let answer = self.model.answer(record.history(), turn.messages());
                    let (message, used) = self.in_time(answer).await?;
                    *usage += used;
                    turn.model_answered(message)?;
                }
                Step::Try(attempts) => {
                    self.in_time(self.try_all(turn, &attempts, &mut tokens)).await?;
                }
                Step::Claim => {
                    turn.claim();
                    self.in_time(record.claim(turn)).await?;
                }
                Step::CarryOut(action) => {
                    self.in_time(self.carry_out(turn, &action, &mut tokens)).await?;
                }
                Step::Pause => match self.in_time(ask(turn, &mut tokens)).await? {
                    Some(Asked::Given) => turn.consent_found(),
                    Some(Asked::Needed(consent)) => return Ok(Some(consent)),
                    None => return Ok(None),
                },
                Step::Done => return Ok(None),
            }
        }
    }

    async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, TurnError>>,
    ) -> Result<T, TurnError> {
        timeout_at(self.deadline, work).await.unwrap_or(Err(TurnError::TooSlow))
    }

    /// Tries calls, all at once, each as far as it needs no consent.
    async fn try_all(
        &self,
        turn: &mut Turn,
        attempts: &[Attempt],
        tokens: &mut Tokens<'_>,
    ) -> Result<(), TurnError> {
        let mut running = Vec::new();
        for attempt in attempts {
            let (id, demand) = (&attempt.call.tool_use_id, &attempt.demand);
            match tokens.get(demand).await? {
                None => turn.needs_consent(id, fresh_id()),
                Some(token) => match tokens.too_weak(&token, demand).cloned() {
                    Some(allows) => turn.refused(id, too_weak(attempt, &token, &allows)),
                    None => running.push(self.try_one(attempt, token)),
                },
            }
        }
        for tried in join_all(running).await {
            self.settle(turn, tried, tokens);
        }
        Ok(())
    }

    async fn try_one<'a>(&self, attempt: &'a Attempt, token: Arc<AccessToken>) -> Tried<'a> {
        let outcome = match attempt.tool {
            Tool::Reads(reading) => {
                Outcome::Read(self.github.read(reading, &attempt.call, &token).await)
            }
            Tool::Changes(change) => Outcome::Seen(match plain::refusal(&attempt.call.input) {
                Some(failure) => Called::failed(failure),
                None => self.github.look(change, &attempt.call, &token).await,
            }),
        };
        Tried { attempt, token, outcome }
    }

    /// Tells the turn how a call went.
    fn settle(&self, turn: &mut Turn, tried: Tried<'_>, tokens: &mut Tokens<'_>) {
        let Tried { attempt, token, outcome } = tried;
        let id = &attempt.call.tool_use_id;
        let (allows, request) = match &outcome {
            Outcome::Read(called) => (&called.allows, called.request.clone()),
            Outcome::Seen(called) => (&called.allows, called.request.clone()),
        };
        if let Some(allows) = allows {
            tokens.learn(&token, allows.clone());
        }
        // What a token brought that allows too little may be less than there is.
        if let Some(allows) = tokens.too_weak(&token, &attempt.demand).cloned() {
            self.record(attempt.tool, "too_weak", request.as_deref());
            return turn.refused(id, too_weak(attempt, &token, &allows));
        }
        match outcome {
            Outcome::Read(Called { outcome: Ok(data), .. }) => {
                self.record(attempt.tool, "ok", request.as_deref());
                turn.answered(success(id, data));
            }
            Outcome::Seen(Called { outcome: Ok(account), .. }) => {
                let asked = turn.seen(id, &account, fresh_id(), self.clock.now());
                if let Some(confirmation) = asked {
                    Audit::ConfirmationRequired {
                        user: self.authorizer.asker.user,
                        session: self.session.as_str(),
                        tool: attempt.tool.name(),
                        interrupt: &confirmation.interrupt,
                    }
                    .record();
                }
            }
            Outcome::Read(Called { outcome: Err(failure), .. })
            | Outcome::Seen(Called { outcome: Err(failure), .. }) => {
                self.record(attempt.tool, failure.code, request.as_deref());
                let allows = tokens.allowed(&token);
                fail(turn, id, &attempt.demand, failure, &token, allows);
            }
        }
    }

    /// Carries out a claimed action. From here on its end is never guessed.
    async fn carry_out(
        &self,
        turn: &mut Turn,
        action: &Action,
        tokens: &mut Tokens<'_>,
    ) -> Result<(), TurnError> {
        let Action { call, change, demand } = action;
        let id = &call.tool_use_id;
        let lost = || TurnError::Internal("an action was claimed without a token".into());
        let token = tokens.tried(demand).ok_or_else(lost)?;
        let called = self.github.carry_out(*change, call, &token).await;
        let Called { outcome, request, .. } = called;
        let code = outcome.as_ref().map_or_else(|failure| failure.code, |_| "ok");
        self.record(Tool::Changes(*change), code, request.as_deref());
        match outcome {
            Ok(data) => turn.answered(success(id, data)),
            Err(failure) => {
                let allows = tokens.allowed(&token);
                fail(turn, id, demand, failure, &token, allows);
            }
        }
        Ok(())
    }

    fn record(&self, tool: Tool, outcome: &str, request: Option<&str>) {
        Audit::ToolCalled {
            user: self.authorizer.asker.user,
            session: self.session.as_str(),
            tool: tool.name(),
            scopes: &joined(&tool.scopes()),
            outcome,
            provider_request: request,
        }
        .record();
    }
}

/// What a pause needs the user to consent to, if it does.
async fn ask(turn: &Turn, tokens: &mut Tokens<'_>) -> Result<Option<Asked>, TurnError> {
    match turn.consent_needed() {
        Some(scopes) => tokens.ask(&scopes).await.map(Some),
        None => Ok(None),
    }
}

/// Tells the turn of a failure: as an answer to the model, or as a need for another token.
fn fail(
    turn: &mut Turn,
    id: &str,
    demand: &Demand,
    failure: Failure,
    token: &AccessToken,
    allows: Option<&Scopes>,
) {
    let result = ToolResult::new(id, ToolStatus::Error, failure.text);
    let more = match failure.remedy {
        None => return turn.answered(result),
        Some(Remedy::AnotherToken) => Scopes::new(),
        Some(Remedy::MoreScopes(more)) => more,
    };
    let all = demand.scopes.iter().chain(&more).chain(allows.into_iter().flatten());
    let refusal =
        Refusal { token: token.mark(), scopes: all.cloned().collect(), otherwise: result };
    turn.refused(id, refusal);
}

fn too_weak(attempt: &Attempt, token: &AccessToken, allows: &Scopes) -> Refusal {
    let Attempt { call, demand, .. } = attempt;
    let text = format!(
        "Not run: it needs the scopes {}, and the user has allowed {} only.",
        joined(&demand.scopes),
        joined(allows)
    );
    Refusal {
        token: token.mark(),
        scopes: demand.scopes.union(allows).cloned().collect(),
        otherwise: ToolResult::new(&call.tool_use_id, ToolStatus::Error, text),
    }
}

fn success(id: &str, data: Value) -> ToolResult {
    let content = vec![ToolOutput::Json(data)];
    ToolResult { tool_use_id: id.to_owned(), status: ToolStatus::Success, content }
}

fn fresh_id() -> String {
    Uuid::new_v4().to_string()
}
