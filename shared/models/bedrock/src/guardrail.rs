//! The guardrail that every request and every answer passes through, if there is one.
//!
//! Amazon Bedrock API Reference, `GuardrailStreamConfiguration` (the patterns of its members); User Guide,
//! "Configure streaming response behavior".

use std::str::FromStr;

use aws_sdk_bedrockruntime::types::{GuardrailStreamConfiguration, GuardrailStreamProcessingMode};

/// A guardrail on Amazon Bedrock, in one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guardrail {
    id: GuardrailId,
    version: GuardrailVersion,
}

/// The id of a guardrail, or its ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardrailId(String);

/// A version of a guardrail: a number, or the working draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardrailVersion(String);

impl Guardrail {
    /// The guardrail `id` in this version.
    #[must_use]
    pub fn new(id: GuardrailId, version: GuardrailVersion) -> Self {
        Self { id, version }
    }

    /// In the mode `sync`, nothing is heard before the guardrail has looked at it. In the other one what
    /// it blocks has been shown before, and it can't mask what it should.
    pub(crate) fn on_the_wire(&self) -> GuardrailStreamConfiguration {
        GuardrailStreamConfiguration::builder()
            .guardrail_identifier(&self.id.0)
            .guardrail_version(&self.version.0)
            .stream_processing_mode(GuardrailStreamProcessingMode::Sync)
            .build()
    }
}

impl FromStr for GuardrailId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let id = if text.starts_with("arn:") { id_in_arn(text) } else { Some(text) };
        let is_id = id.is_some_and(|id| !id.is_empty() && id.bytes().all(is_lowercase_or_digit));
        let known = (is_id && text.len() <= 2_048).then(|| Self(text.to_owned()));
        known.ok_or("must be the id or ARN of a guardrail")
    }
}

impl FromStr for GuardrailVersion {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_number = (1..=8).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_digit())
            && !text.starts_with('0');
        let known = (is_number || text == "DRAFT").then(|| Self(text.to_owned()));
        known.ok_or("must be the number of a version, or DRAFT")
    }
}

fn id_in_arn(text: &str) -> Option<&str> {
    let parts: Vec<&str> = text.split(':').collect();
    let [_, partition, "bedrock", region, account, resource] = parts[..] else { return None };
    let is_partition = partition == "aws" || partition.starts_with("aws-");
    let is_region = (1..=20).contains(&region.len())
        && region.bytes().all(|b| is_lowercase_or_digit(b) || b == b'-');
    let is_account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    (is_partition && is_region && is_account).then_some(resource)?.strip_prefix("guardrail/")
}

fn is_lowercase_or_digit(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::{GuardrailId, GuardrailVersion};

    #[test]
    fn a_guardrail_has_the_form_of_bedrocks_service_model() {
        for id in [
            "ab12cd34ef56",
            "arn:aws:bedrock:eu-west-1:111122223333:guardrail/ab12",
            "arn:aws-us-gov:bedrock:us-gov-west-1:111122223333:guardrail/ab12",
        ] {
            assert!(id.parse::<GuardrailId>().is_ok(), "{id}");
        }
        for id in [
            "",
            "My-Guardrail",
            "arn:aws:bedrock:eu-west-1:111122223333:inference-profile/ab12",
            "arn:aws:bedrock:eu-west-1:111122223333:guardrail/ab12:1",
            "arn:aws:bedrock:eu-west-1:1:guardrail/ab12",
            "arn:aws:bedrock::111122223333:guardrail/ab12",
            "arn:awsome:bedrock:eu-west-1:111122223333:guardrail/ab12",
        ] {
            assert!(id.parse::<GuardrailId>().is_err(), "{id}");
        }
        for (version, is_one) in
            [("1", true), ("12345678", true), ("DRAFT", true), ("0", false), ("01", false)]
        {
            assert_eq!(version.parse::<GuardrailVersion>().is_ok(), is_one, "{version}");
        }
        for version in ["", "123456789", "draft", "1.0", "-1"] {
            assert!(version.parse::<GuardrailVersion>().is_err(), "{version}");
        }
    }
}
