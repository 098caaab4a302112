//! What `POST /invocations` takes and returns, as types. Here is the request, checked; in the modules are the
//! user's answers to interrupts ([`resume`]), the response's body ([`answer`]) and what it asks the user for
//! ([`interrupt`]).

mod answer;
mod interrupt;
mod resume;

use agent::turn::Answers;
use edge::{Code, Kind, Problem, request};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::Value;
use session::{ContextTokens, SessionId};
use utoipa::ToSchema;

pub(crate) use self::{
    answer::{InvocationAnswer, Status, UsageAnswer},
    interrupt::{
        AuthorizationReason, AuthorizationRequired, ConfirmationReason, ConfirmationRequired,
        InputReason, InputRequired, InterruptAnswer,
    },
    resume::{ResumeEntry, ResumeStatus, answers},
};
use crate::{
    agui::{self, input::RunInput},
    runtime_session,
};

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
    use edge::Problem;
    use http::HeaderMap;

    use super::Invocation;

    pub(super) fn parse(body: &[u8]) -> Result<Invocation, Problem> {
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
}
