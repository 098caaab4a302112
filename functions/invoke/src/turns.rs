//! From an invocation to its answer: what waits first, then the new message, each saved whole.

use std::{
    future::Future,
    time::{Duration, SystemTime},
};

use identity::{BrowserSecret, User};
use lambda_http::{Context, Request, RequestExt};
use service::Problem;
use session::{Conversation, Loaded, Message, Pending, Role};
use time::format_description::well_known::Rfc3339;

use crate::{
    Service,
    agent::{
        consent::{Asker, Authorizer, Interrupt},
        driver::{Driver, Ran},
        error::TurnError,
        model::Usage,
        turn::Turn,
    },
    invocation::{InterruptAnswer, Invocation, InvocationAnswer, Reason, Status, UsageAnswer},
};

/// Off Lambda a turn may take as long as a load balancer waits by default.
const TURN_LIMIT: Duration = Duration::from_secs(60);
/// What is left of Lambda's own deadline for saying that it was too short.
const DEADLINE_MARGIN: Duration = Duration::from_secs(2);

/// What a request has brought about so far.
#[derive(Default)]
struct Said {
    texts: Vec<String>,
    interrupts: Vec<Interrupt>,
    usage: Usage,
}

/// Runs an invocation of `user` to its answer, within the platform's deadline.
pub(crate) async fn run(
    service: &Service,
    user: &User,
    browser: &BrowserSecret,
    invocation: Invocation,
    request: &Request,
) -> Result<InvocationAnswer, Problem> {
    let session_id = invocation.session.to_string();
    let time = time_left(request.lambda_context_ref());
    let said = within(time, converse(service, user, browser, invocation)).await?;
    Ok(answer(session_id, said))
}

async fn within<T>(
    time: Duration,
    work: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    tokio::time::timeout(time, work).await.unwrap_or_else(|_| Err(TurnError::TooSlow.into()))
}

/// Until shortly before Lambda's deadline. One that has passed already is none: Lambda never sends
/// such a one, but `cargo lambda watch` does.
fn time_left(lambda: Option<&Context>) -> Duration {
    let left = lambda.and_then(|context| context.deadline().duration_since(SystemTime::now()).ok());
    left.map_or(TURN_LIMIT, |left| left.saturating_sub(DEADLINE_MARGIN))
}

async fn converse(
    service: &Service,
    user: &User,
    browser: &BrowserSecret,
    Invocation { session, message }: Invocation,
) -> Result<Said, Problem> {
    let driver = Driver {
        model: &service.model,
        github: &service.github,
        provider: &service.provider,
        authorizer: Authorizer {
            vault: &service.vault,
            keys: &service.inbound.consent_keys,
            site: &service.inbound.site,
        },
        asker: Asker { user: user.id(), browser: browser.hash() },
        session: &session,
    };
    let loaded = service.sessions.load(user.id(), &session).await.map_err(TurnError::from)?;
    let mut said = Said::default();
    let loaded = match loaded.conversation.pending.clone() {
        None if message.is_none() => {
            return Err(Problem::field("message", "message is missing, and nothing waits here."));
        }
        None => loaded,
        Some(pending) => {
            let goes_on = message.is_some();
            match take_up(service, &driver, loaded, pending, goes_on, &mut said).await? {
                Some(loaded) => loaded,
                None => return Ok(said),
            }
        }
    };
    if let Some(message) = message {
        begin(service, &driver, loaded, message, &mut said).await?;
    }
    Ok(said)
}

/// Tries again what waits. Answers the conversation as it then is, or nothing if it still waits.
async fn take_up(
    service: &Service,
    driver: &Driver<'_>,
    loaded: Loaded,
    pending: Pending,
    goes_on: bool,
    said: &mut Said,
) -> Result<Option<Loaded>, TurnError> {
    let known = pending.interrupts.clone();
    let Ran { mut turn, interrupts, usage } =
        driver.run(Turn::resume(pending), &loaded.conversation.messages).await?;
    said.usage += usage;
    if interrupts.is_empty() {
        said.texts.extend(last_words(turn.messages()));
    } else if goes_on {
        turn.give_up_waiting();
    } else {
        said.texts.extend(last_words(turn.messages()));
        said.interrupts = with_known_ids(interrupts, &known);
        let next = waiting(&loaded.conversation, turn, &said.interrupts);
        if next != loaded.conversation {
            service.sessions.replace(loaded, next).await?;
        }
        return Ok(None);
    }
    let mut next = loaded.conversation.clone();
    next.messages.extend(turn.into_messages());
    next.pending = None;
    Ok(Some(service.sessions.replace(loaded, next).await?))
}

/// Runs a new turn and saves it, done or waiting.
async fn begin(
    service: &Service,
    driver: &Driver<'_>,
    loaded: Loaded,
    message: String,
    said: &mut Said,
) -> Result<(), TurnError> {
    let Ran { turn, interrupts, usage } =
        driver.run(Turn::begin(message), &loaded.conversation.messages).await?;
    said.usage += usage;
    said.texts.extend(last_words(turn.messages()));
    if interrupts.is_empty() {
        service.sessions.append(loaded, turn.into_messages()).await?;
    } else {
        let next = waiting(&loaded.conversation, turn, &interrupts);
        service.sessions.replace(loaded, next).await?;
        said.interrupts = interrupts;
    }
    Ok(())
}

/// The conversation with `turn` beside its messages, waiting for `interrupts`.
fn waiting(conversation: &Conversation, turn: Turn, interrupts: &[Interrupt]) -> Conversation {
    let (turn, calls) = turn.into_waiting();
    let interrupts = interrupts.iter().map(|interrupt| session::Interrupt {
        id: interrupt.id.clone(),
        provider: interrupt.provider.to_string(),
        scopes: interrupt.scopes.iter().map(ToString::to_string).collect(),
    });
    let mut next = conversation.clone();
    next.pending = Some(Pending { turn, calls, interrupts: interrupts.collect() });
    next
}

/// What was asked of the user before keeps its id; only the link is fresh.
fn with_known_ids(mut interrupts: Vec<Interrupt>, known: &[session::Interrupt]) -> Vec<Interrupt> {
    for interrupt in &mut interrupts {
        let same = known.iter().find(|known| known.provider == interrupt.provider.as_str());
        if let Some(same) = same {
            interrupt.id.clone_from(&same.id);
        }
    }
    interrupts
}

fn last_words(turn: &[Message]) -> Option<String> {
    let last = turn.last().filter(|message| message.role == Role::Assistant)?;
    Some(last.text()).filter(|text| !text.is_empty())
}

fn answer(session_id: String, said: Said) -> InvocationAnswer {
    let Said { texts, interrupts, usage } = said;
    let status = if interrupts.is_empty() { Status::Completed } else { Status::Interrupted };
    let interrupts = interrupts.into_iter().map(|interrupt| InterruptAnswer {
        id: interrupt.id,
        reason: Reason::AuthorizationRequired,
        provider: interrupt.provider.to_string(),
        scopes: interrupt.scopes.iter().map(ToString::to_string).collect(),
        url: interrupt.url,
        expires_at: interrupt.expires_at.format(&Rfc3339).unwrap_or_default(),
    });
    InvocationAnswer {
        session_id,
        status,
        message: (!texts.is_empty()).then(|| texts.join("\n\n")),
        interrupts: interrupts.collect(),
        usage: UsageAnswer { input_tokens: usage.input_tokens, output_tokens: usage.output_tokens },
    }
}
