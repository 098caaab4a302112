//! The request and the response body of `POST /invocations`.

use std::collections::BTreeMap;

use agent::{
    model::Usage,
    turn::{Answers, Verdict},
};
use edge::{Code, Kind, Problem, request};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use session::{ContextTokens, SessionId};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    agui::{self, input::RunInput},
    runtime_session,
};

/// How many answers a request may bring; a turn never has as many interrupts.
const MAX_ANSWERS: usize = 64;

/// A request, checked.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) session: SessionId,
    pub(crate) message: Option<String>,
    pub(crate) resume: Answers,
    /// What makes it a run of AG-UI's; `None` in the plain shape.
    pub(crate) run: Option<RunInput>,
}

/// A message in a conversation, or the wish to go on with what waits in it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({ "sessionId": "my-first-conversation", "message": "Which repositories do I have?" }))]
pub(crate) struct InvocationRequest {
    /// Names the conversation. It is yours alone: others may have one of the same name.
    #[schema(value_type = String, pattern = "^[A-Za-z0-9_-]{1,128}$")]
    session_id: SessionId,
    /// What you say; not blank. Leave it out to go on with what waits for your consent. Actions
    /// that wait for your confirmation, and that `resume` does not name, are dropped by it.
    #[schema(pattern = r"\S")]
    message: Option<String>,
    /// Your answers to interrupts. What it does not name stays open.
    #[schema(max_items = 64)]
    resume: Option<Vec<ResumeEntry>>,
}

/// Your answer to one interrupt.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ResumeEntry {
    /// The interrupt's `id`. One that is not open here is refused with 409.
    #[schema(value_type = String, format = "uuid")]
    pub(crate) interrupt_id: Uuid,
    /// What you say to it.
    pub(crate) status: ResumeStatus,
    /// As AG-UI sends it: the values that a tool's server has asked for. If you decline, why is read from
    /// its `reason`, for the model. Otherwise it is not read: an approval is for the action as it was
    /// shown.
    pub(crate) payload: Option<Value>,
}

/// What you say to an interrupt.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ResumeStatus {
    /// You have consented, or you approve the action: this one, as it was shown, once.
    Resolved,
    /// You do not want it.
    Cancelled,
}

/// The agent's answer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvocationAnswer {
    /// The conversation.
    pub(crate) session_id: String,
    /// Whether the turn is done or waits for you.
    pub(crate) status: Status,
    /// What the agent says: text of a model, which may have read what others wrote. Show it as text; as
    /// Markdown, load no image, and show where a link leads.
    pub(crate) message: Option<String>,
    /// What you have to do before the turn can go on.
    pub(crate) interrupts: Vec<InterruptAnswer>,
    /// Tokens of the language model that this request used.
    pub(crate) usage: UsageAnswer,
}

/// Whether the turn is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    /// It is.
    Completed,
    /// It waits for what `interrupts` asks for.
    Interrupted,
}

impl Status {
    /// The status as it is sent.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Something that only the user can do; `reason` says what.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(discriminator(property_name = "reason", mapping(
    ("authorization_required" = "#/components/schemas/AuthorizationRequired"),
    ("confirmation_required" = "#/components/schemas/ConfirmationRequired"),
    ("input_required" = "#/components/schemas/InputRequired"),
)))]
pub(crate) enum InterruptAnswer {
    Authorization(AuthorizationRequired),
    Confirmation(ConfirmationRequired),
    Input(InputRequired),
}

/// The user has not yet allowed what a tool needs. Open `url`, then send the `sessionId`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthorizationRequired {
    // Described by its type: with words of its own, it would be an `allOf` of a string and an object.
    #[schema(inline)]
    pub(crate) reason: AuthorizationReason,
    /// Names the interrupt.
    pub(crate) id: String,
    /// At which credential provider consent is needed.
    pub(crate) provider: String,
    /// What the consent has to allow: nothing, where the provider has no scopes.
    pub(crate) scopes: Vec<String>,
    /// What you choose at the provider besides, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) choice: Option<String>,
    /// Open this in the same browser to consent.
    #[schema(format = "uri")]
    pub(crate) url: String,
    /// When the link ends (RFC 3339). Ask again for a fresh one.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = "date-time")]
    pub(crate) expires_at: OffsetDateTime,
    /// The call that waits, if it is one alone.
    #[serde(skip)]
    pub(crate) call: Option<String>,
}

/// The user has to consent.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AuthorizationReason {
    #[default]
    AuthorizationRequired,
}

/// A tool would change something. Show exactly this to the user, and answer with `resume`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConfirmationRequired {
    // As above.
    #[schema(inline)]
    pub(crate) reason: ConfirmationReason,
    /// Names the interrupt.
    pub(crate) id: String,
    /// What would be done.
    pub(crate) tool: String,
    /// With which input.
    pub(crate) input: Value,
    /// As which account of the provider.
    pub(crate) account: String,
    /// What to check besides, by name: what is at that place now, and who will see it. Others may have
    /// written it.
    pub(crate) details: BTreeMap<String, String>,
    /// When an approval no longer counts (RFC 3339). Send the `sessionId` to be asked again.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = "date-time")]
    pub(crate) expires_at: OffsetDateTime,
    /// The call that waits.
    #[serde(skip)]
    pub(crate) call: String,
}

/// The user has to approve.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ConfirmationReason {
    #[default]
    ConfirmationRequired,
}

/// A tool's server asks the user something. It may be anybody's: show who asks. Answer with `resume`, and with
/// the values in its `payload`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InputRequired {
    // As above.
    #[schema(inline)]
    pub(crate) reason: InputReason,
    /// Names the interrupt.
    pub(crate) id: String,
    /// Who asks.
    pub(crate) server: String,
    /// What the server says.
    pub(crate) message: String,
    /// Which values it wants: a JSON Schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) schema: Option<Value>,
    /// Or which page is to be visited. Show its whole address before it is opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "uri")]
    pub(crate) url: Option<String>,
    /// The call that asks.
    #[serde(skip)]
    pub(crate) call: String,
}

/// The user has to answer.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InputReason {
    #[default]
    InputRequired,
}

/// Tokens of the language model.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UsageAnswer {
    /// Read by the model.
    pub(crate) input_tokens: u64,
    /// Written by the model.
    pub(crate) output_tokens: u64,
    /// Those of the input that the model's provider had kept from an earlier request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) cached_input_tokens: Option<u64>,
    /// Those of the input that it keeps for a later request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) cache_write_input_tokens: Option<u64>,
}

impl From<Usage> for UsageAnswer {
    fn from(usage: Usage) -> Self {
        let some = |tokens: u64| (tokens > 0).then_some(tokens);
        Self {
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cached_input_tokens: some(usage.cached_input_tokens),
            cache_write_input_tokens: some(usage.cache_write_input_tokens),
        }
    }
}

impl Invocation {
    /// Reads a body, and the conversation from `headers` if it has none; a mistake names the member that it
    /// is in.
    pub(crate) fn parse(body: &[u8], headers: &HeaderMap) -> Result<Self, Problem> {
        let mut document: Value = request::json(body)?;
        // Serde would take an array for a struct, too.
        let Value::Object(members) = &mut document else {
            return Err(Problem::new(Kind::InvalidRequest, "The body has to be a JSON object."));
        };
        runtime_session::complete(members, headers)?;
        if members.contains_key("threadId") {
            return agui::input::parse(&document);
        }
        if !members.contains_key("sessionId") {
            return Err(Problem::field("sessionId", "sessionId is missing."));
        }
        let request: InvocationRequest = serde_path_to_error::deserialize(&document)
            .map_err(|error| malformed(&error, ["sessionId", "message", "resume"]))?;
        let InvocationRequest { session_id: session, message, resume } = request;
        if message.as_deref().is_some_and(|text| text.trim().is_empty()) {
            return Err(Problem::field("message", "message is blank."));
        }
        Ok(Self { session, message, resume: answers(resume.unwrap_or_default())?, run: None })
    }
}

/// A member of another type or form than described; `names` are those that there are.
pub(crate) fn malformed<const N: usize>(
    error: &serde_path_to_error::Error<serde_json::Error>,
    names: [&'static str; N],
) -> Problem {
    let path = error.path().to_string();
    match names.into_iter().find(|name| path.starts_with(name)) {
        Some(name) => Problem::field(name, format!("{path} is malformed: {}.", error.inner())),
        None => Problem::new(Kind::InvalidRequest, format!("The body is malformed: {error}.")),
    }
}

/// Reads the answers to interrupts.
pub(crate) fn answers(entries: Vec<ResumeEntry>) -> Result<Answers, Problem> {
    if entries.len() > MAX_ANSWERS {
        return Err(Problem::field("resume", "resume has too many entries."));
    }
    let mut answers = Answers::new();
    for ResumeEntry { interrupt_id, status, payload } in entries {
        let reason = payload.as_ref().and_then(|payload| payload["reason"].as_str());
        let reason = reason.map(str::to_owned);
        let verdict = match (status, reason) {
            (ResumeStatus::Resolved, _) => match payload {
                Some(values @ Value::Object(_)) => Verdict::Answered(values),
                _ => Verdict::Resolved,
            },
            (ResumeStatus::Cancelled, None) => Verdict::Cancelled,
            (ResumeStatus::Cancelled, Some(why)) => Verdict::CancelledBecause(why),
        };
        if answers.insert(interrupt_id.to_string(), verdict).is_some() {
            return Err(Problem::field("resume", "resume answers an interrupt twice."));
        }
    }
    Ok(answers)
}

/// Refuses a message that would leave no room for an answer.
pub(crate) fn check_length(message: &str, context: ContextTokens) -> Result<(), Problem> {
    let most = context.message_bytes();
    if message.len() <= most {
        return Ok(());
    }
    let detail = format!("message is too long for the model: it may have {most} bytes.");
    Err(Problem::field("message", detail).code(Code::MessageTooLong))
}

#[cfg(test)]
mod tests {
    use agent::turn::Verdict;

    use edge::Problem;
    use http::HeaderMap;

    use super::Invocation;

    fn parse(body: &[u8]) -> Result<Invocation, Problem> {
        Invocation::parse(body, &HeaderMap::new())
    }

    #[test]
    fn a_message_is_optional_and_never_blank() {
        assert!(parse(br#"{"sessionId":"s"}"#).unwrap().message.is_none());
        assert!(parse(br#"{"sessionId":"s","message":" \n"}"#).is_err());
        assert!(parse(br#"{"sessionId":"s","message":7}"#).is_err());
    }

    #[test]
    fn a_malformed_body_is_refused() {
        for body in ["", "[]", "null", "{}", r#"{"sessionId":1}"#, r#"{"sessionId":"../x"}"#] {
            assert!(parse(body.as_bytes()).is_err(), "{body}");
        }
    }

    const A: &str = "01234567-89ab-4cde-8f01-23456789abcd";
    const B: &str = "11234567-89ab-4cde-8f01-23456789abcd";

    #[test]
    fn answers_are_read_by_interrupt() {
        let body = format!(
            r#"{{"sessionId":"s","resume":[{{"interruptId":"{A}","status":"resolved"}},
            {{"interruptId":"{B}","status":"cancelled","payload":{{"x":1}}}}]}}"#
        );
        let resume = parse(body.as_bytes()).unwrap().resume;
        assert_eq!(resume[A], Verdict::Resolved);
        assert_eq!(resume[B], Verdict::Cancelled);
        assert!(parse(br#"{"sessionId":"s","resume":[]}"#).unwrap().resume.is_empty());
    }

    #[test]
    fn an_ambiguous_or_malformed_resume_is_refused() {
        for resume in [
            "{}",
            "7",
            "[7]",
            r#"[{"interruptId":"what the user wrote","status":"resolved"}]"#,
            r#"[{"interruptId":"a"}]"#,
            r#"[{"status":"resolved"}]"#,
            r#"[{"interruptId":"a","status":"approved"}]"#,
            r#"[{"interruptId":"a","status":"resolved","input":{}}]"#,
            r#"[{"interruptId":"a","status":"cancelled"},{"interruptId":"a","status":"resolved"}]"#,
        ] {
            let resume = resume.replace("\"a\"", &format!("\"{A}\""));
            let body = format!(r#"{{"sessionId":"s","resume":{resume}}}"#);
            assert!(parse(body.as_bytes()).is_err(), "{resume}");
        }
    }
}
