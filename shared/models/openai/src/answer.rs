//! A model's message as it is put together from the chunks of its stream.

use agent::{
    ended_answer::{EndedAnswer, Ending},
    event::{Event, Listener},
    model::{ModelAnswer, Usage},
};
use session::Block;

use crate::{
    calls::PartialCalls,
    chunk::{Chunk, Delta},
};

/// A model's message as its chunks arrive.
#[derive(Debug, Default)]
pub(crate) struct PartialAnswer {
    text: String,
    calls: PartialCalls,
    finish_reason: Option<String>,
    has_thought: bool,
    pub(crate) usage: Usage,
}

impl PartialAnswer {
    /// Whether nothing of it was heard.
    pub(crate) fn is_unheard(&self) -> bool {
        self.text.is_empty()
    }

    pub(crate) fn take(&mut self, chunk: Chunk, listener: &mut dyn Listener) {
        if let Some(usage) = &chunk.usage {
            // Some servers count in every chunk; the last count is the whole.
            self.usage.input_tokens = usage.prompt_tokens.unwrap_or_default();
            self.usage.output_tokens = usage.completion_tokens.unwrap_or_default();
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
        self.has_thought |= delta.thinks();
        for more in [delta.content, delta.refusal].into_iter().flatten() {
            if !more.is_empty() {
                self.text.push_str(&more);
                listener.hear(Event::Text(&more));
            }
        }
        delta.tool_calls.into_iter().flatten().for_each(|fragment| self.calls.take(fragment));
    }

    /// How the stream ended. A server that ends it properly and names no reason is believed.
    fn ending(&self) -> Ending {
        match self.finish_reason.as_deref() {
            None | Some("stop" | "tool_calls" | "function_call") => Ending::Complete,
            // As Text Generation Inference has called it.
            Some("eos_token" | "stop_sequence") => Ending::Complete,
            Some("length") => Ending::CutOff,
            Some("content_filter") => Ending::Withheld,
            Some(_) => Ending::BrokenOff,
        }
    }

    /// Whether the server names an unknown reason.
    pub(crate) fn is_malformed(&self) -> bool {
        self.ending() == Ending::BrokenOff
    }

    /// The message, once the stream has ended.
    pub(crate) fn finish(self, max_tokens: u32, listener: &mut dyn Listener) -> ModelAnswer {
        let (ending, usage) = (self.ending(), self.usage);
        let text = Some(self.text).filter(|text| !text.trim().is_empty());
        let said = text.map(Block::Text).into_iter().collect();
        let (calls, has_thought) = (self.calls.finish(), self.has_thought);
        EndedAnswer { said, calls, has_thought, ending, max_tokens, usage }.finish(listener)
    }
}
