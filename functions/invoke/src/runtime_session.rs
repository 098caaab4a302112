//! The conversation that Amazon Bedrock AgentCore Runtime names in a header (API Reference,
//! "InvokeAgentRuntime", `runtimeSessionId`), for a body that names none.
//!
//! The body's own counts. Runtime's clients make a new id for each call that has none, to choose the
//! machine that answers it; it need not be that of the conversation.

use edge::{Kind, Problem};
use http::{HeaderMap, HeaderName};
use serde_json::{Map, Value};
use session::SessionId;

const HEADER: HeaderName = HeaderName::from_static("x-amzn-bedrock-agentcore-runtime-session-id");

/// Adds the conversation to the members of a body that has none, under the name that its shape has for it.
pub(crate) fn complete(
    members: &mut Map<String, Value>,
    headers: &HeaderMap,
) -> Result<(), Problem> {
    if members.contains_key("threadId") || members.contains_key("sessionId") {
        return Ok(());
    }
    let Some(id) = headers.get(HEADER) else { return Ok(()) };
    let id = id.to_str().ok().filter(|id| SessionId::parse(*id).is_ok()).ok_or_else(|| {
        let detail = "The body names no conversation, and X-Amzn-Bedrock-AgentCore-Runtime-Session-Id \
                      can't: at most 128 letters, digits, `-` and `_` are expected.";
        Problem::new(Kind::InvalidRequest, detail)
    })?;
    let name = if members.contains_key("runId") { "threadId" } else { "sessionId" };
    members.insert(name.to_owned(), id.into());
    Ok(())
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::HEADER;
    use crate::invocation::Invocation;

    const ID: &str = "0b8fbb7e-6f6b-4b3c-9a5b-5d0f9ad1f3c2";

    fn session(body: &str, id: &'static str) -> Option<String> {
        let headers = HeaderMap::from_iter([(HEADER, HeaderValue::from_static(id))]);
        let invocation = Invocation::parse(body.as_bytes(), &headers).ok()?;
        Some(invocation.session.to_string())
    }

    #[test]
    fn the_header_names_the_conversation_if_the_body_does_not() {
        let plain = r#"{"message":"Hello"}"#;
        let run = r#"{"runId":"r","messages":[{"id":"1","role":"user","content":"Hello"}]}"#;
        assert_eq!(session(plain, ID).as_deref(), Some(ID));
        assert_eq!(session(run, ID).as_deref(), Some(ID));
        let both = r#"{"sessionId":"mine","message":"Hello"}"#;
        assert_eq!(session(both, ID).as_deref(), Some("mine"));
        let both = run.replace("{\"runId", "{\"threadId\":\"mine\",\"runId");
        assert_eq!(session(&both, ID).as_deref(), Some("mine"));
    }

    #[test]
    fn a_header_that_can_name_no_conversation_is_refused() {
        for wrong in ["", "../bob", "a b"] {
            assert_eq!(session(r#"{"message":"Hello"}"#, wrong), None, "{wrong}");
        }
        assert!(Invocation::parse(br#"{"message":"Hello"}"#, &HeaderMap::new()).is_err());
    }
}
