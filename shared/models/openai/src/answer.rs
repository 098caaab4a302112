//! A model's message as it is put together from the chunks of its stream.

use agent::{
    ended_answer::{EndedAnswer, Ending},
    event::{Event, Listener},
    model::{ModelAnswer, ModelError, Usage},
    speech::Speech,
};
use session::{Block, Reasoning};

use crate::{
    calls::PartialCalls,
    chunk::{Chunk, Delta},
};

/// A model's message as its chunks arrive.
#[derive(Debug, Default)]
pub(crate) struct PartialAnswer {
    thought: String,
    text: Speech,
    /// Whether a listener has heard some of the text.
    is_heard: bool,
    calls: PartialCalls,
    finish_reason: Option<String>,
    /// Whether nothing of it stands: a content filter, or the model by a refusal, withholds it.
    is_withheld: bool,
    pub(crate) usage: Usage,
}

impl PartialAnswer {
    /// Whether nothing of it was heard.
    pub(crate) fn is_unheard(&self) -> bool {
        !self.is_heard
    }

    pub(crate) fn take(&mut self, chunk: Chunk, listener: &mut dyn Listener) {
        if let Some(usage) = &chunk.usage {
            // Some servers count in every chunk; the last count is the whole.
            self.usage.input_tokens = usage.prompt_tokens.unwrap_or_default();
            self.usage.output_tokens = usage.completion_tokens.unwrap_or_default();
            self.usage.cached_input_tokens = usage.cached_tokens();
        }
        for choice in chunk.into_choices() {
            if let Some(delta) = choice.delta {
                self.grow(delta, listener);
            }
            // Azure and others say `""` where there is no reason yet.
            let reason = choice.finish_reason.filter(|reason| !reason.is_empty());
            self.finish_reason = reason.or(self.finish_reason.take());
        }
    }

    fn grow(&mut self, delta: Delta, listener: &mut dyn Listener) {
        self.thought.push_str(delta.thought().unwrap_or_default());
        if let Some(more) = delta.content {
            let said = self.text.take(&more);
            self.hear(&said, listener);
        }
        self.is_withheld |= delta.refusal.is_some_and(|refusal| !refusal.is_empty());
        delta.tool_calls.into_iter().flatten().for_each(|fragment| self.calls.take(fragment));
    }

    /// Whether nothing of it stands.
    pub(crate) fn is_withheld(&self) -> bool {
        self.is_withheld
    }

    /// Nothing of it stands: the server says so.
    pub(crate) fn withhold(&mut self) {
        self.is_withheld = true;
    }

    fn hear(&mut self, text: &str, listener: &mut dyn Listener) {
        if !text.is_empty() {
            self.is_heard = true;
            listener.hear(Event::Text(text));
        }
    }

    /// How the stream ended. A server that ends it properly and names no reason is believed.
    fn ending(&self) -> Ending {
        match self.finish_reason.as_deref() {
            _ if self.is_withheld => Ending::Withheld,
            None | Some("stop" | "tool_calls" | "function_call") => Ending::Complete,
            // As Text Generation Inference has called it.
            Some("eos_token" | "stop_sequence") => Ending::Complete,
            Some("length") => Ending::CutOff,
            // The second is Anthropic's, where a gateway passes it on.
            Some("content_filter" | "refusal") => Ending::Withheld,
            Some(_) => Ending::BrokenOff,
        }
    }

    /// Whether the server names an unknown reason.
    pub(crate) fn is_malformed(&self) -> bool {
        self.ending() == Ending::BrokenOff
    }

    /// The message, once the stream has ended.
    pub(crate) fn finish(
        mut self,
        max_tokens: u32,
        listener: &mut dyn Listener,
    ) -> Result<ModelAnswer, ModelError> {
        let rest = self.text.end();
        self.hear(&rest, listener);
        let (ending, usage) = (self.ending(), self.usage);
        let has_thought = !self.thought.is_empty() || self.text.has_thought();
        let thought = Some(self.thought).filter(|thought| !thought.is_empty());
        let thought = thought.map(|text| Reasoning::Text { text, signature: None });
        let text = Some(self.text.into_said()).filter(|text| !text.trim().is_empty());
        let said = thought.map(Block::Reasoning).into_iter().chain(text.map(Block::Text)).collect();
        let calls = self.calls.finish();
        EndedAnswer { said, calls, has_thought, ending, max_tokens, usage }.finish(listener)
    }
}
