//! A model's message as it is put together from the events of its stream.

use std::collections::BTreeMap;

use agent::{
    event::{Event, Listener},
    model::{ModelAnswer, ModelError, Usage},
};
use aws_sdk_bedrockruntime::types::{
    ContentBlockDelta, ContentBlockStart, ConverseStreamOutput, StopReason,
};
use serde_json::{Map, Value};
use session::{Block, Message, Role, ToolUse, WITHHELD};

use crate::{reasoning::PartialReasoning, speech::Speech};

/// A content block as its fragments arrive.
enum PartialBlock {
    Reasoning(PartialReasoning),
    Text(Speech),
    ToolUse { id: String, name: String, input: String },
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
                    let call = PartialBlock::ToolUse { id, name, input: String::new() };
                    self.blocks.push((start.content_block_index, call));
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
                    // What was kept from an earlier request, or for a later one, is counted apart.
                    let kept = [usage.cache_read_input_tokens, usage.cache_write_input_tokens];
                    let kept: u64 = kept.into_iter().flatten().map(count).sum();
                    self.usage.input_tokens = count(usage.input_tokens) + kept;
                    self.usage.output_tokens = count(usage.output_tokens);
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
            (ContentBlockDelta::ToolUse(more), Some(PartialBlock::ToolUse { input, .. })) => {
                input.push_str(&more.input);
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

    /// The message, once the stream has ended; one that ended without saying why is broken. A call
    /// that is whole counts with any stop reason, unless a content filter has withheld the answer. Reasoning comes
    /// before the calls, as a model has it back.
    pub(crate) fn finish(self, listener: &mut dyn Listener) -> Result<ModelAnswer, ModelError> {
        let is_malformed = self.is_malformed();
        let broken = |what: &str| ModelError::Busy(what.into());
        let stop = self.stop.ok_or_else(|| broken("the stream ended early"))?;
        if matches!(stop, StopReason::GuardrailIntervened | StopReason::ContentFiltered) {
            return Ok(withheld(self.usage, listener));
        }
        let may_be_cut_off = !matches!(stop, StopReason::ToolUse | StopReason::EndTurn);
        let (mut said, mut calls, mut unreadable) = (Vec::new(), Vec::new(), BTreeMap::new());
        let mut has_thought = false;
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
                PartialBlock::ToolUse { id, name, input } => {
                    // A call that ends before its input begins is not one without an input.
                    if may_be_cut_off && input.is_empty() {
                        continue;
                    }
                    let input = match object(&input) {
                        Ok(input) => input,
                        Err(_) if may_be_cut_off => continue,
                        Err(why) => {
                            unreadable.insert(calls.len(), why);
                            Value::Object(Map::new())
                        }
                    };
                    calls.push(Block::ToolUse(ToolUse { tool_use_id: id, name, input }));
                }
            }
        }
        if calls.is_empty() {
            let has_text = said.iter().any(|block| matches!(block, Block::Text(_)));
            let heard = match (has_text, has_thought) {
                (true, _) => Heard::Text,
                (false, true) => Heard::Thinking,
                (false, false) => Heard::Nothing,
            };
            if stop == StopReason::ModelContextWindowExceeded && !has_text {
                return Err(ModelError::TooLong("nothing fits after what it was shown".into()));
            }
            if let Some(note) = note(&stop, is_malformed, heard, self.max_tokens) {
                hear(&note, listener);
                said.push(Block::Text(note));
            }
        }
        said.append(&mut calls);
        let message = Message { role: Role::Assistant, content: said, id: None };
        Ok(ModelAnswer { message, unreadable, usage: self.usage })
    }
}

/// The answer in the place of one that a content filter has withheld. What was heard of that does not
/// stand.
fn withheld(usage: Usage, listener: &mut dyn Listener) -> ModelAnswer {
    listener.hear(Event::TextDiscarded);
    hear(WITHHELD, listener);
    let content = vec![Block::Text(WITHHELD.to_owned())];
    let message = Message { role: Role::Assistant, content, id: None };
    ModelAnswer { message, unreadable: BTreeMap::new(), usage }
}

fn hear(text: &str, listener: &mut dyn Listener) {
    if !text.is_empty() {
        listener.hear(Event::Text(text));
    }
}

/// What there is of an answer that has no calls.
enum Heard {
    Text,
    /// The model has thought, and has said nothing.
    Thinking,
    Nothing,
}

/// What the user should know of an answer that is not whole.
fn note(stop: &StopReason, is_malformed: bool, heard: Heard, max_tokens: u32) -> Option<String> {
    let note = match (stop, heard) {
        // Some models think without a word of it in the stream.
        (StopReason::MaxTokens, Heard::Thinking | Heard::Nothing) => {
            return Some(format!(
                "(The model used up the {max_tokens} tokens of an answer before it wrote one: what it \
                 thinks counts, too. Ask for a smaller part of it, or have the operator raise \
                 MAX_ANSWER_TOKENS.)"
            ));
        }
        (StopReason::MaxTokens | StopReason::ModelContextWindowExceeded, _) => {
            "(The answer was cut off here: it is too long.)"
        }
        _ if is_malformed => "(The model broke off here. Ask again.)",
        (_, Heard::Thinking) => "(The model thought about it and gave no answer. Ask again.)",
        (_, Heard::Nothing) => "(The model gave no answer.)",
        (_, Heard::Text) => return None,
    };
    Some(note.to_owned())
}

/// The input of a call; an error says what it is instead.
fn object(input: &str) -> Result<Value, String> {
    let input = if input.trim().is_empty() { "{}" } else { input };
    match serde_json::from_str(input) {
        Ok(Value::Object(members)) => Ok(Value::Object(members)),
        Ok(_) => Err("the input is JSON, but no object".to_owned()),
        Err(error) => Err(format!("the input is no JSON: {error}")),
    }
}
