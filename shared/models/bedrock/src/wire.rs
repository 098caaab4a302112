//! A prompt in the API's own types (Amazon Bedrock API Reference, "ConverseStream").

use agent::{model::ModelError, tool::ToolSpec};
use aws_sdk_bedrockruntime::types::{
    CachePointBlock, CachePointType, ContentBlock, ConversationRole, Message as WireMessage,
    Tool as WireTool, ToolConfiguration, ToolInputSchema, ToolResultBlock, ToolResultContentBlock,
    ToolResultStatus, ToolSpecification, ToolUseBlock,
};
use aws_smithy_types::{Document, Number};
use serde_json::Value;
use session::{Block, Message, Role, ToolOutput, ToolResult, ToolStatus, ToolUse};

use crate::{
    failure::internal,
    families::{Family, Part},
    reasoning::wire_reasoning,
};

/// What every model takes at the top of a tool's schema.
const PLAIN_KEYWORDS: [&str; 3] = ["type", "properties", "required"];

pub(crate) fn tool_config(
    tools: &[&ToolSpec],
    family: &Family,
) -> Result<ToolConfiguration, ModelError> {
    let takes =
        |keyword: &str| family.takes(Part::SchemaKeywords) || PLAIN_KEYWORDS.contains(&keyword);
    let mut config = ToolConfiguration::builder();
    for tool in tools {
        let specification = ToolSpecification::builder()
            .name(tool.name.as_str())
            .description(tool.description.as_ref())
            .input_schema(ToolInputSchema::Json(object(tool.input.as_json(), takes)))
            .build()
            .map_err(internal)?;
        config = config.tools(WireTool::ToolSpec(specification));
    }
    if family.takes(Part::CachePointAfterTools) && !tools.is_empty() {
        config = config.tools(WireTool::CachePoint(cache_point()?));
    }
    config.build().map_err(internal)
}

/// The mark up to where a prompt may be kept. A request takes four at most, and ours has two: after the
/// tools, which come first in what is kept, and after the system prompt.
pub(crate) fn cache_point() -> Result<CachePointBlock, ModelError> {
    CachePointBlock::builder().r#type(CachePointType::Default).build().map_err(internal)
}

/// A message for a model of `family`. Without tools in the request, calls and results are refused: what
/// there is of them, by another model, is told in words, and what it thought is left out.
pub(crate) fn wire_message(
    message: &Message,
    family: &Family,
    has_tools: bool,
) -> Result<WireMessage, ModelError> {
    let role = match message.role {
        Role::User => ConversationRole::User,
        Role::Assistant => ConversationRole::Assistant,
    };
    let block = |block: &Block| match block {
        Block::Reasoning(_) if !has_tools => None,
        Block::Reasoning(it) => Some(wire_reasoning(it).map(ContentBlock::ReasoningContent)),
        Block::Text(text) => Some(Ok(ContentBlock::Text(text.clone()))),
        Block::ToolUse(call) if !has_tools => Some(Ok(ContentBlock::Text(call_in_words(call)))),
        Block::ToolUse(call) => Some(wire_call(call)),
        Block::ToolResult(result) if !has_tools => {
            Some(Ok(ContentBlock::Text(result_in_words(result))))
        }
        Block::ToolResult(result) => Some(wire_result(result, family)),
    };
    let content: Result<Vec<_>, _> = message.content.iter().filter_map(block).collect();
    WireMessage::builder().role(role).set_content(Some(content?)).build().map_err(internal)
}

fn wire_call(call: &ToolUse) -> Result<ContentBlock, ModelError> {
    let call = ToolUseBlock::builder()
        .tool_use_id(&call.tool_use_id)
        .name(&call.name)
        .input(document(&call.input));
    Ok(ContentBlock::ToolUse(call.build().map_err(internal)?))
}

/// Where a failure can't be told by `status`, its words say so.
fn wire_result(result: &ToolResult, family: &Family) -> Result<ContentBlock, ModelError> {
    let takes_status = family.takes(Part::Status);
    let has_failed = result.status == ToolStatus::Error;
    let status = if has_failed { ToolResultStatus::Error } else { ToolResultStatus::Success };
    let outputs = result.content.iter().map(|output| match output {
        ToolOutput::Text(text) if has_failed && !takes_status => {
            ToolResultContentBlock::Text(format!("Error: {text}"))
        }
        ToolOutput::Text(text) => ToolResultContentBlock::Text(text.clone()),
        ToolOutput::Json(data) => ToolResultContentBlock::Json(document(data)),
    });
    let answer = ToolResultBlock::builder()
        .tool_use_id(&result.tool_use_id)
        .set_status(takes_status.then_some(status))
        .set_content(Some(outputs.collect()));
    Ok(ContentBlock::ToolResult(answer.build().map_err(internal)?))
}

fn call_in_words(call: &ToolUse) -> String {
    format!("[The tool {} was called with {}.]", call.name, call.input)
}

fn result_in_words(result: &ToolResult) -> String {
    let outcome = match result.status {
        ToolStatus::Success => "returned",
        ToolStatus::Error => "failed",
    };
    format!("[The tool {outcome}: {}]", result.text())
}

/// The members of an object that the model `takes`.
fn object(value: &Value, takes: impl Fn(&str) -> bool) -> Document {
    let members = value.as_object().into_iter().flatten().filter(|(name, _)| takes(name));
    Document::Object(members.map(|(name, value)| (name.clone(), document(value))).collect())
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
