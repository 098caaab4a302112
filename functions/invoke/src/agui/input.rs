//! What a run is asked for with (AG-UI 1.0, `RunAgentInput`). Members that are not known are ignored.
//!
//! The conversation that is saved here counts: of `messages` the last one of the user's is taken, once
//! by its id, and nothing else.

use edge::{Code, Kind, Problem};
use serde::Deserialize;
use serde_json::Value;
use session::SessionId;
use utoipa::ToSchema;

use crate::invocation::{self, Invocation, ResumeEntry, ResumeStatus};

/// How many bytes the id of a message or a run may have.
const LONGEST_ID: usize = 256;

/// What a run has besides what an invocation has.
#[derive(Debug)]
pub(crate) struct RunInput {
    pub(crate) id: String,
    /// What the client names the user's message by.
    pub(crate) message_id: Option<String>,
    /// Whether it brings no message of the user's and no answer: a client that wants to know what was
    /// said.
    pub(crate) is_reload: bool,
}

/// A run of AG-UI 1.0. It is answered by an event stream.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "threadId": "my-first-conversation", "runId": "run-1",
    "messages": [{ "id": "message-1", "role": "user", "content": "Which repositories do I have?" }],
}))]
pub(crate) struct RunAgentInput {
    /// Names the conversation. It is yours alone: others may have one of the same name.
    #[schema(value_type = String, pattern = "^[A-Za-z0-9_-]{1,128}$")]
    thread_id: SessionId,
    /// Names the run; events repeat it.
    #[schema(max_length = 256)]
    run_id: String,
    /// The conversation as you know it. The user's last message is taken, unless one with its id was
    /// taken before: then its answer is repeated. Without any, you get what was said so far.
    messages: Vec<RunMessage>,
    /// Your answers to interrupts. What it does not name stays open.
    #[schema(max_items = 64)]
    resume: Option<Vec<RunResume>>,
}

/// A message.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct RunMessage {
    /// Names it. The user's has to have one.
    id: Option<String>,
    /// Who speaks; only `user` is read.
    role: String,
    /// What is said. Read of the user's last message alone: others have other forms.
    #[schema(value_type = Option<RunContent>)]
    content: Option<Value>,
}

/// What is said: words, or parts, of which those in words are read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum RunContent {
    Words(String),
    Parts(Vec<RunPart>),
}

/// A part of a message.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct RunPart {
    /// The words, if it has any.
    text: Option<String>,
}

/// Your answer to one interrupt.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunResume {
    /// The interrupt's `id`. One that is not open here is refused with 409.
    interrupt_id: String,
    /// What you say to it.
    status: ResumeStatus,
    /// Why you do not want it is read from its `reason`, for the model.
    payload: Option<Value>,
}

impl RunContent {
    fn text(self) -> String {
        match self {
            Self::Words(text) => text,
            Self::Parts(parts) => {
                parts.into_iter().filter_map(|part| part.text).collect::<Vec<_>>().join("\n\n")
            }
        }
    }
}

/// The words in the content of a message.
fn words(content: Value) -> Result<String, Problem> {
    let content = serde_json::from_value(content).map(RunContent::text);
    content.map_err(|_| {
        Problem::field("messages", "The user's last message is neither words nor a list of parts.")
    })
}

/// Reads a body that has a `threadId`.
pub(crate) fn parse(document: &Value) -> Result<Invocation, Problem> {
    let input: RunAgentInput = serde_path_to_error::deserialize(document).map_err(|error| {
        invocation::malformed(&error, ["threadId", "runId", "messages", "resume"])
    })?;
    let RunAgentInput { thread_id: session, run_id: id, messages, resume } = input;
    if id.len() > LONGEST_ID {
        return Err(Problem::field("runId", "runId is too long."));
    }
    let resume = resume.unwrap_or_default();
    let last = messages.into_iter().rev().find(|message| message.role == "user");
    let is_reload = last.is_none() && resume.is_empty();
    let message_id = last.as_ref().and_then(|message| message.id.clone());
    let has_id = |message: &RunMessage| message.id.as_ref().is_some_and(|id| !id.is_empty());
    if last.as_ref().is_some_and(|message| !has_id(message)) {
        let detail = "The user's last message has no id. Without one it would count twice.";
        return Err(Problem::field("messages", detail));
    }
    if message_id.as_ref().is_some_and(|id| id.len() > LONGEST_ID) {
        return Err(Problem::field("messages", "The id of the user's last message is too long."));
    }
    let said = |message: RunMessage| message.content.map_or(Ok(String::new()), words);
    let text = last.map(said).transpose()?;
    if text.as_deref().is_some_and(|text| text.trim().is_empty()) {
        return Err(Problem::field("messages", "The user's last message has no words."));
    }
    let resume: Result<_, _> = resume.into_iter().map(RunResume::checked).collect();
    let resume = invocation::answers(resume?)?;
    let run = Some(RunInput { id, message_id, is_reload });
    Ok(Invocation { session, message: text, resume, run })
}

impl RunResume {
    fn checked(self) -> Result<ResumeEntry, Problem> {
        let Self { interrupt_id, status, payload } = self;
        // A client sends back any id that it was given elsewhere.
        let interrupt_id = interrupt_id.parse().map_err(|_| {
            let detail = "`resume` names an interrupt that was never open here. Nothing was done.";
            Problem::new(Kind::Conflict, detail).code(Code::InterruptNotOpen)
        })?;
        Ok(ResumeEntry { interrupt_id, status, payload })
    }
}

#[cfg(test)]
mod tests {
    use agent::turn::Verdict;
    use http::HeaderMap;
    use serde_json::{Value, json};

    use crate::invocation::Invocation;

    fn parse(messages: &Value, resume: &Value) -> Option<Invocation> {
        let body = json!({
            "threadId": "t", "runId": "r", "messages": messages, "resume": resume,
            "state": null, "tools": [{ "name": "x" }], "forwardedProps": { "a": 1 },
        });
        Invocation::parse(body.to_string().as_bytes(), &HeaderMap::new()).ok()
    }

    #[test]
    fn the_last_message_of_the_user_is_taken_and_others_are_not_read() {
        let messages = json!([
            { "id": "1", "role": "user", "content": "first" },
            { "id": "2", "role": "assistant", "toolCalls": [{ "id": "c" }] },
            { "id": "3", "role": "tool", "toolCallId": "c", "content": "out" },
            { "id": "4", "role": "user", "content": [
                { "type": "text", "text": "look" }, { "type": "image", "source": {} },
            ] },
            { "id": "5", "role": "assistant", "content": "and this?" },
            { "id": "6", "role": "activity", "activityType": "plan", "content": { "steps": [] } },
        ]);
        let Invocation { session, message, run, .. } = parse(&messages, &Value::Null).unwrap();
        let run = run.unwrap();
        assert_eq!((session.as_str(), message.as_deref()), ("t", Some("look")));
        assert_eq!((run.id.as_str(), run.message_id.as_deref()), ("r", Some("4")));
        assert!(!run.is_reload);
        assert!(parse(&json!([]), &json!([])).unwrap().run.unwrap().is_reload);
        for wrong in [
            json!([{ "id": "1", "role": "user", "content": " " }]),
            json!([{ "id": "1", "role": "user" }]),
            json!([{ "id": "1", "role": "user", "content": { "text": "hello" } }]),
            json!([{ "role": "user", "content": "hello" }]),
            json!([{ "id": "", "role": "user", "content": "hello" }]),
            json!([{ "id": "x".repeat(300), "role": "user", "content": "hello" }]),
            json!({}),
        ] {
            assert!(parse(&wrong, &Value::Null).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_reason_is_read_of_what_is_declined_alone() {
        const A: &str = "01234567-89ab-4cde-8f01-23456789abcd";
        let entry = |status: &str, payload: Value| {
            let entry = json!({ "interruptId": A, "status": status, "payload": payload });
            parse(&json!([]), &json!([entry])).unwrap().resume.remove(A).unwrap()
        };
        let because = json!({ "reason": "not today" });
        let declined = Verdict::CancelledBecause("not today".to_owned());
        assert_eq!(entry("cancelled", because.clone()), declined);
        assert_eq!(entry("cancelled", json!({ "reason": 7 })), Verdict::Cancelled);
        assert_eq!(entry("cancelled", json!("no")), Verdict::Cancelled);
        assert_eq!(entry("resolved", because.clone()), Verdict::Answered(because));
        assert_eq!(entry("resolved", json!("yes")), Verdict::Resolved);
        assert!(
            parse(&json!([]), &json!([{ "interruptId": "x", "status": "resolved" }])).is_none()
        );
    }
}
