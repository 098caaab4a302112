//! The loop around a turn: it does what the state machine says is next.

use std::{future::Future, sync::Arc};

use clock::Clock;
use futures_util::future::join_all;
use serde_json::Value;
use session::SessionId;
use telemetry::Audit;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;
use uuid::Uuid;
use vault::AccessToken;

use crate::{
    connections::Standing,
    consent::{Authorizer, Consent},
    context::Context,
    error::TurnError,
    event::{Event, Listener},
    inquiry::Inquiry,
    lease::Lease,
    model::{Model, Usage},
    scopes::{Scopes, joined},
    stop::Stop,
    tokens::{ConsentState, Found, Tokens},
    tool::{Preview, Reply, Tool, ToolSource},
    toolbox::Toolbox,
    traced,
    turn::{Action, Attempt, Step, TokenNeed, Turn},
    visible,
};

/// The audit trail's name of a call that was not made, because the user had disconnected.
const DISCONNECTED: &str = "disconnected";

/// Everything that a turn needs from outside.
#[derive(Debug)]
pub struct Runner<'a> {
    /// Which model it asks.
    pub model: &'a dyn Model,
    /// The system prompt.
    pub system: &'a str,
    /// How much of a conversation the model sees.
    pub context: &'a Context,
    /// How many tokens the model may write in one message.
    pub max_tokens: u32,
    /// Where tokens come from.
    pub authorizer: Authorizer<'a>,
    /// Where tools come from, if there may be others after a call.
    pub sources: &'a [Arc<dyn ToolSource>],
    /// Which conversation.
    pub session: &'a SessionId,
    /// What time it is.
    pub clock: &'a Clock,
    /// When this request's time is over.
    pub deadline: Instant,
    /// Tells it that nobody waits for the turn any more.
    pub stop: Stop,
}

/// A call that was made, with the token that it was made with.
struct MadeCall<'a> {
    attempt: &'a Attempt,
    token: Option<Arc<AccessToken>>,
    made: Made,
}

enum Made {
    Read(Reply<Value>),
    Previewed(Reply<Preview>),
}

impl Runner<'_> {
    /// Runs `turn` until it is done or waits for the user, who has to give the consents that this
    /// returns. After an error `turn` still has its progress, and `usage` the tokens used so far.
    ///
    /// # Errors
    /// When an upstream fails, the time is over, or another request has claimed the turn.
    pub async fn run(
        &self,
        turn: &mut Turn,
        lease: &mut Lease<'_>,
        usage: &mut Usage,
        listener: &mut dyn Listener,
    ) -> Result<Vec<Consent>, TurnError> {
        let mut tokens = Tokens::new(self.authorizer);
        turn.heard_before(lease.history());
        let mut heard = turn.messages().len().saturating_sub(1);
        // What is done besides asking the model is boxed: a turn waits for its model most of its time, and holds
        // then what asking takes, and not what the largest of its steps does.
        loop {
            for message in turn.messages().iter().skip(heard) {
                listener.hear(Event::Message(message));
            }
            heard = turn.messages().len();
            match turn.next_step() {
                Step::CallModel | Step::Try(_) | Step::Claim if self.stop.is_stopped() => {
                    turn.stop("");
                }
                Step::CallModel => {
                    self.ask_unless_stopped(turn, lease.history(), usage, listener).await?;
                }
                Step::Try(attempts) => {
                    tokio::select! {
                        tried = self.in_time(Box::pin(self.try_all(turn, &attempts, &mut tokens))) => {
                            tried?;
                            self.renew_tools(turn, &attempts);
                        }
                        () = self.stop.stopped() => {
                            for Attempt { tool, need, .. } in &attempts {
                                self.record(tool, need.as_ref(), "stopped", None);
                            }
                            turn.stop("");
                        }
                    }
                }
                Step::Claim => {
                    turn.claim();
                    self.in_time(Box::pin(lease.claim(turn))).await?;
                }
                Step::Apply(action) => {
                    self.in_time(Box::pin(self.apply(turn, &action, &mut tokens))).await?;
                }
                Step::Pause => {
                    if let Some(consents) =
                        self.in_time(Box::pin(request_consents(turn, &mut tokens))).await?
                    {
                        return Ok(consents);
                    }
                }
                Step::Done => return Ok(Vec::new()),
            }
        }
    }

    pub(crate) async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, TurnError>>,
    ) -> Result<T, TurnError> {
        timeout_at(self.deadline, work).await.unwrap_or(Err(TurnError::TooSlow))
    }

    /// Reads or previews calls, all at once, except those that need a consent first. The token of
    /// the widest need is fetched first, because it may serve the others.
    async fn try_all(
        &self,
        turn: &mut Turn,
        attempts: &[Attempt],
        tokens: &mut Tokens<'_>,
    ) -> Result<(), TurnError> {
        let mut by_need: Vec<&Attempt> = attempts.iter().collect();
        by_need.sort_by_key(|attempt| std::cmp::Reverse(attempt.width()));
        let mut running = Vec::new();
        tokens.begin_round();
        for attempt in by_need {
            let id = &attempt.call.tool_use_id;
            let Some(need) = &attempt.need else {
                running.push(self.try_one(attempt, None));
                continue;
            };
            match tokens.get(need).await? {
                Found::Nothing => turn.needs_consent(id, fresh_id()),
                Found::Disconnected => {
                    turn.call_disconnected(id, &need.provider);
                    self.record(&attempt.tool, Some(need), DISCONNECTED, None);
                }
                Found::Token(token) => {
                    if turn.may_be_tried_with(id, &tokens.known(&token)) {
                        running.push(self.try_one(attempt, Some(token)));
                    }
                }
            }
        }
        for made in join_all(running).await {
            self.settle(turn, made, tokens);
        }
        Ok(())
    }

    /// Reads or previews one call, in a span of its own.
    fn try_one<'a>(
        &self,
        attempt: &'a Attempt,
        token: Option<Arc<AccessToken>>,
    ) -> impl Future<Output = MadeCall<'a>> + use<'a> {
        let span = traced::attempt(self.model, self.session.as_str(), attempt);
        try_one(attempt, token).instrument(span)
    }

    /// One of `attempts` may have brought other tools.
    fn renew_tools(&self, turn: &mut Turn, attempts: &[Attempt]) {
        let brings = |tool: &Tool| matches!(tool, Tool::Read(tool) if tool.brings_tools());
        if attempts.iter().any(|attempt| brings(&attempt.tool)) {
            turn.offer(Toolbox::for_user(self.sources, self.authorizer.asker.user));
        }
    }

    /// Reports the result of a call to the turn.
    fn settle(&self, turn: &mut Turn, made: MadeCall<'_>, tokens: &mut Tokens<'_>) {
        let MadeCall { attempt, token, made } = made;
        let Attempt { call, tool, need, .. } = attempt;
        let id = &call.tool_use_id;
        match made {
            Made::Read(mut reply) => {
                let known = learned(tokens, token.as_deref(), reply.allows.take());
                let request_id = reply.request_id.take();
                let outcome = match asked(&mut reply) {
                    Some(inquiry) => turn.asks(id, inquiry, fresh_id),
                    None => turn.was_read(id, known.as_ref(), reply),
                };
                self.record(tool, need.as_ref(), outcome, request_id.as_deref());
            }
            Made::Previewed(mut reply) => {
                let known = learned(tokens, token.as_deref(), reply.allows.take());
                let request_id = reply.request_id.take();
                let (fresh, now) = (fresh_id(), self.clock.now());
                match turn.was_previewed(id, known.as_ref(), reply, fresh, now) {
                    Ok(None) => {}
                    Ok(Some(confirmation)) => Audit::ConfirmationRequired {
                        user: self.authorizer.asker.user,
                        session: self.session.as_str(),
                        tool: tool.name(),
                        interrupt: &confirmation.interrupt,
                    }
                    .record(),
                    Err(code) => self.record(tool, need.as_ref(), code, request_id.as_deref()),
                }
            }
        }
    }

    /// Applies a claimed call. From here on its outcome is never guessed.
    async fn apply(
        &self,
        turn: &mut Turn,
        action: &Action,
        tokens: &mut Tokens<'_>,
    ) -> Result<(), TurnError> {
        let Action { call, tool, need, given } = action;
        if let Some(need) = need {
            tokens.begin_round();
            match tokens.check(&need.provider).await {
                Ok(Standing::Unchanged) => {}
                Ok(Standing::Disconnected) => {
                    turn.call_disconnected(&call.tool_use_id, &need.provider);
                    let tool = Tool::Write(Arc::clone(tool));
                    self.record(&tool, Some(need), DISCONNECTED, None);
                    return Ok(());
                }
                Err(error) => {
                    turn.was_not_made(&call.tool_use_id);
                    return Err(error.into());
                }
            }
        }
        let lost = || TurnError::Internal("a call was claimed without a token".into());
        let token = match need {
            Some(need) => Some(tokens.used_for(need).ok_or_else(lost)?),
            None => None,
        };
        let token = token.as_deref();
        let (name, id) = (tool.spec().name.as_str(), &call.tool_use_id);
        let span = traced::tool(self.model, self.session.as_str(), name, id, "apply");
        let began = Instant::now();
        let applied = async {
            let reply = match given {
                Some(given) => tool.go_on(&call.input, given, token).await,
                None => tool.apply(&call.input, token).await,
            };
            traced::replied(tool.spec(), began, reply)
        };
        let mut reply = applied.instrument(span).await;
        let known = token.map(|token| tokens.known(token));
        let request_id = reply.request_id.take();
        let outcome = match asked(&mut reply) {
            Some(inquiry) => turn.asks(&call.tool_use_id, inquiry, fresh_id),
            None => turn.was_applied(&call.tool_use_id, known.as_ref(), reply),
        };
        self.record(&Tool::Write(Arc::clone(tool)), need.as_ref(), outcome, request_id.as_deref());
        Ok(())
    }

    fn record(
        &self,
        tool: &Tool,
        need: Option<&TokenNeed>,
        outcome: &str,
        request_id: Option<&str>,
    ) {
        Audit::ToolCalled {
            user: self.authorizer.asker.user,
            session: self.session.as_str(),
            tool: tool.name(),
            scopes: &need.map(|need| joined(&need.scopes)).unwrap_or_default(),
            outcome,
            provider_request: request_id,
        }
        .record();
    }
}

impl Attempt {
    /// How wide its need is: the fewer of the provider's sets allow it, the wider.
    fn width(&self) -> usize {
        let sets = |need: &TokenNeed| need.provider.sets_allowing(&need.scopes).len();
        usize::MAX - self.need.as_ref().map_or(usize::MAX, sets)
    }
}

async fn try_one(attempt: &Attempt, token: Option<Arc<AccessToken>>) -> MadeCall<'_> {
    let (input, began) = (&attempt.call.input, Instant::now());
    let made = match &attempt.tool {
        Tool::Read(tool) => {
            let reply = match &attempt.given {
                Some(given) => tool.go_on(input, given, token.as_deref()).await,
                None => tool.read(input, token.as_deref()).await,
            };
            Made::Read(traced::replied(tool.spec(), began, reply))
        }
        Tool::Write(tool) => Made::Previewed(match visible::refusal(input) {
            Some(failure) => Reply::failed(failure),
            None => {
                let reply = tool.preview(input, token.as_deref()).await;
                traced::replied(tool.spec(), began, reply)
            }
        }),
    };
    MadeCall { attempt, token, made }
}

/// What the provider asks the user, if that is its reply.
fn asked(reply: &mut Reply<Value>) -> Option<Inquiry> {
    reply.outcome.as_mut().err()?.inquiry.take().map(|inquiry| *inquiry)
}

/// What is known of a token after a reply that says what it `allows`.
fn learned(
    tokens: &mut Tokens<'_>,
    token: Option<&AccessToken>,
    allows: Option<Scopes>,
) -> Option<crate::turn::KnownToken> {
    let token = token?;
    if let Some(allows) = allows {
        tokens.learn(token, allows);
    }
    Some(tokens.known(token))
}

/// Requests the consents that a pause needs. `None` if the turn goes on without one of them: it was
/// given meanwhile, or can't be had.
async fn request_consents(
    turn: &mut Turn,
    tokens: &mut Tokens<'_>,
) -> Result<Option<Vec<Consent>>, TurnError> {
    let mut consents = Vec::new();
    let mut goes_on = false;
    for (provider, scopes) in turn.consents_needed() {
        match tokens.request_consent(&provider, &scopes).await? {
            ConsentState::Needed(consent) => consents.push(consent),
            ConsentState::Given => {
                turn.consent_found(&provider);
                goes_on = true;
            }
            ConsentState::Impossible(why) => {
                turn.consent_impossible(&provider, why);
                goes_on = true;
            }
            ConsentState::Disconnected => {
                turn.disconnected(&provider);
                goes_on = true;
            }
        }
    }
    Ok((!goes_on).then_some(consents))
}

fn fresh_id() -> String {
    Uuid::new_v4().to_string()
}
