//! The form of a `ConverseStream` request, whatever model it is for.
//!
//! Source: the shapes of Amazon Bedrock's service model (API Reference, "ConverseStream"): which members
//! are required, how long they are, and of which characters. The conformance run holds this against the
//! official model.

use serde::Deserialize;
use serde_json::{Map, Value};

/// The members that the script does not look at, but Bedrock does.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Form {
    #[serde(default)]
    pub(super) system: Vec<System>,
    inference_config: Option<InferenceConfig>,
    pub(super) tool_config: Option<ToolConfig>,
}

/// A part of the system prompt.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum System {
    Text(String),
    CachePoint(CachePoint),
}

/// Up to where a prompt may be kept for the next request.
#[derive(Debug, Deserialize)]
pub(super) struct CachePoint {
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InferenceConfig {
    max_tokens: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ToolConfig {
    pub(super) tools: Vec<Tool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Tool {
    ToolSpec(ToolSpec),
    CachePoint(CachePoint),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolSpec {
    pub(super) name: String,
    description: Option<String>,
    pub(super) input_schema: InputSchema,
}

#[derive(Debug, Deserialize)]
pub(super) struct InputSchema {
    pub(super) json: Map<String, Value>,
}

impl Form {
    pub(super) fn tools(&self) -> impl Iterator<Item = &ToolSpec> {
        let tools = self.tool_config.iter().flat_map(|config| &config.tools);
        tools.filter_map(|tool| match tool {
            Tool::ToolSpec(spec) => Some(spec),
            Tool::CachePoint(_) => None,
        })
    }

    /// Returns the rule that it breaks.
    pub(super) fn check(&self) -> Result<(), String> {
        for part in &self.system {
            match part {
                System::Text(text) => not_empty("system.text", text)?,
                System::CachePoint(point) => point.check()?,
            }
        }
        let most = self.inference_config.as_ref().and_then(|it| it.max_tokens);
        if most.is_some_and(|most| most < 1) {
            return Err(at_least_one("inferenceConfig.maxTokens"));
        }
        let Some(config) = &self.tool_config else { return Ok(()) };
        if config.tools.is_empty() {
            return Err(at_least_one("the length of toolConfig.tools"));
        }
        for tool in &config.tools {
            match tool {
                Tool::ToolSpec(spec) => spec.check()?,
                Tool::CachePoint(point) => point.check()?,
            }
        }
        Ok(())
    }
}

impl CachePoint {
    fn check(&self) -> Result<(), String> {
        (self.kind == "default")
            .then_some(())
            .ok_or_else(|| "cachePoint.type must be default".into())
    }
}

impl ToolSpec {
    fn check(&self) -> Result<(), String> {
        name("toolSpec.name", &self.name)?;
        let schema = &self.input_schema.json;
        if schema.get("type").and_then(Value::as_str) != Some("object") {
            return Err("toolSpec.inputSchema.json.type must be one of: object".to_owned());
        }
        // Amazon Nova User Guide, "Defining a tool": the strictest model's rule.
        let is_allowed = |key: &String| ["type", "properties", "required"].contains(&key.as_str());
        if let Some(key) = schema.keys().find(|key| !is_allowed(key)) {
            return Err(format!("toolSpec.inputSchema.json: {key} is not supported at the top"));
        }
        self.description.iter().try_for_each(|text| not_empty("toolSpec.description", text))
    }
}

/// The pattern of the names of tools and of the ids of their uses.
pub(super) fn name(member: &str, text: &str) -> Result<(), String> {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    if (1..=64).contains(&text.len()) && text.bytes().all(is_allowed) {
        return Ok(());
    }
    Err(format!("{member}: {text:?} must match [a-zA-Z0-9_-]{{1,64}}"))
}

fn not_empty(member: &str, text: &str) -> Result<(), String> {
    if text.is_empty() { Err(at_least_one(&format!("the length of {member}"))) } else { Ok(()) }
}

fn at_least_one(what: &str) -> String {
    format!("{what} must be greater than or equal to 1")
}
