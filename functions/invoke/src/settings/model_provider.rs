//! Who serves the model ([`MODEL`](super::MODEL)): Amazon Bedrock, or a server of OpenAI's form.

use edge::{
    Reader,
    aws::AwsEndpoint,
    environment::{parsed, text},
};
use models_bedrock::{Guardrail, ModelId};
use models_openai::{ApiKey, BaseUrl, Endpoint};

use super::{
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME, MODEL_ID, MODEL_PROVIDER, OPENAI_API_KEY, OPENAI_BASE_URL,
    guardrail,
};

/// Tokens of an answer that every server takes; some count them against what the model may be shown.
const OPENAI_ANSWER_TOKENS: u32 = 4096;

/// Who serves the model, where, and what its name is there.
#[derive(Debug)]
pub(crate) enum ModelProvider {
    /// Everything that is asked and said passes through its guardrail, if there is one.
    Bedrock(AwsEndpoint, ModelId, Option<Guardrail>),
    OpenAi(Endpoint, String),
}

impl ModelProvider {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let is_openai = reader.or(&MODEL_PROVIDER, is_openai);
        let bedrock = AwsEndpoint::read(reader, &AWS_ENDPOINT_URL_BEDROCK_RUNTIME);
        if is_openai? {
            guardrail::refuse(reader);
            let endpoint = openai(reader);
            let id = reader.required(&MODEL_ID, text)?;
            return Some(Self::OpenAi(endpoint?, id));
        }
        // What is meant for one provider must not go to the other.
        for variable in [&OPENAI_BASE_URL, &OPENAI_API_KEY] {
            if reader.optional(variable, text).is_some() {
                reader.mistake(variable, "is for MODEL_PROVIDER=openai alone");
            }
        }
        let guardrail = guardrail::read(reader);
        let id = reader.required(&MODEL_ID, parsed::<ModelId>)?;
        Some(Self::Bedrock(bedrock?, id, guardrail))
    }

    /// The provider's name (OpenTelemetry, "Semantic conventions for generative AI",
    /// `gen_ai.provider.name`).
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Bedrock(..) => "aws.bedrock",
            Self::OpenAi(..) => "openai",
        }
    }

    /// The model's name there.
    pub(crate) fn model(&self) -> &str {
        match self {
            Self::Bedrock(_, id, _) => id.as_str(),
            Self::OpenAi(_, id) => id,
        }
    }

    /// How many tokens the model may write in one message, unless the operator says otherwise.
    pub(super) fn max_answer_tokens(&self) -> u32 {
        match self {
            Self::Bedrock(_, id, _) => id.max_answer_tokens(),
            Self::OpenAi(..) => OPENAI_ANSWER_TOKENS,
        }
    }
}

/// The server of [`ModelProvider::OpenAi`].
fn openai(reader: &mut Reader<'_>) -> Option<Endpoint> {
    let key = reader.optional(&OPENAI_API_KEY, parsed::<ApiKey>);
    let Some(base) = reader.optional(&OPENAI_BASE_URL, parsed::<BaseUrl>) else {
        reader.mistake(&OPENAI_BASE_URL, "missing or wrong: MODEL_PROVIDER=openai needs it");
        return None;
    };
    Endpoint::new(base, key).map_err(|error| reader.mistake(&OPENAI_API_KEY, error)).ok()
}

/// Parses `MODEL_PROVIDER`.
fn is_openai(name: &str) -> Result<bool, &'static str> {
    match name {
        "bedrock" => Ok(false),
        "openai" => Ok(true),
        _ => Err("bedrock or openai is expected"),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::read, ModelProvider};

    #[test]
    fn the_model_is_served_by_bedrock_or_as_openai_does() {
        use ModelProvider::{Bedrock, OpenAi};
        assert!(matches!(read(&[]).unwrap().model.provider, Bedrock(..)));
        let openai = ("MODEL_PROVIDER", "openai");
        let key = ("OPENAI_API_KEY", "sk-hunter2");
        let loopback = ("OPENAI_BASE_URL", "http://127.0.0.1:11434/v1");
        let elsewhere = ("OPENAI_BASE_URL", "https://llm.example/v1");
        for right in [&[openai, loopback][..], &[openai, elsewhere, key]] {
            let settings = read(right).unwrap();
            assert!(matches!(settings.model.provider, OpenAi(..)), "{right:?}");
            assert!(!format!("{settings:?}").contains("hunter2"), "{settings:?}");
        }
    }

    #[test]
    fn settings_of_a_model_that_do_not_fit_together_are_named_and_no_key_is_shown() {
        let openai = ("MODEL_PROVIDER", "openai");
        let key = ("OPENAI_API_KEY", "sk-hunter2");
        for (wrong, named) in [
            (&[openai, key][..], "OPENAI_BASE_URL"),
            (&[openai, ("OPENAI_BASE_URL", "https://llm.example/v1")], "OPENAI_API_KEY"),
            (&[openai, ("OPENAI_API_KEY", "hunter2 ä")], "OPENAI_API_KEY"),
            (&[openai, key, ("OPENAI_BASE_URL", "http://llm.example/v1")], "OPENAI_BASE_URL"),
            (
                &[openai, key, ("OPENAI_BASE_URL", "https://a:hunter2@llm.example")],
                "OPENAI_BASE_URL",
            ),
            (&[key], "OPENAI_API_KEY"),
            (&[("OPENAI_BASE_URL", "http://127.0.0.1:11434/v1")], "OPENAI_BASE_URL"),
            (&[("MODEL_PROVIDER", "hunter2")], "MODEL_PROVIDER"),
        ] {
            let error = read(wrong).err().unwrap().to_string();
            assert!(error.contains(&format!("{named}: ")), "{wrong:?}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
