//! The readers of what MCP servers send, for `fuzz`. In builds for fuzzing alone.

use agent::{inquiry::Inquiry, tool::Failure};
use serde_json::{Map, Value};

use crate::{challenge::Challenge, names, result, schema};

/// The scopes that a challenge asks for, and whether the token was a good one that allows too little.
#[must_use]
pub fn challenge(header: &str) -> (Option<String>, bool) {
    let challenge = Challenge::read(header);
    let is_insufficient = challenge.is_insufficient_scope();
    (challenge.scope, is_insufficient)
}

/// The input schema of a tool as the model gets it.
#[must_use]
pub fn schema(schema: &Map<String, Value>) -> Option<Value> {
    schema::fit(schema).ok()
}

/// The result of a call as the model gets it; `None` for what is no result.
#[must_use]
pub fn shown(result: &[u8]) -> Option<Result<Value, Failure>> {
    Some(result::shown("server", serde_json::from_slice(result).ok()?))
}

/// What a result asks the user; `None` for what is no such result.
#[must_use]
pub fn asked(result: &[u8]) -> Option<Result<Inquiry, Failure>> {
    Some(result::asked("server", serde_json::from_slice(result).ok()?))
}

/// What the model calls a tool.
#[must_use]
pub fn name(tool: &str) -> Option<String> {
    names::name_of("server", tool).map(|name| name.as_str().to_owned())
}
