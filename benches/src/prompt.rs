//! A prompt that was seen on the wire, in the SDK's own types, so that the bare call sends the same.

use aws_sdk_bedrockruntime::{
    operation::converse_stream::{ConverseStreamInput, builders::ConverseStreamInputBuilder},
    types::{
        CachePointBlock, CachePointType, ContentBlock, ConversationRole, InferenceConfiguration,
        Message, SystemContentBlock, Tool, ToolConfiguration, ToolInputSchema, ToolResultBlock,
        ToolResultContentBlock, ToolResultStatus, ToolSpecification, ToolUseBlock,
    },
};
use aws_smithy_types::{Document, Number};
use serde_json::Value;

/// Reads the body of a ConverseStream request.
pub(crate) fn read(body: &str) -> ConverseStreamInputBuilder {
    let body: Value = serde_json::from_str(body).expect("JSON");
    let tokens = body["inferenceConfig"]["maxTokens"].as_i64().unwrap_or(1_000);
    let tokens = i32::try_from(tokens).expect("a number");
    let mut input = ConverseStreamInput::builder()
        .model_id("anthropic.claude-sonnet-4-6")
        .inference_config(InferenceConfiguration::builder().max_tokens(tokens).build());
    for block in list(&body["system"]) {
        input = input.system(match block["text"].as_str() {
            Some(text) => SystemContentBlock::Text(text.to_owned()),
            None => SystemContentBlock::CachePoint(cache_point()),
        });
    }
    for message in list(&body["messages"]) {
        input = input.messages(read_message(message));
    }
    let mut tools = ToolConfiguration::builder();
    for tool in list(&body["toolConfig"]["tools"]) {
        tools = tools.tools(read_tool(&tool["toolSpec"]));
    }
    input.tool_config(tools.build().expect("tools"))
}

fn read_message(message: &Value) -> Message {
    let role = match text(&message["role"]).as_str() {
        "user" => ConversationRole::User,
        _ => ConversationRole::Assistant,
    };
    let content = list(&message["content"]).map(read_block).collect();
    Message::builder().role(role).set_content(Some(content)).build().expect("a message")
}

fn read_block(block: &Value) -> ContentBlock {
    if let Some(text) = block["text"].as_str() {
        return ContentBlock::Text(text.to_owned());
    }
    if block["toolUse"].is_object() {
        let call = &block["toolUse"];
        let built = ToolUseBlock::builder()
            .tool_use_id(text(&call["toolUseId"]))
            .name(text(&call["name"]))
            .input(document(&call["input"]));
        return ContentBlock::ToolUse(built.build().expect("a call"));
    }
    let result = &block["toolResult"];
    let outputs = list(&result["content"]).map(|output| match output["text"].as_str() {
        Some(text) => ToolResultContentBlock::Text(text.to_owned()),
        None => ToolResultContentBlock::Json(document(&output["json"])),
    });
    let built = ToolResultBlock::builder()
        .tool_use_id(text(&result["toolUseId"]))
        .status(ToolResultStatus::Success)
        .set_content(Some(outputs.collect()));
    ContentBlock::ToolResult(built.build().expect("a result"))
}

fn read_tool(tool: &Value) -> Tool {
    if !tool.is_object() {
        return Tool::CachePoint(cache_point());
    }
    let tool = ToolSpecification::builder()
        .name(text(&tool["name"]))
        .description(text(&tool["description"]))
        .input_schema(ToolInputSchema::Json(document(&tool["inputSchema"]["json"])));
    Tool::ToolSpec(tool.build().expect("a tool"))
}

fn cache_point() -> CachePointBlock {
    CachePointBlock::builder().r#type(CachePointType::Default).build().expect("a point")
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn document(value: &Value) -> Document {
    match value {
        Value::Null => Document::Null,
        Value::Bool(value) => Document::Bool(*value),
        Value::Number(number) => {
            Document::Number(Number::PosInt(number.as_u64().unwrap_or_default()))
        }
        Value::String(text) => Document::String(text.clone()),
        Value::Array(items) => Document::Array(items.iter().map(document).collect()),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| (name.clone(), document(value)));
            Document::Object(members.collect())
        }
    }
}
