//! The form of a `ConverseStream` request, which is the same for every model.
//!
//! Source: the shapes of Amazon Bedrock's service model (API Reference, "ConverseStream"): which members
//! are required, how long they are, and of which characters. The conformance run holds this against the
//! official model.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::guardrail::GuardrailConfig;

/// Amazon Bedrock User Guide, "Prompt caching".
const MOST_CACHE_POINTS: usize = 4;

/// The members that the script does not look at, but Bedrock does.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Form {
    #[serde(default)]
    pub(super) system: Vec<System>,
    inference_config: Option<InferenceConfig>,
    pub(super) tool_config: Option<ToolConfig>,
    pub(super) guardrail_config: Option<GuardrailConfig>,
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

    /// How many tokens the model may write.
    pub(super) fn most_tokens(&self) -> Option<i64> {
        self.inference_config.as_ref().and_then(|it| it.max_tokens)
    }

    pub(super) fn has_cache_points(&self) -> bool {
        self.cache_points().next().is_some()
    }

    /// How many tokens of the system prompt are kept for the next request, with four characters for one.
    pub(super) fn kept_tokens(&self) -> usize {
        let texts = self.system.iter().filter_map(|part| match part {
            System::Text(text) => Some(text.len()),
            System::CachePoint(_) => None,
        });
        if self.has_cache_points() { texts.sum::<usize>() / 4 } else { 0 }
    }

    pub(super) fn has_cache_points_after_tools(&self) -> bool {
        self.tool_cache_points().next().is_some()
    }

    fn cache_points(&self) -> impl Iterator<Item = &CachePoint> {
        let of_system = self.system.iter().filter_map(|part| match part {
            System::CachePoint(point) => Some(point),
            System::Text(_) => None,
        });
        of_system.chain(self.tool_cache_points())
    }

    fn tool_cache_points(&self) -> impl Iterator<Item = &CachePoint> {
        let tools = self.tool_config.iter().flat_map(|config| &config.tools);
        tools.filter_map(|tool| match tool {
            Tool::CachePoint(point) => Some(point),
            Tool::ToolSpec(_) => None,
        })
    }

    /// Returns the rule that it breaks.
    pub(super) fn check(&self) -> Result<(), String> {
        self.cache_points().try_for_each(CachePoint::check)?;
        if self.cache_points().count() > MOST_CACHE_POINTS {
            return Err(format!("a request has at most {MOST_CACHE_POINTS} cache points"));
        }
        for part in &self.system {
            if let System::Text(text) = part {
                not_empty("system.text", text)?;
            }
        }
        self.guardrail_config.iter().try_for_each(GuardrailConfig::check)?;
        if self.most_tokens().is_some_and(|most| most < 1) {
            return Err(at_least_one("inferenceConfig.maxTokens"));
        }
        let Some(config) = &self.tool_config else { return Ok(()) };
        if config.tools.is_empty() {
            return Err(at_least_one("the length of toolConfig.tools"));
        }
        self.tools().try_for_each(ToolSpec::check)
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
