//! The body that `POST /invocations` returns.

use agent::model::Usage;
use serde::Serialize;
use utoipa::ToSchema;

use super::InterruptAnswer;

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
