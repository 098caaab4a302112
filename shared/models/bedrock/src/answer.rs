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
use session::{Block, Message, Role, ToolUse};

/// A content block as its fragments arrive.
enum PartialBlock {
    Text(String),
    ToolUse { id: String, name: String, input: String },
}

/// A model's message as its events arrive.
#[derive(Default)]
pub(crate) struct PartialAnswer {
    blocks: BTreeMap<i32, PartialBlock>,
    stop: Option<StopReason>,
    pub(crate) usage: Usage,
}

impl PartialAnswer {
    pub(crate) fn take(&mut self, event: ConverseStreamOutput, listener: &mut dyn Listener) {
        match event {
            ConverseStreamOutput::ContentBlockStart(start) => {
                if let Some(ContentBlockStart::ToolUse(tool_use)) = start.start {
                    let (id, name) = (tool_use.tool_use_id, tool_use.name);
                    let call = PartialBlock::ToolUse { id, name, input: String::new() };
                    self.blocks.insert(start.content_block_index, call);
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
                            if let PartialBlock::ToolUse { input, .. } = block {
                                input.push_str(&more.input);
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

    /// The message, once the stream has ended; one that ended without saying why is broken. A call
    /// that is whole counts with any stop reason, unless the answer was withheld.
    pub(crate) fn finish(self, listener: &mut dyn Listener) -> Result<ModelAnswer, ModelError> {
        let is_malformed = self.is_malformed();
        let broken = |what: &str| ModelError::Busy(what.into());
        let stop = self.stop.ok_or_else(|| broken("the stream ended early"))?;
        let is_withheld =
            matches!(stop, StopReason::GuardrailIntervened | StopReason::ContentFiltered);
        let may_be_cut_off = !matches!(stop, StopReason::ToolUse | StopReason::EndTurn);
        let (mut texts, mut calls, mut unreadable) = (Vec::new(), Vec::new(), BTreeMap::new());
        for block in self.blocks.into_values() {
            match block {
                // Models refuse blank text in a history.
                PartialBlock::Text(text) if !text.trim().is_empty() => {
                    texts.push(Block::Text(text))
                }
                PartialBlock::ToolUse { id, name, input } if !is_withheld => {
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
                PartialBlock::Text(_) | PartialBlock::ToolUse { .. } => {}
            }
        }
        if calls.is_empty()
            && let Some(note) = note(&stop, is_malformed, texts.is_empty())
        {
            listener.hear(Event::Text(note));
            texts.push(Block::Text(note.to_owned()));
        }
        texts.append(&mut calls);
        let message = Message { role: Role::Assistant, content: texts, id: None };
        Ok(ModelAnswer { message, unreadable, usage: self.usage })
    }
}

/// What the user should know of an answer that is not whole.
fn note(stop: &StopReason, is_malformed: bool, is_empty: bool) -> Option<&'static str> {
    match stop {
        StopReason::MaxTokens | StopReason::ModelContextWindowExceeded => {
            Some("(The answer was cut off here: it is too long.)")
        }
        StopReason::GuardrailIntervened | StopReason::ContentFiltered => {
            Some("(The answer was withheld by a content filter.)")
        }
        _ if is_malformed => Some("(The model broke off here. Ask again.)"),
        _ if is_empty => Some("(The model gave no answer.)"),
        _ => None,
    }
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
