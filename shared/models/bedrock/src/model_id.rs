//! Which model is asked: by its id, or by the id or ARN of what leads to it.
//!
//! Amazon Bedrock API Reference, "ConverseStream", `modelId`; Service Authorization Reference, "Resource
//! types defined by Amazon Bedrock" (the ARNs).

use std::str::FromStr;

use crate::families::{Family, Part};

/// What an ARN may be of. The first two name a model, and with it its family.
const RESOURCES: [&str; 6] = [
    "foundation-model",
    "inference-profile",
    "application-inference-profile",
    "provisioned-model",
    "imported-model",
    "custom-model-deployment",
];

/// A model on Amazon Bedrock: its id (`anthropic.claude-…`), that of an inference profile
/// (`eu.anthropic.claude-…`), or an ARN. Parsed, so that a slip is found at start.
#[derive(Debug, Clone)]
pub struct ModelId {
    text: String,
    family: Family,
}

impl ModelId {
    /// The id as Amazon Bedrock has it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How many tokens the model may write in one answer, unless the operator says otherwise.
    #[must_use]
    pub fn max_answer_tokens(&self) -> u32 {
        self.family.max_answer_tokens
    }

    /// Whether it can use tools while it streams, as far as is known.
    #[must_use]
    pub fn uses_tools(&self) -> bool {
        self.family.takes(Part::Tools)
    }

    pub(crate) fn family(&self) -> &Family {
        &self.family
    }
}

impl FromStr for ModelId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = if text.starts_with("arn:") { named_by_arn(text) } else { named_by_id(text) };
        let name = name.ok_or("must be the id or ARN of a model or inference profile")?;
        Ok(Self { text: text.to_owned(), family: Family::of(name) })
    }
}

fn named_by_id(text: &str) -> Option<&str> {
    let is_id = is_name(text) && text.starts_with(|c: char| !c.is_ascii_punctuation());
    is_id.then_some(text)
}

/// Returns the name that tells the family; that of a custom resource (a profile or model of the account) tells
/// none.
fn named_by_arn(text: &str) -> Option<&str> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [_, partition, "bedrock", region, account, resource] = parts[..] else { return None };
    let (kind, name) = resource.split_once('/')?;
    let at = RESOURCES.iter().position(|known| *known == kind)?;
    let is_region = region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let is_account =
        account.bytes().all(|b| b.is_ascii_digit()) && [0, 12].contains(&account.len());
    let fits = partition.starts_with("aws") && is_region && is_account && is_name(name);
    fits.then_some(if at < 2 { name } else { "" })
}

fn is_name(text: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b':' | b'-' | b'_');
    !text.is_empty() && text.len() <= 256 && text.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::{ModelId, Part};

    #[track_caller]
    fn model(id: &str) -> ModelId {
        id.parse().unwrap_or_else(|why| panic!("{id}: {why}"))
    }

    #[test]
    fn a_model_writes_as_much_as_its_family_takes_and_an_unknown_one_the_least() {
        for (id, tokens) in [
            ("eu.anthropic.claude-sonnet-4-5-20250929-v1:0", 16_384),
            ("global.anthropic.claude-opus-5", 16_384),
            ("arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-3-haiku-v1:0", 4_096),
            ("us.anthropic.claude-3-7-sonnet-20250219-v1:0", 16_384),
            ("anthropic.claude-v2:1", 4_096),
            ("eu.amazon.nova-pro-v1:0", 5_000),
            ("arn:aws:bedrock:eu-west-1:111122223333:application-inference-profile/a1b2", 4_096),
            ("scripted-stand-in", 4_096),
        ] {
            assert_eq!(model(id).max_answer_tokens(), tokens, "{id}");
        }
    }

    #[test]
    fn a_family_is_found_by_id_profile_and_arn_unless_the_name_is_the_operators_own() {
        use Part::{CachePointAfterTools, SchemaKeywords, Status, SystemPrompt, Tools};
        let all = [SystemPrompt, Tools, SchemaKeywords, Status, CachePointAfterTools];
        let arn = |rest: &str| format!("arn:aws:bedrock:eu-west-1:111122223333:{rest}");
        let claude = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0";
        for (id, takes) in [
            (claude.to_owned(), &all[..]),
            (claude.replace("eu.", "global."), &all),
            (claude.replace("eu.", ""), &all),
            (arn(&format!("inference-profile/{claude}")), &all),
            ("arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0:48k".into(), &all[..4]),
            ("apac.amazon.nova-lite-v1:0".into(), &[SystemPrompt, Tools, Status]),
            ("us.meta.llama4-scout-17b-instruct-v1:0".into(), &[SystemPrompt]),
            ("mistral.mistral-7b-instruct-v0:2".into(), &[]),
            ("openai.gpt-oss-120b-1:0".into(), &all[..2]),
            (arn("imported-model/anthropic.claude-4"), &all[..2]),
            (arn("provisioned-model/a1b2"), &all[..2]),
            (arn("custom-model-deployment/a1b2"), &all[..2]),
            ("my.own.anthropic.claude-4".into(), &all[..2]),
        ] {
            let family = model(&id).family;
            let found: Vec<Part> = all.into_iter().filter(|part| family.takes(*part)).collect();
            assert_eq!(found, takes, "{id}");
        }
    }

    #[test]
    fn what_can_be_no_model_is_refused() {
        for id in [
            "",
            "-a",
            "a model",
            "a/../b",
            "a\nb",
            "arn:aws:bedrock:eu-west-1:111122223333:guardrail/a",
            "arn:aws:bedrock:eu-west-1:1:inference-profile/a",
            "arn:aws:s3:::foundation-model/a",
            "arn:aws:bedrock:eu-west-1::foundation-model/",
            "arn:aws:bedrock:eu-west-1::foundation-model/a/b",
            "arn:aws:bedrock:eu west::foundation-model/a",
        ] {
            assert!(id.parse::<ModelId>().is_err(), "{id}");
        }
    }
}
