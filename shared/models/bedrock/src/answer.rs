//! A model's message as it is put together from the events of its stream.

use agent::{
    ended_answer::{EndedAnswer, Ending, StreamedCall},
    event::{Event, Listener},
    model::{ModelAnswer, ModelError, Usage},
    speech::Speech,
};
use aws_sdk_bedrockruntime::types::{
    ContentBlockDelta, ContentBlockStart, ConverseStreamOutput, StopReason,
};
use session::Block;

use crate::reasoning::PartialReasoning;

/// A content block as its fragments arrive.
enum PartialBlock {
    Reasoning(PartialReasoning),
    Text(Speech),
    ToolUse(StreamedCall),
}

/// A model's message as its events arrive.
pub(crate) struct PartialAnswer {
    /// By index, in the order in which they began.
    blocks: Vec<(i32, PartialBlock)>,
    stop: Option<StopReason>,
    pub(crate) usage: Usage,
    /// How many tokens it may have.
    max_tokens: u32,
}

impl PartialAnswer {
    pub(crate) fn new(max_tokens: u32) -> Self {
        Self { blocks: Vec::new(), stop: None, usage: Usage::default(), max_tokens }
    }

    pub(crate) fn take(&mut self, event: ConverseStreamOutput, listener: &mut dyn Listener) {
        match event {
            ConverseStreamOutput::ContentBlockStart(start) => {
                if let Some(ContentBlockStart::ToolUse(tool_use)) = start.start {
                    let (id, name) = (tool_use.tool_use_id, tool_use.name);
                    let call = StreamedCall { id, name, input: String::new() };
                    self.blocks.push((start.content_block_index, PartialBlock::ToolUse(call)));
                }
            }
            ConverseStreamOutput::ContentBlockDelta(delta) => {
                if let Some(more) = delta.delta {
                    self.grow(delta.content_block_index, more, listener);
                }
            }
            ConverseStreamOutput::ContentBlockStop(stop) => {
                if let Some(PartialBlock::Text(text)) = self.block(stop.content_block_index) {
                    hear(&text.end(), listener);
                }
            }
            ConverseStreamOutput::MessageStop(stop) => self.stop = Some(stop.stop_reason),
            ConverseStreamOutput::Metadata(metadata) => {
                if let Some(usage) = metadata.usage {
                    let count = |tokens: i32| u64::try_from(tokens).unwrap_or_default();
                    // Both are counted apart from the input there.
                    let read = usage.cache_read_input_tokens.map_or(0, count);
                    let written = usage.cache_write_input_tokens.map_or(0, count);
                    self.usage = Usage {
                        input_tokens: count(usage.input_tokens) + read + written,
                        output_tokens: count(usage.output_tokens),
                        cached_input_tokens: read,
                        cache_write_input_tokens: written,
                    };
                }
            }
            _ => {}
        }
    }

    /// The latest block with this index.
    fn block(&mut self, index: i32) -> Option<&mut PartialBlock> {
        self.blocks.iter_mut().rev().find(|(at, _)| *at == index).map(|(_, block)| block)
    }

    /// Adds a fragment to its block; one of another kind than the block begins a new one.
    fn grow(&mut self, index: i32, more: ContentBlockDelta, listener: &mut dyn Listener) {
        match (more, self.block(index)) {
            (ContentBlockDelta::Text(more), Some(PartialBlock::Text(text))) => {
                hear(&text.take(&more), listener);
            }
            (ContentBlockDelta::Text(more), _) => {
                let mut text = Speech::default();
                hear(&text.take(&more), listener);
                self.blocks.push((index, PartialBlock::Text(text)));
            }
            (ContentBlockDelta::ReasoningContent(more), Some(PartialBlock::Reasoning(block))) => {
                block.take(more);
            }
            (ContentBlockDelta::ReasoningContent(more), _) => {
                let mut block = PartialReasoning::default();
                block.take(more);
                self.blocks.push((index, PartialBlock::Reasoning(block)));
            }
            (ContentBlockDelta::ToolUse(more), Some(PartialBlock::ToolUse(call))) => {
                call.input.push_str(&more.input);
            }
            _ => {}
        }
    }

    /// Whether nothing of it has arrived.
    pub(crate) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
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

    /// The message, once the stream has ended; one that ended without saying why is broken. Reasoning
    /// comes before the calls, as a model has it back.
    pub(crate) fn finish(self, listener: &mut dyn Listener) -> Result<ModelAnswer, ModelError> {
        let is_malformed = self.is_malformed();
        let broken = |what: &str| ModelError::Busy(what.into());
        let ending = match self.stop.ok_or_else(|| broken("the stream ended early"))? {
            StopReason::MaxTokens => Ending::CutOff,
            StopReason::ModelContextWindowExceeded => Ending::NoRoom,
            StopReason::GuardrailIntervened | StopReason::ContentFiltered => Ending::Withheld,
            _ if is_malformed => Ending::BrokenOff,
            _ => Ending::Complete,
        };
        let (mut said, mut calls, mut has_thought) = (Vec::new(), Vec::new(), false);
        for (_, block) in self.blocks {
            match block {
                PartialBlock::Reasoning(block) => {
                    let reasoning = block.finish();
                    has_thought |= reasoning.is_some();
                    said.extend(reasoning.map(Block::Reasoning));
                }
                PartialBlock::Text(mut text) => {
                    hear(&text.end(), listener);
                    has_thought |= text.has_thought();
                    // Models refuse blank text in a history.
                    let text = Some(text.into_said()).filter(|text| !text.trim().is_empty());
                    said.extend(text.map(Block::Text));
                }
                PartialBlock::ToolUse(call) => calls.push(call),
            }
        }
        let (max_tokens, usage) = (self.max_tokens, self.usage);
        EndedAnswer { said, calls, has_thought, ending, max_tokens, usage }.finish(listener)
    }
}

fn hear(text: &str, listener: &mut dyn Listener) {
    if !text.is_empty() {
        listener.hear(Event::Text(text));
    }
}

#[cfg(test)]
mod tests {
    use agent::{
        event::{Event, Listener},
        model::Usage,
    };
    use aws_sdk_bedrockruntime::types::{
        ConverseStreamMetadataEvent, ConverseStreamOutput, TokenUsage,
    };

    use super::PartialAnswer;

    struct Deaf;

    impl Listener for Deaf {
        fn hear(&mut self, _: Event<'_>) {}
    }

    #[test]
    fn tokens_from_and_to_a_cache_are_part_of_the_input_and_known_apart() {
        for (read, write) in [(Some(30), Some(7)), (Some(30), None), (None, None)] {
            let usage = TokenUsage::builder()
                .input_tokens(5)
                .output_tokens(2)
                .total_tokens(7)
                .set_cache_read_input_tokens(read)
                .set_cache_write_input_tokens(write)
                .build()
                .unwrap();
            let event = ConverseStreamMetadataEvent::builder().usage(usage).build();
            let mut answer = PartialAnswer::new(100);
            answer.take(ConverseStreamOutput::Metadata(event), &mut Deaf);
            let count = |tokens: i32| u64::try_from(tokens).unwrap();
            let expected = Usage {
                input_tokens: count(5 + read.unwrap_or(0) + write.unwrap_or(0)),
                output_tokens: 2,
                cached_input_tokens: read.map_or(0, count),
                cache_write_input_tokens: write.map_or(0, count),
            };
            assert_eq!(answer.usage, expected);
        }
    }
}
