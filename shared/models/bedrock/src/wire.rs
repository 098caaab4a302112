//! A prompt in the API's own types (Amazon Bedrock API Reference, "ConverseStream").

use agent::{model::ModelError, tool::ToolSpec};
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, Message as WireMessage, Tool as WireTool, ToolConfiguration,
    ToolInputSchema, ToolResultBlock, ToolResultContentBlock, ToolResultStatus, ToolSpecification,
    ToolUseBlock,
};
use aws_smithy_types::{Document, Number};
use serde_json::Value;
use session::{Block, Message, Role, ToolOutput, ToolStatus};

use crate::{failure::internal, reasoning::wire_reasoning};

pub(crate) fn tool_config(tools: &[&ToolSpec]) -> Result<ToolConfiguration, ModelError> {
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

pub(crate) fn wire_message(message: &Message) -> Result<WireMessage, ModelError> {
    let role = match message.role {
        Role::User => ConversationRole::User,
        Role::Assistant => ConversationRole::Assistant,
    };
    let content: Result<Vec<_>, _> = message.content.iter().map(wire_block).collect();
    WireMessage::builder().role(role).set_content(Some(content?)).build().map_err(internal)
}

fn wire_block(block: &Block) -> Result<ContentBlock, ModelError> {
    Ok(match block {
        Block::Reasoning(reasoning) => ContentBlock::ReasoningContent(wire_reasoning(reasoning)?),
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
