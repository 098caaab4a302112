//! What a model does not take, by the id in the request's path.
//!
//! Sources: Amazon Bedrock User Guide, "Supported models and model features" and "Prompt caching"; Amazon Nova User Guide,
//! "Defining a tool"; `ToolResultBlock` in the API Reference; the words are those in public reports. A
//! model that is not known here takes the least, but for tools and a system prompt: nothing could be
//! tried with it otherwise.

use super::request::{Block, Request};

/// What a family takes beyond messages.
#[derive(Clone, Copy)]
struct Family {
    schema_keywords: bool,
    status: bool,
    cache_points: bool,
    cache_points_after_tools: bool,
    system: bool,
    tools: Tools,
    most_tokens: i64,
}

#[derive(Clone, Copy)]
enum Tools {
    Taken,
    NotWhileStreaming,
    None,
}

const UNKNOWN: Family = Family {
    schema_keywords: false,
    status: false,
    cache_points: false,
    cache_points_after_tools: false,
    system: true,
    tools: Tools::Taken,
    most_tokens: i64::MAX,
};
const CLAUDE_3: Family =
    Family { schema_keywords: true, status: true, most_tokens: 4_096, ..UNKNOWN };
const CLAUDE_4: Family =
    Family { cache_points: true, cache_points_after_tools: true, most_tokens: 32_000, ..CLAUDE_3 };

/// By what is in the id; the first that fits counts.
const FAMILIES: [(&str, Family); 9] = [
    ("amazon.nova-2", Family { status: true, cache_points: true, most_tokens: 65_535, ..UNKNOWN }),
    ("amazon.nova", Family { status: true, cache_points: true, most_tokens: 5_120, ..UNKNOWN }),
    ("anthropic.claude-3-7", Family { most_tokens: 64_000, ..CLAUDE_4 }),
    ("anthropic.claude-3-5", Family { most_tokens: 8_192, ..CLAUDE_3 }),
    ("anthropic.claude-3", CLAUDE_3),
    ("anthropic.claude", CLAUDE_4),
    ("deepseek.r1", Family { tools: Tools::None, ..UNKNOWN }),
    ("meta.llama", Family { tools: Tools::NotWhileStreaming, most_tokens: 2_048, ..UNKNOWN }),
    ("mistral.mistral-7b", Family { tools: Tools::None, system: false, ..UNKNOWN }),
];

/// The rule that `request` breaks because of the model that it is for.
pub(super) fn refusal(model: &str, request: &Request) -> Option<String> {
    let found = FAMILIES.iter().find(|(part, _)| model.contains(part));
    let family = found.map_or(UNKNOWN, |(_, family)| *family);
    let form = &request.form;
    if !family.system && !form.system.is_empty() {
        return Some("This model doesn't support system messages.".to_owned());
    }
    let after_tools = form.has_cache_points_after_tools();
    if (!family.cache_points && form.has_cache_points())
        || (!family.cache_points_after_tools && after_tools)
    {
        let rule = "You invoked an unsupported model or your request did not allow prompt caching.";
        return Some(rule.to_owned());
    }
    if form.most_tokens().is_some_and(|most| most > family.most_tokens) {
        let most = family.most_tokens;
        return Some(format!(
            "The maximum tokens you requested exceeds the model limit of {most}. Try again with a \
             maximum tokens value that is lower than {most}."
        ));
    }
    match family.tools {
        Tools::Taken => {}
        Tools::NotWhileStreaming if form.tool_config.is_some() => {
            return Some("This model doesn't support tool use in streaming mode.".to_owned());
        }
        Tools::None if form.tool_config.is_some() => {
            return Some("This model doesn't support tool use.".to_owned());
        }
        Tools::NotWhileStreaming | Tools::None => {}
    }
    let is_plain = |key: &str| ["type", "properties", "required"].contains(&key);
    let mut keys = form.tools().flat_map(|tool| tool.input_schema.json.keys());
    if let Some(key) = keys.find(|key| !family.schema_keywords && !is_plain(key)) {
        return Some(format!("toolSpec.inputSchema.json: {key} is not supported at the top"));
    }
    let mut blocks = request.messages.iter().flat_map(|message| &message.content);
    let has_status = |block: &Block| matches!(block, Block::ToolResult(it) if it.status.is_some());
    (!family.status && blocks.any(has_status)).then(|| {
        "This model doesn't support the status field. Remove status and try again.".to_owned()
    })
}
