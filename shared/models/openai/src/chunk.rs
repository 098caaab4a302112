//! A chunk of a streamed answer (OpenAI API Reference, "The chat completion chunk object"), as far as
//! it is read. Every member may be missing or `null`: servers other than OpenAI's leave many out.

use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
pub(crate) struct Chunk {
    /// Empty in the chunk that has the usage.
    choices: Option<Vec<Choice>>,
    pub(crate) usage: Option<WireUsage>,
    /// What went wrong after the stream had begun.
    pub(crate) error: Option<Value>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Choice {
    /// A server that does not stream sends the whole message.
    #[serde(alias = "message")]
    pub(crate) delta: Option<Delta>,
    pub(crate) finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Delta {
    pub(crate) content: Option<String>,
    /// What the model says instead, when it declines: only that there is some is read.
    pub(crate) refusal: Option<String>,
    /// What it thinks, at DeepSeek, vLLM and llama.cpp.
    reasoning_content: Option<String>,
    /// The same, at Ollama, OpenRouter and newer versions of vLLM.
    reasoning: Option<String>,
    pub(crate) tool_calls: Option<Vec<Fragment>>,
}

/// A part of a tool call.
#[derive(Debug, Deserialize)]
pub(crate) struct Fragment {
    pub(crate) index: Option<usize>,
    pub(crate) id: Option<String>,
    pub(crate) function: Option<FunctionFragment>,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct FunctionFragment {
    pub(crate) name: Option<String>,
    /// Text; some servers send the object itself.
    pub(crate) arguments: Option<Value>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct WireUsage {
    pub(crate) prompt_tokens: Option<u64>,
    pub(crate) completion_tokens: Option<u64>,
    prompt_tokens_details: Option<PromptTokens>,
}

/// Which of the prompt's tokens were where.
#[derive(Debug, Deserialize)]
struct PromptTokens {
    cached_tokens: Option<u64>,
}

impl WireUsage {
    /// How many of the prompt's tokens were kept from an earlier request.
    pub(crate) fn cached_tokens(&self) -> u64 {
        self.prompt_tokens_details.as_ref().and_then(|it| it.cached_tokens).unwrap_or_default()
    }
}

impl Chunk {
    pub(crate) fn into_choices(self) -> Vec<Choice> {
        self.choices.unwrap_or_default()
    }
}

impl Delta {
    /// What the model thinks here.
    pub(crate) fn thought(&self) -> Option<&str> {
        let thought = self.reasoning_content.as_deref().filter(|text| !text.is_empty());
        thought.or(self.reasoning.as_deref())
    }
}
