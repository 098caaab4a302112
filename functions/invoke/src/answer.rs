//! Builds the answer to an invocation: the agent's text and the open interrupts.

use agent::{
    consent::Consent,
    error::TurnError,
    event::{Event, Listener},
    model::Usage,
    turn::Turn,
};
use edge::ConsentAddress;
use session::{Confirmation, Question, QuestionKind, Role, SessionId, ToolUse};
use time::OffsetDateTime;

use crate::invocation::{
    AuthorizationReason, AuthorizationRequired, ConfirmationReason, ConfirmationRequired,
    InputReason, InputRequired, InterruptAnswer, InvocationAnswer, Status,
};

/// Collects a turn's events into the plain answer: the model's last message of each turn, and
/// notices.
#[derive(Debug, Default)]
pub(crate) struct PlainText {
    texts: Vec<String>,
    /// The model's latest message of the current turn, which is part of the answer if the turn ends
    /// with it.
    last: Option<String>,
}

impl PlainText {
    /// Adds a notice of ours to the answer.
    pub(crate) fn add(&mut self, text: String) {
        self.texts.push(text);
    }

    /// Ends the current turn for this request: the model's latest message becomes part of the
    /// answer.
    pub(crate) fn end_turn(&mut self) {
        self.texts.extend(self.last.take());
    }

    /// Returns the whole text, with that of the current turn.
    pub(crate) fn said(&self) -> Option<String> {
        let texts: Vec<&str> = self.texts.iter().chain(&self.last).map(String::as_str).collect();
        (!texts.is_empty()).then(|| texts.join("\n\n"))
    }
}

impl Listener for PlainText {
    fn hear(&mut self, event: Event<'_>) {
        if let Event::Message(message) = event {
            let is_models = message.role == Role::Assistant;
            self.last = Some(message.text()).filter(|text| is_models && !text.is_empty());
        }
    }
}

/// Returns the whole answer.
pub(crate) fn new(
    session: &SessionId,
    message: Option<String>,
    interrupts: Vec<InterruptAnswer>,
    usage: Usage,
) -> InvocationAnswer {
    let status = if interrupts.is_empty() { Status::Completed } else { Status::Interrupted };
    InvocationAnswer {
        session_id: session.to_string(),
        status,
        message,
        interrupts,
        usage: usage.into(),
    }
}

/// Returns the interrupts of `turn`: the consents, approvals and answers that it waits for.
pub(crate) fn interrupts(
    turn: &Turn,
    consents: Vec<Consent>,
    address: &ConsentAddress,
) -> Result<Vec<InterruptAnswer>, TurnError> {
    let consents = consents.into_iter().map(|consent| authorization(turn, consent, address));
    let confirmations = turn.confirmations().map(confirmation);
    consents.chain(confirmations).chain(turn.questions().map(question).map(Ok)).collect()
}

fn authorization(
    turn: &Turn,
    consent: Consent,
    address: &ConsentAddress,
) -> Result<InterruptAnswer, TurnError> {
    let Consent { provider, scopes, flow, expires_at } = consent;
    let nobody_waits = || TurnError::Internal("no call waits for this consent".into());
    Ok(InterruptAnswer::Authorization(AuthorizationRequired {
        reason: AuthorizationReason::default(),
        id: turn.consent_interrupt(&provider).ok_or_else(nobody_waits)?.to_owned(),
        provider: provider.name().to_string(),
        scopes: scopes.iter().map(ToString::to_string).collect(),
        choice: provider.choice().map(str::to_owned),
        url: address.link(&flow),
        expires_at,
        call: only(turn.calls_awaiting(&provider)),
    }))
}

fn confirmation(
    (call, confirmation): (&ToolUse, &Confirmation),
) -> Result<InterruptAnswer, TurnError> {
    let expires = i64::try_from(confirmation.expires).map_err(internal)?;
    Ok(InterruptAnswer::Confirmation(ConfirmationRequired {
        reason: ConfirmationReason::default(),
        id: confirmation.interrupt.clone(),
        tool: call.name.clone(),
        input: call.input.clone(),
        account: confirmation.account.clone(),
        details: confirmation.details.clone(),
        call: call.tool_use_id.clone(),
        expires_at: OffsetDateTime::from_unix_timestamp(expires).map_err(internal)?,
    }))
}

fn question((call, server, question): (&ToolUse, &str, &Question)) -> InterruptAnswer {
    let (schema, url) = match question.kind.clone() {
        QuestionKind::Form(schema) => (Some(schema), None),
        QuestionKind::Page(url) => (None, Some(url)),
    };
    InterruptAnswer::Input(InputRequired {
        reason: InputReason::default(),
        id: question.interrupt.clone(),
        server: server.to_owned(),
        message: question.message.clone(),
        schema,
        url,
        call: call.tool_use_id.clone(),
    })
}

/// The only one there is.
fn only<'a>(mut all: impl Iterator<Item = &'a str>) -> Option<String> {
    let first = all.next().map(str::to_owned);
    first.filter(|_| all.next().is_none())
}

fn internal(error: impl std::error::Error + Send + Sync + 'static) -> TurnError {
    TurnError::Internal(Box::new(error))
}
