//! From an invocation to its answer: what waits first, then the new message.

use std::{sync::Arc, time::Duration};

use identity::{BrowserHash, User};
use lambda_http::Context;
use service::{Code, Kind, Problem};
use session::{Message, Role, SessionError, Spent};
use telemetry::Audit;
use tokio::time::{Instant, error::Elapsed, timeout_at};
use tracing::Instrument;

use crate::{
    Service,
    agent::{
        consent::{Asker, Authorizer, Consent},
        driver::Driver,
        error::{Saved, TurnError},
        model::Usage,
        turn::{Answers, ResumeError, Rules, Turn, Verdict},
    },
    answer,
    invocation::{InterruptAnswer, Invocation, InvocationAnswer},
    limits::{self, Limits},
    record::Record,
    sessions,
};

/// What is left of Lambda's own deadline for saving how far a turn came, and for saying so.
const DEADLINE_MARGIN: Duration = Duration::from_secs(2);
/// How much of that saving may take; the rest is for the answer.
const SAVING: Duration = Duration::from_millis(1500);
/// How much longer than its request a claim lasts: clocks differ.
const LEASE_MARGIN: Duration = Duration::from_secs(10);

/// What a request has brought about so far.
#[derive(Default)]
struct Said {
    texts: Vec<String>,
    interrupts: Vec<InterruptAnswer>,
    usage: Usage,
}

/// One request at work.
struct Work<'a> {
    driver: Driver<'a>,
    record: Record<'a>,
    rules: Rules,
    limits: &'a Limits,
    said: Said,
    /// What is saved of the turn that waited before.
    earlier: Saved,
}

/// Runs an invocation of `user` to its answer, within `time`. It goes on if the caller hangs up:
/// what it does for the user is not undone by closing a window.
pub(crate) async fn run(
    service: Arc<Service>,
    user: User,
    browser: Option<BrowserHash>,
    invocation: Invocation,
    time: Duration,
) -> Result<InvocationAnswer, Problem> {
    if let Some(message) = &invocation.message {
        sessions::check_length(message, service.settings.context)?;
    }
    let admitted = service.limits.admit(user.id())?;
    service.limits.check_tokens(user.id(), service.settings.inbound.clock.now())?;
    // It counts until it ends, whether or not somebody still waits for it.
    let work = async move {
        let _counted = admitted;
        converse(&service, &user, browser, invocation, time).await
    };
    let done = tokio::spawn(work.in_current_span()).await;
    done.unwrap_or_else(|panicked| Err(Problem::internal(panicked)))
}

/// How long a turn may take: as configured, and on Lambda until shortly before its deadline. One
/// that has passed already is none: Lambda never sends such a one, but `cargo lambda watch` does.
pub(crate) fn time_left(service: &Service, lambda: Option<&Context>) -> Duration {
    let now = service.settings.inbound.clock.now();
    let left = lambda.and_then(|context| context.deadline().duration_since(now).ok());
    left.map_or(service.settings.turn_limit, |left| {
        left.saturating_sub(DEADLINE_MARGIN).min(service.settings.turn_limit)
    })
}

/// Parses `TURN_SECONDS`: from 1 to 890, because Lambda ends at 900 and a turn is saved before.
pub(crate) fn limit(seconds: &str) -> Result<Duration, &'static str> {
    let seconds = seconds.parse().ok().filter(|seconds| (1..=890).contains(seconds));
    seconds.map(Duration::from_secs).ok_or("must be a number of seconds from 1 to 890")
}

async fn converse(
    service: &Service,
    user: &User,
    browser: Option<BrowserHash>,
    invocation: Invocation,
    time: Duration,
) -> Result<InvocationAnswer, Problem> {
    let Invocation { session, message, resume } = invocation;
    let deadline = Instant::now() + time;
    let lease = service.settings.inbound.clock.now() + time + LEASE_MARGIN;
    let clients = service.clients().await;
    let context = service.settings.context;
    let record = Record::load(&clients.sessions, user.id(), &session, context, lease);
    let record = timeout_at(deadline, record).await.unwrap_or_else(|slow| Err(slow.into()));
    let record = record.map_err(|error| TurnError::from(error).problem(Saved::Nothing))?;
    let now = service.settings.inbound.clock.now();
    service.limits.learn(user.id(), &session, record.spent(), now);
    service.limits.check_tokens(user.id(), now)?;
    let principal = service.settings.inbound.principal(user)?;
    let driver = Driver {
        model: &clients.model,
        github: &service.github,
        authorizer: Authorizer {
            vault: &clients.vault,
            provider: &service.settings.provider,
            keys: &service.settings.inbound.consent_keys,
            site: &service.settings.inbound.site,
            clock: &service.settings.inbound.clock,
            asker: Asker { user: user.id(), principal: &principal, browser },
        },
        session: &session,
        clock: &service.settings.inbound.clock,
        deadline,
    };
    let rules = Rules {
        user: user.id().clone(),
        confirm: service.settings.confirm_actions,
        may_wait: message.is_none(),
    };
    let (limits, earlier) = (&service.limits, Saved::Nothing);
    let mut work = Work { driver, record, rules, limits, said: Said::default(), earlier };
    work.take_up(&resume, message.is_some()).await?;
    if let Some(message) = message {
        work.begin(message).await?;
    }
    let Said { texts, interrupts, usage } = work.said;
    Ok(answer::of(&session, &texts, interrupts, usage))
}

impl Work<'_> {
    /// Goes on with what is not finished, as the user has answered it.
    async fn take_up(&mut self, answers: &Answers, goes_on: bool) -> Result<(), Problem> {
        let Some(pending) = self.record.pending().cloned() else {
            if let Some(interrupt) = answers.keys().next() {
                return Err(self.refuse(&ResumeError::NotOpen(interrupt.clone())));
            }
            if goes_on {
                return Ok(());
            }
            let detail = "Write a message: nothing waits for you in this conversation.";
            return Err(Problem::field("message", detail));
        };
        let (rules, now) = (self.rules.clone(), self.driver.clock.now());
        let turn = Turn::resume(pending, answers, rules, now);
        let mut turn = turn.map_err(|error| self.refuse(&error))?;
        for (interrupt, verdict) in answers {
            let resolved = *verdict == Verdict::Resolved;
            self.audit(interrupt, if resolved { "resolved" } else { "cancelled" });
        }
        self.run(&mut turn, Saved::Nothing).await?;
        self.earlier = if turn.withheld() { Saved::EarlierWithheld } else { Saved::Earlier };
        Ok(())
    }

    /// Runs a new turn.
    async fn begin(&mut self, message: String) -> Result<(), Problem> {
        let rules = Rules { may_wait: true, ..self.rules.clone() };
        self.run(&mut Turn::begin(message, rules), self.earlier).await
    }

    /// Runs a turn and saves it, done or waiting; `saved` is what was before it.
    async fn run(&mut self, turn: &mut Turn, saved: Saved) -> Result<(), Problem> {
        let mut usage = Usage::default();
        let ran = self.driver.run(turn, &mut self.record, &mut usage).await;
        self.spend(usage);
        let outcome = match ran {
            Ok(consent) => self.keep(turn, consent).await,
            Err(error) => Err(error),
        };
        let Err(error) = outcome else { return Ok(()) };
        // What was done can't be undone, so that it must not be forgotten either.
        let until = self.saved_by();
        let saved = match self.record.holds_claims() {
            false if self.record.has_unheard_claim() => Saved::Unheard,
            false => saved,
            true if in_time(until, self.record.pause(turn)).await.is_ok() => Saved::Unfinished,
            true => Saved::Lost,
        };
        Err(error.problem(saved))
    }

    /// Counts what was spent, whatever becomes of the turn.
    fn spend(&mut self, usage: Usage) {
        self.said.usage += usage;
        let day = limits::day(self.driver.clock.now());
        let spent = Spent { day, tokens: usage.input_tokens + usage.output_tokens };
        if spent.tokens > 0 {
            self.limits.spend(&self.rules.user, self.driver.session, spent);
            self.record.spend(spent);
        }
    }

    /// When a write must be done, so that there is time for the answer.
    fn saved_by(&self) -> Instant {
        self.driver.deadline + SAVING
    }

    async fn keep(&mut self, turn: &Turn, consent: Option<Consent>) -> Result<(), TurnError> {
        let interrupts = answer::interrupts(turn, consent);
        let removed = self.record.removed_turns();
        if interrupts.is_empty() {
            let finished = in_time(self.saved_by(), self.record.finish(turn)).await;
            finished.map_err(|error| {
                let said = self.said.texts.iter().cloned().chain(last_words(turn.messages()));
                error.not_saved(said.collect::<Vec<_>>().join("\n\n"))
            })?;
        } else {
            in_time(self.saved_by(), self.record.pause(turn)).await?;
        }
        self.said.texts.extend(removal(self.record.removed_turns().saturating_sub(removed)));
        self.said.texts.extend(turn.notice().map(str::to_owned));
        self.said.texts.extend(last_words(turn.messages()));
        self.said.interrupts = interrupts;
        Ok(())
    }

    fn refuse(&self, error: &ResumeError) -> Problem {
        let problem = |code, detail| Problem::new(Kind::Conflict, detail).code(code);
        match error {
            ResumeError::InProgress => TurnError::InProgress.problem(Saved::Nothing),
            ResumeError::NotOpen(interrupt) => {
                self.audit(interrupt, "not_open");
                let detail = "This question is not open any more: it was answered before, or it \
                              belongs to another conversation. Nothing was done now. Go on with \
                              this conversation to see what is open.";
                problem(Code::InterruptNotOpen, detail)
            }
            ResumeError::Expired(interrupt) => {
                self.audit(interrupt, "expired");
                let detail = "This was asked too long ago to be approved now. Nothing was done. Go \
                              on with this conversation to see it again.";
                problem(Code::InterruptExpired, detail)
            }
        }
    }

    fn audit(&self, interrupt: &str, answer: &str) {
        let (user, session) = (&self.rules.user, self.driver.session.as_str());
        Audit::InterruptAnswered { user, session, interrupt, answer }.record();
    }
}

/// A write that is not done by `until` is given up; it may or may not happen.
async fn in_time(
    until: Instant,
    write: impl Future<Output = Result<(), TurnError>>,
) -> Result<(), TurnError> {
    let slow = |slow: Elapsed| Err(SessionError::from(slow).into());
    timeout_at(until, write).await.unwrap_or_else(slow)
}

/// What the user hears when `turns` were removed.
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

/// What the model said last, if the turn ends with it.
fn last_words(turn: &[Message]) -> Option<String> {
    let last = turn.last().filter(|message| message.role == Role::Assistant)?;
    Some(last.text()).filter(|text| !text.is_empty())
}
