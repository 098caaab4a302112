//! What a tool wants to know of the user before it goes on, and what they have given.
//!
//! The MCP specification of 2026-07-28 has it as a result (`input_required`): the call ends, and is made
//! again with the answers and with the server's own state ("Multi Round-Trip Requests"). So a turn waits
//! for the user here as it does for a consent, and nothing blocks.

use std::collections::BTreeMap;

use serde_json::Value;
use session::QuestionKind;

/// What a call asks.
#[derive(Debug, Clone, PartialEq)]
pub struct Inquiry {
    /// Who asks: the server, as the operator has named it.
    pub server: String,
    /// What; not empty.
    pub questions: Vec<InquiryQuestion>,
    /// The server's own state, for the next call.
    pub state: Option<String>,
}

/// One question.
#[derive(Debug, Clone, PartialEq)]
pub struct InquiryQuestion {
    /// What the server calls it.
    pub key: String,
    /// What it says to the user.
    pub message: String,
    /// What it wants.
    pub kind: QuestionKind,
}

/// What the user has given to a call that had asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// The answers, by what the server calls the questions, as MCP's `ElicitResult`.
    pub responses: BTreeMap<String, Value>,
    /// The server's own state, unchanged.
    pub state: Option<String>,
}
