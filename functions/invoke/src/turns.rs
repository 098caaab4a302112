//! Runs an invocation: first the turn that waits, then the new message.

mod order;

use std::{sync::Arc, time::Duration};

use agent::{
    consent::{Asker, Consent, Origin},
    error::TurnError,
    lease::Lease,
    model::Usage,
    run::Runner,
    stop::Stop,
    toolbox::Toolbox,
    traced,
    turn::{Answered, Answers, ResumeError, Rules, Turn},
};
use edge::{Code, Kind, Problem, inbound::Inbound, shell::to_the_end};
use identity::{BrowserHash, User};
use session::{SessionError, Spent};
use telemetry::metrics::Measurement;
use tokio::time::{Instant, error::Elapsed, timeout_at};
use tracing::{Instrument, Span};
use uuid::Uuid;

use crate::{
    agui::{self, EventBody, Run},
    answer,
    heard::Heard,
    invocation::{self, InterruptAnswer, Invocation, InvocationAnswer},
    limits::{self, Admitted, Limits},
    state::Service,
    turn_problem::{Saved, problem},
};

/// How much of that saving may take; the rest is for the answer.
const SAVING: Duration = Duration::from_millis(1500);
/// How much longer than its request a claim lasts: clocks differ.
const LEASE_MARGIN: Duration = Duration::from_secs(10);

/// A request being handled, and its answer so far.
struct Work<'a> {
    runner: Runner<'a>,
    lease: Lease<'a>,
    rules: Rules,
    limits: &'a Limits,
    inbound: &'a Inbound,
    heard: &'a mut Heard,
    interrupts: Vec<InterruptAnswer>,
    usage: Usage,
    /// What is saved of the turn that waited before.
    earlier: Saved,
    was_stopped: bool,
}

/// Runs an invocation of `user` to its answer, within `time`. It goes on if the caller disconnects,
/// because its actions can't be undone.
pub(crate) async fn run(
    service: Arc<Service>,
    user: User,
    browser: Option<BrowserHash>,
    invocation: Invocation,
    time: Duration,
) -> Result<InvocationAnswer, Problem> {
    let admitted = admit(&service, &user, &invocation)?;
    // The turn counts until it ends, even if the caller has disconnected.
    let work = async move {
        let _counted = admitted;
        let mut heard = Heard::default();
        let stop = Stop::default();
        let turn = converse(&service, &user, browser, invocation, (time, stop), &mut heard);
        measured(&service, Box::pin(turn)).await
    };
    to_the_end(work).await
}

/// Runs an invocation of `user` whose answer is a stream of events, within `time`. Returns the stream
/// once nothing can be refused any more. If the caller disconnects, the turn is stopped.
pub(crate) async fn stream(
    service: Arc<Service>,
    user: User,
    browser: Option<BrowserHash>,
    invocation: Invocation,
    time: Duration,
) -> Result<EventBody, Problem> {
    let admitted = admit(&service, &user, &invocation)?;
    let (writer, body, stop) = agui::stream();
    let thread = invocation.session.to_string();
    let run = invocation.run.as_ref().map(|run| run.id.clone());
    let run = run.unwrap_or_else(|| Uuid::new_v4().to_string());
    let provider = &service.settings.model.provider;
    let model = (provider.name(), provider.model().to_owned());
    let (run, started) = Run::new(writer, thread, run, model);
    let work = to_the_end(async move {
        let _counted = admitted;
        let mut heard = Heard { run: Some(run), ..Heard::default() };
        let turn = converse(&service, &user, browser, invocation, (time, stop), &mut heard);
        let ended = measured(&service, Box::pin(turn)).await;
        heard.run.map_or(Ok(()), |run| run.end(ended))
    });
    tokio::select! {
        biased;
        Ok(()) = started => Ok(body),
        ended = work => ended.map(|()| body),
    }
}

/// Counts a turn of `user`, unless it is refused before anything is read.
fn admit(service: &Service, user: &User, invocation: &Invocation) -> Result<Admitted, Problem> {
    if let Some(message) = &invocation.message {
        invocation::check_length(message, service.settings.model.context)?;
    }
    let admitted = service.limits.admit(user.id())?;
    service.limits.check_tokens(user.id(), service.settings.inbound.clock.now())?;
    Ok(admitted)
}

/// Measures the turn that `work` runs; boxed, because this has room for it twice.
async fn measured(
    service: &Service,
    work: impl Future<Output = Result<InvocationAnswer, Problem>> + Unpin,
) -> Result<InvocationAnswer, Problem> {
    let began = Instant::now();
    let answer = work.await;
    let outcome = match &answer {
        Ok(answer) => answer.status.as_str(),
        Err(problem) => problem.in_words().0,
    };
    let at_work = service.limits.turns();
    Measurement::Turn { outcome, time: began.elapsed(), at_work }.record();
    answer
}

async fn converse(
    service: &Service,
    user: &User,
    browser: Option<BrowserHash>,
    invocation: Invocation,
    (time, stop): (Duration, Stop),
    heard: &mut Heard,
) -> Result<InvocationAnswer, Problem> {
    let Invocation { session, message, resume, run } = invocation;
    let deadline = Instant::now() + time;
    let until = service.settings.inbound.clock.now() + time + LEASE_MARGIN;
    let clients = service.clients().await;
    let context = service.settings.model.context;
    let lease = Lease::load(&clients.sessions, user.id(), &session, context, until);
    // Boxed as each step but the model's is, so that a turn that waits for its model is small (run.rs).
    let lease = Box::pin(lease);
    let lease = timeout_at(deadline, lease).await.unwrap_or_else(|slow| Err(slow.into()));
    let lease = lease.map_err(|error| problem(error.into(), Saved::Nothing))?;
    let now = service.settings.inbound.clock.now();
    service.limits.learn(user.id(), &session, lease.spent(), now);
    service.limits.check_tokens(user.id(), now)?;
    let inbound = &service.settings.inbound;
    let principal = inbound.principal(user)?;
    let asker = Asker {
        user: user.id(),
        principal: &principal,
        origin: Origin::Browser(browser),
        session: Some(&session),
    };
    let authorizer = service.authorizer(clients, asker);
    Box::pin(service.learn(&authorizer, deadline)).await;
    let runner = Runner {
        model: clients.model.get(),
        system: &service.settings.system_prompt,
        context: &clients.context,
        max_tokens: service.settings.model.max_answer_tokens,
        authorizer,
        sources: &service.sources,
        session: &session,
        clock: &inbound.clock,
        deadline,
        stop,
    };
    let rules = Rules {
        user: user.id().clone(),
        tools: Toolbox::for_user(&service.sources, user.id()),
        confirm: service.settings.turns.confirm_actions,
        is_one_call: false,
        // A run's new message is no answer to what it leaves open.
        may_wait: message.is_none() || run.is_some(),
    };
    let mut work = Work {
        runner,
        lease,
        rules,
        limits: &service.limits,
        inbound,
        heard,
        interrupts: Vec::new(),
        usage: Usage::default(),
        earlier: Saved::Nothing,
        was_stopped: false,
    };
    match run {
        None => work.invocation(message, &resume).await?,
        Some(run) => work.agui_run(&clients.sessions, message, run, &resume).await?,
    }
    Ok(answer::new(&session, work.heard.text.said(), work.interrupts, work.usage))
}

impl Work<'_> {
    /// The turn that is not finished, as the user has answered it.
    fn resume(&self, answers: &Answers) -> Result<Option<Turn>, Problem> {
        let Some(pending) = self.lease.pending().cloned() else {
            return match answers.keys().next() {
                Some(interrupt) => Err(self.refuse(&ResumeError::NotOpen(interrupt.clone()))),
                None => Ok(None),
            };
        };
        let (rules, now) = (self.rules.clone(), self.runner.clock.now());
        let turn = Turn::resume(pending, answers, rules, now);
        let turn = turn.map_err(|error| self.refuse(&error))?;
        if let Some(pending) = self.lease.pending() {
            let said = Answered::all(pending, answers, self.rules.may_wait, now);
            said.iter().for_each(|it| it.record(&self.rules.user, self.runner.session));
        }
        Ok(Some(turn))
    }

    /// Goes on with what is not finished.
    async fn take_up(&mut self, mut turn: Turn) -> Result<(), Problem> {
        let known = self.lease.pending().map(|pending| pending.turn.len());
        if known == Some(turn.messages().len()) {
            self.heard.run.iter_mut().for_each(Run::knows_first_message);
        }
        self.run(&mut turn, Saved::Nothing).await?;
        self.earlier = if turn.withheld() { Saved::EarlierWithheld } else { Saved::Earlier };
        Ok(())
    }

    /// Runs a new turn.
    async fn begin(&mut self, message: String, id: Option<String>) -> Result<(), Problem> {
        let rules = Rules { may_wait: true, ..self.rules.clone() };
        self.run(&mut Turn::begin(message, rules).named(id), self.earlier).await
    }

    /// Runs a turn and saves it, done or waiting; `saved` is what was before it.
    async fn run(&mut self, turn: &mut Turn, saved: Saved) -> Result<(), Problem> {
        let agent = self.inbound.agent.as_str();
        let span = traced::turn(agent, self.runner.model, self.runner.session.as_str());
        let outcome = self.run_and_keep(turn, &span).instrument(span.clone()).await;
        let Err(error) = outcome else { return Ok(()) };
        traced::failed(&span, &error);
        Err(problem(error, self.saved_after_failure(turn, saved).await))
    }

    async fn run_and_keep(&mut self, turn: &mut Turn, span: &Span) -> Result<(), TurnError> {
        let mut usage = Usage::default();
        let ran = self.runner.run(turn, &mut self.lease, &mut usage, self.heard).await;
        self.spend(usage);
        traced::spent(span, usage);
        self.keep(turn, ran?).await?;
        traced::interrupted(span, self.interrupts.len());
        Ok(())
    }

    /// Saves a failed turn if it has done something, so that no action is forgotten and repeated.
    /// Returns what was saved.
    async fn saved_after_failure(&mut self, turn: &Turn, before: Saved) -> Saved {
        let until = self.saved_by();
        if !self.lease.holds_claims() {
            return if self.lease.has_unconfirmed_claim() {
                Saved::ClaimUnconfirmed
            } else {
                before
            };
        }
        match in_time(until, Box::pin(self.lease.pause(turn))).await {
            Ok(()) => Saved::Unfinished,
            Err(_) => Saved::Lost,
        }
    }

    /// Counts the tokens that were spent, even if the turn fails later.
    fn spend(&mut self, usage: Usage) {
        self.usage += usage;
        let day = limits::day(self.runner.clock.now());
        let spent = Spent { day, tokens: usage.input_tokens + usage.output_tokens };
        if spent.tokens > 0 {
            self.limits.spend(&self.rules.user, self.runner.session, spent);
            self.lease.spend(spent);
        }
    }

    /// Returns when a write must be done, so that there is time for the answer.
    fn saved_by(&self) -> Instant {
        self.runner.deadline + SAVING
    }

    async fn keep(&mut self, turn: &Turn, consents: Vec<Consent>) -> Result<(), TurnError> {
        let interrupts = answer::interrupts(turn, consents, &self.inbound.consent_address)?;
        let removed = self.lease.removed_turns();
        if interrupts.is_empty() {
            let finished = in_time(self.saved_by(), Box::pin(self.lease.finish(turn))).await;
            finished
                .map_err(|error| error.not_saved(self.heard.text.said().unwrap_or_default()))?;
        } else {
            in_time(self.saved_by(), Box::pin(self.lease.pause(turn))).await?;
        }
        let removed = self.lease.removed_turns().saturating_sub(removed);
        removal(removed).into_iter().chain(turn.notice()).for_each(|text| self.heard.say(text));
        self.heard.text.end_turn();
        self.interrupts = interrupts;
        if turn.was_stopped() {
            self.was_stopped = true;
            self.heard.run.iter_mut().for_each(Run::stopped);
        }
        Ok(())
    }

    fn refuse(&self, error: &ResumeError) -> Problem {
        let conflict = |code, detail| Problem::new(Kind::Conflict, detail).code(code);
        match error {
            ResumeError::InProgress => problem(TurnError::InProgress, Saved::Nothing),
            ResumeError::NotOpen(interrupt) => {
                self.audit(interrupt, "not_open");
                let detail = "This question is not open any more: it was answered before, or it \
                              belongs to another conversation. Nothing was done now. Go on with \
                              this conversation to see what is open.";
                conflict(Code::InterruptNotOpen, detail)
            }
            ResumeError::Expired(interrupt) => {
                self.audit(interrupt, "expired");
                let detail = "This was asked too long ago to be approved now. Nothing was done. Go \
                              on with this conversation to see it again.";
                conflict(Code::InterruptExpired, detail)
            }
        }
    }

    fn audit(&self, interrupt: &str, answer: &'static str) {
        let said = Answered::new(interrupt, answer, self.lease.pending());
        said.record(&self.rules.user, self.runner.session);
    }
}

/// Waits for a write until `until`. After that it may or may not have happened.
async fn in_time(
    until: Instant,
    write: impl Future<Output = Result<(), TurnError>>,
) -> Result<(), TurnError> {
    let slow = |slow: Elapsed| Err(SessionError::from(slow).into());
    timeout_at(until, write).await.unwrap_or_else(slow)
}

/// Returns the notice that `turns` were removed.
fn removal(turns: u64) -> Option<String> {
    let is_one = "(This conversation has become too long: its oldest turn was removed.)";
    match turns {
        0 => None,
        1 => Some(is_one.to_owned()),
        _ => Some(format!(
            "(This conversation has become too long: its {turns} oldest turns were removed.)"
        )),
    }
}
