//! What `POST /invocations` takes and answers.

use serde::Serialize;
use serde_json::Value;
use service::{Kind, Problem};
use session::SessionId;
use utoipa::ToSchema;

/// A request, checked.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) session: SessionId,
    pub(crate) message: Option<String>,
}

/// A message in a conversation, or the wish to go on with what waits in it.
#[derive(Debug, ToSchema)]
#[schema(example = json!({ "sessionId": "my-first-conversation", "message": "Which repositories do I have?" }))]
#[expect(dead_code, reason = "describes the body, which `Invocation::parse` reads")]
pub(crate) struct InvocationRequest {
    /// Names the conversation; yours alone, whatever others call theirs.
    #[schema(rename = "sessionId", pattern = "^[A-Za-z0-9_-]{1,128}$")]
    session_id: String,
    /// What you say; not blank. Leave it out to go on with what waits for your consent.
    message: Option<String>,
}

/// The agent's answer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvocationAnswer {
    /// The conversation.
    pub(crate) session_id: String,
    /// Whether the turn is done or waits for you.
    pub(crate) status: Status,
    /// What the agent says.
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

/// Something that only the user can do.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InterruptAnswer {
    /// Names it.
    pub(crate) id: String,
    /// Why the turn waits.
    pub(crate) reason: Reason,
    /// At which credential provider consent is needed.
    pub(crate) provider: String,
    /// What the consent has to allow.
    pub(crate) scopes: Vec<String>,
    /// Open this in the same browser to consent.
    #[schema(format = "uri")]
    pub(crate) url: String,
    /// When the link ends (RFC 3339). Ask again for a fresh one.
    #[schema(format = "date-time")]
    pub(crate) expires_at: String,
}

/// Why a turn waits.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    /// The user has not yet allowed what a tool needs.
    AuthorizationRequired,
}

/// Tokens of the language model.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UsageAnswer {
    /// Read by the model.
    pub(crate) input_tokens: u64,
    /// Written by the model.
    pub(crate) output_tokens: u64,
}

/// A failure (RFC 9457).
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes what `Problem` writes")]
pub(crate) struct ProblemDocument {
    /// `about:blank`: the status says what kind of problem it is.
    r#type: String,
    /// The status in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What a program tells the problem by.
    code: String,
    /// What went wrong, for a person.
    detail: String,
    /// The member of the request that is wrong.
    field: Option<String>,
    /// What the operator finds the cause by.
    #[schema(rename = "requestId")]
    request_id: String,
}

impl Invocation {
    /// Reads a body; a mistake names the member that it is in.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Problem> {
        let document: Value = serde_json::from_slice(body).map_err(|error| {
            Problem::new(Kind::InvalidRequest, format!("The body is not JSON: {error}."))
        })?;
        let Value::Object(members) = document else {
            return Err(Problem::new(Kind::InvalidRequest, "The body has to be a JSON object."));
        };
        let session = match members.get("sessionId") {
            None => return Err(Problem::field("sessionId", "sessionId is missing.")),
            Some(Value::String(id)) => SessionId::parse(id.as_str()),
            Some(_) => return Err(Problem::field("sessionId", "sessionId has to be a string.")),
        };
        let session = session.map_err(|rule| Problem::field("sessionId", format!("{rule}.")))?;
        let message = match members.get("message") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.trim().is_empty() => {
                return Err(Problem::field("message", "message is blank."));
            }
            Some(Value::String(text)) => Some(text.clone()),
            Some(_) => return Err(Problem::field("message", "message has to be a string.")),
        };
        Ok(Self { session, message })
    }
}

#[cfg(test)]
mod tests {
    use super::Invocation;

    #[test]
    fn a_message_is_optional_and_never_blank() {
        assert!(Invocation::parse(br#"{"sessionId":"s"}"#).unwrap().message.is_none());
        assert!(Invocation::parse(br#"{"sessionId":"s","message":" \n"}"#).is_err());
        assert!(Invocation::parse(br#"{"sessionId":"s","message":7}"#).is_err());
    }

    #[test]
    fn whatever_is_no_invocation_is_refused() {
        for body in ["", "[]", "null", "{}", r#"{"sessionId":1}"#, r#"{"sessionId":"../x"}"#] {
            assert!(Invocation::parse(body.as_bytes()).is_err(), "{body}");
        }
    }
}
