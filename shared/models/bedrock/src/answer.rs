//! A model's message as it is put together from the events of its stream.

use std::collections::BTreeMap;

use agent::{
    ended_answer::{EndedAnswer, Ending, StreamedCall},
    event::{Event, Listener},
    model::{ModelAnswer, ModelError, Usage},
};
use aws_sdk_bedrockruntime::types::{
    ContentBlockDelta, ContentBlockStart, ConverseStreamOutput, StopReason,
};
use session::Block;

/// A content block as its fragments arrive.
enum PartialBlock {
    Text(String),
    ToolUse(StreamedCall),
}

/// A model's message as its events arrive.
pub(crate) struct PartialAnswer {
    blocks: BTreeMap<i32, PartialBlock>,
    stop: Option<StopReason>,
    pub(crate) usage: Usage,
    /// How many tokens it may have.
    max_tokens: u32,
}

impl PartialAnswer {
    pub(crate) fn new(max_tokens: u32) -> Self {
        Self { blocks: BTreeMap::new(), stop: None, usage: Usage::default(), max_tokens }
    }

    pub(crate) fn take(&mut self, event: ConverseStreamOutput, listener: &mut dyn Listener) {
        match event {
            ConverseStreamOutput::ContentBlockStart(start) => {
                if let Some(ContentBlockStart::ToolUse(tool_use)) = start.start {
                    let (id, name) = (tool_use.tool_use_id, tool_use.name);
                    let call = StreamedCall { id, name, input: String::new() };
                    self.blocks.insert(start.content_block_index, PartialBlock::ToolUse(call));
                }
            }
            ConverseStreamOutput::ContentBlockDelta(delta) => {
                let block = self.blocks.entry(delta.content_block_index);
                match delta.delta {
                    Some(ContentBlockDelta::Text(more)) => {
                        let text = block.or_insert_with(|| PartialBlock::Text(String::new()));
                        if let PartialBlock::Text(text) = text {
                            text.push_str(&more);
                            listener.hear(Event::Text(&more));
                        }
                    }
                    Some(ContentBlockDelta::ToolUse(more)) => {
                        block.and_modify(|block| {
                            if let PartialBlock::ToolUse(call) = block {
                                call.input.push_str(&more.input);
                            }
                        });
                    }
                    _ => {}
                }
            }
            ConverseStreamOutput::MessageStop(stop) => self.stop = Some(stop.stop_reason),
            ConverseStreamOutput::Metadata(metadata) => {
                if let Some(usage) = metadata.usage {
                    let count = |tokens: i32| u64::try_from(tokens).unwrap_or_default();
                    self.usage.input_tokens = count(usage.input_tokens);
                    self.usage.output_tokens = count(usage.output_tokens);
                }
            }
            _ => {}
        }
    }

    /// Whether the model says of itself that it broke off, or says something unknown.
    pub(crate) fn is_malformed(&self) -> bool {
        use StopReason::{
            ContentFiltered, EndTurn, GuardrailIntervened, MaxTokens, ModelContextWindowExceeded,
            StopSequence, ToolUse,
        };
        !matches!(
            self.stop,
            None | Some(
                ContentFiltered
                    | EndTurn
                    | GuardrailIntervened
                    | MaxTokens
                    | ModelContextWindowExceeded
                    | StopSequence
                    | ToolUse
            )
        )
    }

    /// The message, once the stream has ended; one that ended without saying why is broken.
    pub(crate) fn finish(self, listener: &mut dyn Listener) -> Result<ModelAnswer, ModelError> {
        let is_malformed = self.is_malformed();
        let broken = |what: &str| ModelError::Busy(what.into());
        let ending = match self.stop.ok_or_else(|| broken("the stream ended early"))? {
            StopReason::MaxTokens | StopReason::ModelContextWindowExceeded => Ending::CutOff,
            StopReason::GuardrailIntervened | StopReason::ContentFiltered => Ending::Withheld,
            _ if is_malformed => Ending::BrokenOff,
            _ => Ending::Complete,
        };
        let (mut said, mut calls) = (Vec::new(), Vec::new());
        for block in self.blocks.into_values() {
            match block {
                // Models refuse blank text in a history.
                PartialBlock::Text(text) if text.trim().is_empty() => {}
                PartialBlock::Text(text) => said.push(Block::Text(text)),
                PartialBlock::ToolUse(call) => calls.push(call),
            }
        }
        let (has_thought, max_tokens, usage) = (false, self.max_tokens, self.usage);
        Ok(EndedAnswer { said, calls, has_thought, ending, max_tokens, usage }.finish(listener))
    }
}
