//! The seam to a language model.

use std::{borrow::Cow, collections::BTreeMap, error::Error, fmt::Debug};

use futures_util::future::BoxFuture;
use session::Message;

use crate::{event::Listener, tool::ToolSpec};

/// A language model that can call tools.
pub trait Model: Debug + Send + Sync {
    /// What its provider and it are called, for traces: the provider by a name that OpenTelemetry knows, as
    /// `aws.bedrock`.
    fn names(&self) -> (&str, &str) {
        ("custom", "custom")
    }

    /// The model's next message. `listener` hears its words as they arrive.
    ///
    /// # Errors
    /// When the model can't be asked, or its answer makes no sense.
    fn answer<'a>(
        &'a self,
        prompt: Prompt<'a>,
        listener: &'a mut dyn Listener,
    ) -> BoxFuture<'a, Result<ModelAnswer, ModelError>>;
}

/// What a model is asked.
#[derive(Debug)]
pub struct Prompt<'a> {
    /// The system prompt.
    pub system: &'a str,
    /// The conversation, as far as the model sees it.
    pub messages: Vec<Cow<'a, Message>>,
    /// The tools that it may call.
    pub tools: Vec<&'a ToolSpec>,
    /// How many tokens it may write.
    pub max_tokens: u32,
}

/// A model's message, whole.
#[derive(Debug)]
pub struct ModelAnswer {
    /// What it says, and which tools it calls. Names and ids are as the model wrote them: the turn
    /// makes them fit.
    pub message: Message,
    /// Why the input of a call can't be read, by the call's place among the message's calls. Such a
    /// call has an empty object for an input, and the model is told.
    pub unreadable: BTreeMap<usize, String>,
    /// The tokens that it used.
    pub usage: Usage,
}

/// Tokens used, as the model's provider bills them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Read by the model.
    pub input_tokens: u64,
    /// Written by the model.
    pub output_tokens: u64,
    /// Those of the input that were kept from an earlier request.
    pub cached_input_tokens: u64,
    /// Those of the input that are kept for a later request.
    pub cache_write_input_tokens: u64,
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.input_tokens += other.input_tokens;
        self.output_tokens += other.output_tokens;
        self.cached_input_tokens += other.cached_input_tokens;
        self.cache_write_input_tokens += other.cache_write_input_tokens;
    }
}

/// Why there is no answer, by what a caller can do about it.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// It is busy or unreachable, after the client's own retries. Later it may answer.
    #[error("the model is not available")]
    Busy(#[source] Box<dyn Error + Send + Sync>),
    /// It refuses this request for what is in it; without the earlier conversation it may not.
    #[error("the model refuses the request")]
    Rejected(#[source] Box<dyn Error + Send + Sync>),
    /// There is more in this request than it can read; with less of the conversation it may answer.
    #[error("the request is too long for the model")]
    TooLong(#[source] Box<dyn Error + Send + Sync>),
    /// It refuses this service; asking again changes nothing.
    #[error("the model refuses")]
    Refused(#[source] Box<dyn Error + Send + Sync>),
    /// The request could not be made.
    #[error("the model could not be asked")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

impl ModelError {
    /// Which of them it is, in one word.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Busy(_) => "busy",
            Self::Rejected(_) => "rejected",
            Self::TooLong(_) => "too_long",
            Self::Refused(_) => "refused",
            Self::Internal(_) => "internal",
        }
    }
}
