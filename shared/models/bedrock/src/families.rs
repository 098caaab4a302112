//! What each family of models takes.
//!
//! Amazon Bedrock refuses a request that holds what its model does not take (`ValidationException`).
//! Amazon Bedrock User Guide, "Supported models and model features", "Prompt caching" and the models'
//! pages; `ToolResultBlock` in the API Reference (`status`); Amazon Nova User Guide, "Defining a tool"
//! (schemas) and "What is Amazon Nova"; Anthropic, "Models overview".

use self::Part::{CachePointAfterTools, CachePoints, SchemaKeywords, Status, SystemPrompt, Tools};

/// A part of a request that not every model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The system prompt as such.
    SystemPrompt,
    /// Tools, while it streams.
    Tools,
    /// More than `type`, `properties` and `required` at the top of a tool's schema.
    SchemaKeywords,
    /// Whether a call failed, beside its result.
    Status,
    /// A mark up to where a prompt may be kept for the next request, which then costs less: after the
    /// system prompt.
    CachePoints,
    /// Another one after the tools. "Prompt caching" has the fields that take one: Claude's are `system`,
    /// `messages` and `tools`, Nova's are `system` and `messages`.
    CachePointAfterTools,
}

/// A family of models.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Family {
    /// How many tokens each of them may write in one answer, up to 16,384: enough to think and to
    /// answer, and an end for a model that goes on and on. What it thinks counts, too.
    pub(crate) max_answer_tokens: u32,
    takes: &'static [Part],
}

/// What every model takes that an agent is made with. Unknown ones may be as Nova is, and worse.
const UNKNOWN: Family = family(4_096, &[SystemPrompt, Tools]);

const CLAUDE: &[Part] =
    &[SystemPrompt, Tools, SchemaKeywords, Status, CachePoints, CachePointAfterTools];
const CLAUDE_3: &[Part] = &[SystemPrompt, Tools, SchemaKeywords, Status];
const NOVA: &[Part] = &[SystemPrompt, Tools, Status, CachePoints];

/// The families by the beginning of their models' ids. The first that fits counts.
const FAMILIES: [(&str, Family); 16] = [
    ("amazon.nova-2-", family(16_384, NOVA)),
    ("amazon.nova-", family(5_000, NOVA)),
    ("amazon.titan-", family(3_072, &[])),
    ("ai21.jamba-instruct", family(4_096, &[SystemPrompt])),
    ("anthropic.claude-v2", family(4_096, &[SystemPrompt])),
    ("anthropic.claude-instant", family(4_096, &[SystemPrompt])),
    ("anthropic.claude-3-7", family(16_384, CLAUDE)),
    ("anthropic.claude-3-", family(4_096, CLAUDE_3)),
    // Claude 4 and later: `claude-sonnet-4-5`, `claude-opus-5`.
    ("anthropic.claude-", family(16_384, CLAUDE)),
    ("deepseek.r1", family(4_096, &[SystemPrompt])),
    // Some of them use tools, but none does while it streams.
    ("meta.llama", family(2_048, &[SystemPrompt])),
    ("mistral.mistral-7b", family(4_096, &[])),
    ("mistral.mixtral-8x7b", family(4_096, &[])),
    // As Llama.
    ("mistral.mistral-large-24", family(4_096, &[SystemPrompt])),
    ("mistral.mistral-small-24", family(4_096, &[SystemPrompt])),
    ("mistral.pixtral-large-25", family(4_096, &[SystemPrompt])),
];

impl Family {
    /// The family of the model with this id. An inference profile has a geography in front of it:
    /// `eu.`, `global.`.
    pub(crate) fn of(id: &str) -> Self {
        let without_geography = id.split_once('.').map_or(id, |(_, rest)| rest);
        let fits = |part: &str| id.starts_with(part) || without_geography.starts_with(part);
        let found = FAMILIES.iter().find(|(part, _)| fits(part));
        found.map_or(UNKNOWN, |(_, family)| *family)
    }

    pub(crate) fn takes(&self, part: Part) -> bool {
        self.takes.contains(&part)
    }
}

const fn family(max_answer_tokens: u32, takes: &'static [Part]) -> Family {
    Family { max_answer_tokens, takes }
}
