//! The guardrail that a request names, and what the stand-in's own one does.
//!
//! Sources: `GuardrailStreamConfiguration` in Amazon Bedrock's service model, with the patterns of its
//! members; User Guide, "Configure streaming response behavior". What a guardrail blocked once it blocks in
//! every request that shows it again.

use serde::Deserialize;

use super::{model_answer::ModelAnswer, request::Request};

/// What the stand-in's guardrail does not let pass, in a request or in a tool's result.
const BLOCKED: &str = "(the guardrail minds this)";
/// What a guardrail says in the place of the model, unless its owner chose other words.
const INSTEAD: &str = "Sorry, the model cannot answer this question.";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct GuardrailConfig {
    guardrail_identifier: String,
    guardrail_version: String,
    #[serde(rename = "streamProcessingMode")]
    _mode: Option<Mode>,
    #[serde(rename = "trace")]
    _trace: Option<Trace>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Sync,
    Async,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Trace {
    Enabled,
    Disabled,
    EnabledFull,
}

impl GuardrailConfig {
    /// Returns the rule that it breaks.
    pub(super) fn check(&self) -> Result<(), String> {
        let (id, version) = (&self.guardrail_identifier, &self.guardrail_version);
        if !is_id(id) && !is_arn(id) {
            return Err(format!("guardrailConfig.guardrailIdentifier: {id:?} is no id or ARN"));
        }
        let is_number = version.len() <= 8 && !version.starts_with('0') && is_digits(version);
        (is_number || version == "DRAFT").then_some(()).ok_or_else(|| {
            format!("guardrailConfig.guardrailVersion: {version:?} is no number and not DRAFT")
        })
    }
}

/// The answer to a request that the guardrail blocks.
pub(super) fn blocked(request: &Request) -> Option<ModelAnswer> {
    let is_blocked = request.form.guardrail_config.is_some() && request.raw.contains(BLOCKED);
    is_blocked.then(|| {
        let mut answer = ModelAnswer::new(INSTEAD.to_owned(), Vec::new(), 1);
        answer.stop_reason = "guardrail_intervened";
        answer
    })
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

fn is_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let ["arn", partition, "bedrock", region, account, resource] = parts[..] else { return false };
    let is_partition = partition == "aws" || partition.starts_with("aws-");
    let is_region = (1..=20).contains(&region.len())
        && region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let is_account = account.len() == 12 && is_digits(account);
    is_partition
        && is_region
        && is_account
        && resource.strip_prefix("guardrail/").is_some_and(is_id)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}
