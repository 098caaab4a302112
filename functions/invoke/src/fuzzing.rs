//! The readers of what strangers send, for `fuzz`. In builds for fuzzing alone.

use agent::turn::Answers;
use edge::Problem;
use http::HeaderMap;

use crate::{invocation::Invocation, mcp};

/// What is taken from an invocation's body.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadInvocation {
    /// The conversation.
    pub session: String,
    /// What the user says.
    pub message: Option<String>,
    /// Their answers to interrupts.
    pub answers: Answers,
    /// AG-UI's run: its id, the id of the user's message, and whether it only wants to know what was said.
    pub run: Option<(String, Option<String>, bool)>,
}

/// Reads the body of `POST /invocations`, in its plain form or in AG-UI's.
///
/// # Errors
/// When it is refused.
pub fn invocation(body: &[u8]) -> Result<ReadInvocation, Problem> {
    let Invocation { session, message, resume, run } = Invocation::parse(body, &HeaderMap::new())?;
    let run = run.map(|run| (run.id, run.message_id, run.is_reload));
    Ok(ReadInvocation { session: session.to_string(), message, answers: resume, run })
}

/// The session id that an MCP client gets which sends `body`, if that is its `initialize`.
#[must_use]
pub fn mcp_session(body: &[u8]) -> Option<String> {
    mcp::session(body)
}

/// What is known of the MCP client that sends `headers`: its name, and whether it shows addresses.
#[must_use]
pub fn mcp_client(headers: &HeaderMap) -> (String, bool) {
    mcp::client(headers)
}
