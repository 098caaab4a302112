//! How long an answer may be where the operator does not say.
//!
//! A request for more than a model can write is refused (`ValidationException`), and what a model
//! thinks counts, too. So this is as much as every model of a family takes, up to 16,384: enough to
//! think and to answer, and an end for a model that goes on and on. Anthropic, "Models overview"; Amazon
//! Nova User Guide, "What is Amazon Nova".

/// The families that write more than [`LEAST`], by what the model's id contains. The first that fits
/// counts.
const FAMILIES: [(&str, u32); 7] = [
    ("anthropic.claude-v2", LEAST),
    ("anthropic.claude-instant", LEAST),
    ("anthropic.claude-3-7", 16_384),
    ("anthropic.claude-3-", LEAST),
    // Claude 4 and later: `claude-sonnet-4-5`, `claude-opus-5`.
    ("anthropic.claude-", 16_384),
    ("amazon.nova-2-", 16_384),
    ("amazon.nova-", 5_000),
];
/// What every model with tools takes.
const LEAST: u32 = 4_096;

/// How many tokens the model with this id, inference profile or ARN may write in one answer, unless
/// the operator says otherwise.
#[must_use]
pub fn default_max_tokens(model_id: &str) -> u32 {
    let family = FAMILIES.iter().find(|(part, _)| model_id.contains(part));
    family.map_or(LEAST, |(_, tokens)| *tokens)
}

#[cfg(test)]
mod tests {
    use super::default_max_tokens;

    #[test]
    fn a_model_writes_as_much_as_its_family_takes_and_an_unknown_one_the_least() {
        for (id, tokens) in [
            ("eu.anthropic.claude-sonnet-4-5-20250929-v1:0", 16_384),
            ("global.anthropic.claude-opus-5", 16_384),
            ("arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-3-haiku-v1:0", 4_096),
            ("us.anthropic.claude-3-7-sonnet-20250219-v1:0", 16_384),
            ("anthropic.claude-v2:1", 4_096),
            ("eu.amazon.nova-pro-v1:0", 5_000),
            ("arn:aws:bedrock:eu-west-1:1:application-inference-profile/a1b2", 4_096),
            ("scripted-stand-in", 4_096),
        ] {
            assert_eq!(default_max_tokens(id), tokens, "{id}");
        }
    }
}
