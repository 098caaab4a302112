//! Which model answers.

use std::str::FromStr;

use clap::Args;
use url::Url;

use super::Secret;

/// The model behind the agent.
#[derive(Debug, Clone, Default, Args)]
pub struct Model {
    /// Which model answers: `scripted`; `bedrock`, asked with the credentials of your own AWS profile;
    /// or the address of a server that speaks OpenAI's chat completions, as http://127.0.0.1:11434/v1 of
    /// Ollama. Everything else stays embedded.
    #[arg(
        long = "model",
        value_name = "scripted|bedrock|URL",
        default_value = "scripted",
        requires_if("bedrock", "model_id")
    )]
    pub choice: ModelChoice,

    /// The real model: its id or inference profile on Amazon Bedrock, its name at the server; or MODEL_ID
    /// in the environment.
    #[arg(
        id = "model_id",
        long = "model-id",
        value_name = "ID",
        env = "MODEL_ID",
        hide_env = true
    )]
    pub id: Option<String>,

    /// The server's key, if it needs one.
    #[arg(
        id = "api_key",
        long = "api-key",
        value_name = "KEY",
        env = "OPENAI_API_KEY",
        hide_env_values = true
    )]
    pub key: Option<Secret>,

    /// The AWS profile for the real model, if not the usual one (AWS_PROFILE). Its region counts, or
    /// AWS_REGION.
    #[arg(long, value_name = "NAME")]
    pub aws_profile: Option<String>,

    /// Where the real model's Bedrock is, if not at AWS's own address.
    #[arg(
        id = "bedrock_endpoint",
        long = "bedrock-endpoint",
        value_name = "URL",
        env = "AWS_ENDPOINT_URL_BEDROCK_RUNTIME"
    )]
    pub endpoint: Option<Url>,
}

/// Which model answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ModelChoice {
    /// The stand-in, which is no language model.
    #[default]
    Scripted,
    /// Amazon Bedrock itself.
    Bedrock,
    /// A server that speaks OpenAI's chat completions.
    OpenAi(Url),
}

impl FromStr for ModelChoice {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "scripted" => Ok(Self::Scripted),
            "bedrock" => Ok(Self::Bedrock),
            _ => match Url::parse(text) {
                Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(Self::OpenAi(url)),
                _ => Err("scripted, bedrock or the address of a server is expected"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::parse, ModelChoice};

    #[test]
    fn the_real_model_requires_a_model_id() {
        assert_eq!(parse("").unwrap().model.choice, ModelChoice::Scripted);
        assert!(parse("--model bedrock").is_err());
        let model = parse("--model bedrock --model-id a.b-v1:0 --aws-profile me").unwrap().model;
        assert_eq!((model.choice, model.id.as_deref()), (ModelChoice::Bedrock, Some("a.b-v1:0")));
        assert_eq!(model.aws_profile.as_deref(), Some("me"));
    }

    #[test]
    fn the_model_of_a_server_is_given_by_its_address_and_its_key_is_not_shown() {
        let address = "http://127.0.0.1:11434/v1";
        let line = format!("--model {address} --model-id llama3.2 --api-key hunter2");
        let model = parse(&line).unwrap().model;
        assert_eq!(model.choice, ModelChoice::OpenAi(address.parse().unwrap()));
        assert!(!format!("{model:?}").contains("hunter2"), "{model:?}");
        for wrong in ["ollama", "localhost:11434", "ftp://127.0.0.1"] {
            assert!(parse(&format!("--model {wrong} --model-id m")).is_err(), "{wrong}");
        }
    }
}
