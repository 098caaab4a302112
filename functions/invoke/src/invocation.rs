//! What `POST /invocations` takes and answers.

use agent::turn::{Answers, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service::{Kind, Problem, request};
use session::SessionId;
use utoipa::ToSchema;
use uuid::Uuid;

/// More answers than a turn can have interrupts.
const MAX_ANSWERS: usize = 64;

/// A request, checked.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) session: SessionId,
    pub(crate) message: Option<String>,
    pub(crate) resume: Answers,
}

/// A message in a conversation, or the wish to go on with what waits in it.
#[derive(Debug, ToSchema)]
#[schema(example = json!({ "sessionId": "my-first-conversation", "message": "Which repositories do I have?" }))]
#[expect(dead_code, reason = "describes the body, which `Invocation::parse` reads")]
pub(crate) struct InvocationRequest {
    /// Names the conversation; yours alone, whatever others call theirs.
    #[schema(rename = "sessionId", pattern = "^[A-Za-z0-9_-]{1,128}$")]
    session_id: String,
    /// What you say; not blank. Leave it out to go on with what waits for your consent. Actions
    /// that wait for your confirmation, and that `resume` does not name, are dropped by it.
    message: Option<String>,
    /// Your answers to interrupts. What it does not name stays open.
    resume: Option<Vec<ResumeEntry>>,
}

/// Your answer to one interrupt.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ResumeEntry {
    /// The interrupt's `id`. One that is not open here is refused with 409.
    #[schema(value_type = String, format = "uuid")]
    interrupt_id: Uuid,
    /// What you say to it.
    status: ResumeStatus,
    /// As AG-UI sends it; not read: an approval is for the action as it was shown.
    #[serde(default, rename = "payload")]
    _payload: Option<Value>,
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
#[serde(tag = "reason", rename_all = "snake_case")]
pub(crate) enum InterruptAnswer {
    /// The user has not yet allowed what a tool needs. Open `url`, then send the `sessionId`.
    // At each variant, because the OpenAPI document does not know serde's `rename_all_fields`.
    #[serde(rename_all = "camelCase")]
    AuthorizationRequired {
        /// Names the interrupt.
        id: String,
        /// At which credential provider consent is needed.
        provider: String,
        /// What the consent has to allow.
        scopes: Vec<String>,
        /// Open this in the same browser to consent.
        #[schema(format = "uri")]
        url: String,
        /// When the link ends (RFC 3339). Ask again for a fresh one.
        #[schema(format = "date-time")]
        expires_at: String,
    },
    /// A tool would change something. Show exactly this to the user, and answer with `resume`.
    #[serde(rename_all = "camelCase")]
    ConfirmationRequired {
        /// Names the interrupt.
        id: String,
        /// What would be done.
        tool: String,
        /// With which input.
        input: Value,
        /// As which account of the provider.
        account: String,
        /// When an approval no longer counts (RFC 3339). Send the `sessionId` to be asked again.
        #[schema(format = "date-time")]
        expires_at: String,
    },
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
    /// With the code `turn_not_saved`: the turn that is done, and only here.
    unsaved: Option<UnsavedTurn>,
}

/// A turn that is done and could not be saved.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes what `Problem` writes")]
pub(crate) struct UnsavedTurn {
    /// What the agent said.
    message: String,
}

impl Invocation {
    /// Reads a body; a mistake names the member that it is in.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Problem> {
        let document: Value = request::json(body)?;
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
        let resume = match members.get("resume") {
            None | Some(Value::Null) => Answers::new(),
            Some(resume) => answers(resume)?,
        };
        Ok(Self { session, message, resume })
    }
}

fn answers(resume: &Value) -> Result<Answers, Problem> {
    let entries = Vec::<ResumeEntry>::deserialize(resume)
        .map_err(|error| Problem::field("resume", format!("resume is malformed: {error}.")))?;
    if entries.len() > MAX_ANSWERS {
        return Err(Problem::field("resume", "resume has too many entries."));
    }
    let mut answers = Answers::new();
    for ResumeEntry { interrupt_id, status, .. } in entries {
        let verdict = match status {
            ResumeStatus::Resolved => Verdict::Resolved,
            ResumeStatus::Cancelled => Verdict::Cancelled,
        };
        if answers.insert(interrupt_id.to_string(), verdict).is_some() {
            return Err(Problem::field("resume", "resume answers an interrupt twice."));
        }
    }
    Ok(answers)
}

#[cfg(test)]
mod tests {
    use agent::turn::Verdict;

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

    const A: &str = "01234567-89ab-4cde-8f01-23456789abcd";
    const B: &str = "11234567-89ab-4cde-8f01-23456789abcd";

    #[test]
    fn answers_are_read_by_interrupt() {
        let body = format!(
            r#"{{"sessionId":"s","resume":[{{"interruptId":"{A}","status":"resolved"}},
            {{"interruptId":"{B}","status":"cancelled","payload":{{"x":1}}}}]}}"#
        );
        let resume = Invocation::parse(body.as_bytes()).unwrap().resume;
        assert_eq!(resume[A], Verdict::Resolved);
        assert_eq!(resume[B], Verdict::Cancelled);
        assert!(Invocation::parse(br#"{"sessionId":"s","resume":[]}"#).unwrap().resume.is_empty());
    }

    #[test]
    fn an_answer_that_says_two_things_or_nothing_clear_is_refused() {
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
            assert!(Invocation::parse(body.as_bytes()).is_err(), "{resume}");
        }
    }
}
