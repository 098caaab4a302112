#![doc = include_str!("../README.md")]
#![warn(missing_docs)]
//!
//! Amazon Bedrock API Reference, "ConverseStream": text and tool input arrive in fragments by
//! content block; an exception can arrive inside the stream after HTTP 200.

use std::collections::BTreeMap;

use agent::{
    event::{Event, Listener},
    model::{Model, ModelAnswer, ModelError, Prompt, Usage},
    tool::ToolSpec,
};
use aws_sdk_bedrockruntime::{
    Client,
    config::StalledStreamProtectionConfig,
    error::{ProvideErrorMetadata, SdkError},
    types::{
        ContentBlock, ContentBlockDelta, ContentBlockStart, ConversationRole, ConverseStreamOutput,
        InferenceConfiguration, Message as WireMessage, StopReason, SystemContentBlock,
        Tool as WireTool, ToolConfiguration, ToolInputSchema, ToolResultBlock,
        ToolResultContentBlock, ToolResultStatus, ToolSpecification, ToolUseBlock,
    },
};
use aws_smithy_types::{Document, Number};
use futures_util::future::{BoxFuture, FutureExt};
use serde_json::{Map, Value};
use session::{Block, Message, Role, ToolOutput, ToolStatus, ToolUse};

/// A model on Amazon Bedrock.
#[derive(Debug)]
pub struct Bedrock {
    client: Client,
    id: String,
}

/// A content block as its fragments arrive.
enum PartialBlock {
    Text(String),
    ToolUse { id: String, name: String, input: String },
}

/// A model's message as its events arrive.
#[derive(Default)]
struct PartialAnswer {
    blocks: BTreeMap<i32, PartialBlock>,
    stop: Option<StopReason>,
    usage: Usage,
}

impl Bedrock {
    /// The model `id`, called with `config`.
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, id: String) -> Self {
        // The default cuts a stream after 5 seconds of silence, and models think longer. The turn
        // has a deadline of its own.
        let patient = StalledStreamProtectionConfig::disabled();
        let config = aws_sdk_bedrockruntime::config::Builder::from(config);
        let client = Client::from_conf(config.stalled_stream_protection(patient).build());
        Self { client, id }
    }

    /// The client, with the connections that an answer will use.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    async fn converse(
        &self,
        prompt: &Prompt<'_>,
        listener: &mut dyn Listener,
    ) -> Result<PartialAnswer, ModelError> {
        let messages: Result<Vec<_>, _> =
            prompt.messages.iter().map(|message| wire_message(message)).collect();
        let max_tokens = i32::try_from(prompt.max_tokens).unwrap_or(i32::MAX);
        let call = self
            .client
            .converse_stream()
            .model_id(&self.id)
            .system(SystemContentBlock::Text(prompt.system.to_owned()))
            .set_messages(Some(messages?))
            .tool_config(tool_config(&prompt.tools)?)
            .inference_config(InferenceConfiguration::builder().max_tokens(max_tokens).build());
        let mut stream = call.send().await.map_err(failure)?.stream;
        let mut answer = PartialAnswer::default();
        while let Some(event) = stream.recv().await.map_err(failure)? {
            answer.take(event, listener);
        }
        Ok(answer)
    }
}

impl Model for Bedrock {
    fn answer<'a>(
        &'a self,
        prompt: Prompt<'a>,
        listener: &'a mut dyn Listener,
    ) -> BoxFuture<'a, Result<ModelAnswer, ModelError>> {
        async move {
            let first = self.converse(&prompt, listener).await?;
            if !first.is_malformed() {
                return first.finish(listener);
            }
            listener.hear(Event::TextDiscarded);
            match self.converse(&prompt, listener).await {
                Ok(mut second) => {
                    second.usage += first.usage;
                    second.finish(listener)
                }
                Err(_) => first.finish(listener),
            }
        }
        .boxed()
    }
}

impl PartialAnswer {
    fn take(&mut self, event: ConverseStreamOutput, listener: &mut dyn Listener) {
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
    fn is_malformed(&self) -> bool {
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
    fn finish(self, listener: &mut dyn Listener) -> Result<ModelAnswer, ModelError> {
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
        let message = Message { role: Role::Assistant, content: texts };
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

fn failure<E, R>(error: SdkError<E, R>) -> ModelError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    match code {
        Some("ValidationException" | "validationException") => {
            ModelError::Rejected(Box::new(error))
        }
        Some("AccessDeniedException" | "ResourceNotFoundException") => {
            ModelError::Refused(Box::new(error))
        }
        _ => ModelError::Busy(Box::new(error)),
    }
}

fn internal(error: impl std::error::Error + Send + Sync + 'static) -> ModelError {
    ModelError::Internal(Box::new(error))
}

fn tool_config(tools: &[&ToolSpec]) -> Result<ToolConfiguration, ModelError> {
    let mut config = ToolConfiguration::builder();
    for tool in tools {
        let specification = ToolSpecification::builder()
            .name(tool.name.as_str())
            .description(tool.description.as_ref())
            .input_schema(ToolInputSchema::Json(document(tool.input.as_json())))
            .build()
            .map_err(internal)?;
        config = config.tools(WireTool::ToolSpec(specification));
    }
    config.build().map_err(internal)
}

fn wire_message(message: &Message) -> Result<WireMessage, ModelError> {
    let role = match message.role {
        Role::User => ConversationRole::User,
        Role::Assistant => ConversationRole::Assistant,
    };
    let content: Result<Vec<_>, _> = message.content.iter().map(wire_block).collect();
    WireMessage::builder().role(role).set_content(Some(content?)).build().map_err(internal)
}

fn wire_block(block: &Block) -> Result<ContentBlock, ModelError> {
    Ok(match block {
        Block::Text(text) => ContentBlock::Text(text.clone()),
        Block::ToolUse(tool_use) => {
            let call = ToolUseBlock::builder()
                .tool_use_id(&tool_use.tool_use_id)
                .name(&tool_use.name)
                .input(document(&tool_use.input));
            ContentBlock::ToolUse(call.build().map_err(internal)?)
        }
        Block::ToolResult(result) => {
            let status = match result.status {
                ToolStatus::Success => ToolResultStatus::Success,
                ToolStatus::Error => ToolResultStatus::Error,
            };
            let outputs = result.content.iter().map(|output| match output {
                ToolOutput::Text(text) => ToolResultContentBlock::Text(text.clone()),
                ToolOutput::Json(data) => ToolResultContentBlock::Json(document(data)),
            });
            let answer = ToolResultBlock::builder()
                .tool_use_id(&result.tool_use_id)
                .status(status)
                .set_content(Some(outputs.collect()));
            ContentBlock::ToolResult(answer.build().map_err(internal)?)
        }
    })
}

fn document(value: &Value) -> Document {
    match value {
        Value::Null => Document::Null,
        Value::Bool(value) => Document::Bool(*value),
        Value::Number(number) => Document::Number(match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Number::PosInt(number),
            (None, Some(number)) => Number::NegInt(number),
            (None, None) => Number::Float(number.as_f64().unwrap_or_default()),
        }),
        Value::String(text) => Document::String(text.clone()),
        Value::Array(items) => Document::Array(items.iter().map(document).collect()),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| (name.clone(), document(value)));
            Document::Object(members.collect())
        }
    }
}
