//! What the scripted model does in reply to one request.

use super::thinking::Reasoning;

/// What the model does.
pub(super) enum Script {
    /// It answers.
    Answer(ModelAnswer),
    /// It refuses the request, which breaks this rule.
    Refused(String),
    /// The request is throttled.
    Throttled,
    /// It sends this text, and then an exception.
    BrokenAfter(String),
    /// It begins a stream and sends nothing but an exception of this kind, with this message.
    Fails(&'static str, &'static str),
    /// It sends nothing and keeps the stream open.
    NoAnswer,
}

/// A message from the model.
pub(super) struct ModelAnswer {
    pub(super) reasoning: Vec<Reasoning>,
    pub(super) text: String,
    pub(super) calls: Vec<Call>,
    pub(super) stop_reason: &'static str,
    pub(super) input_tokens: usize,
    /// Those that were kept for the next request; they are counted apart.
    pub(super) kept_tokens: usize,
}

impl ModelAnswer {
    pub(super) fn new(text: String, calls: Vec<Call>, input_tokens: usize) -> Self {
        let stop_reason = if calls.is_empty() { "end_turn" } else { "tool_use" };
        Self { reasoning: Vec::new(), text, calls, stop_reason, input_tokens, kept_tokens: 0 }
    }
}

/// A tool call.
pub(super) struct Call {
    pub(super) id: String,
    pub(super) tool: String,
    /// JSON, unless a habit spoils it.
    pub(super) input: String,
}
