//! What a failure of Bedrock's means for the turn, and for the operator.
//!
//! Amazon Bedrock API Reference, "ConverseStream", "Errors"; Smithy, "Amazon Event Stream
//! Specification": an exception inside the stream has its kind in the header `:exception-type`, and
//! means there what it means outside. That there is too much for a model to read is a
//! `ValidationException` whose words depend on who made the model.

use std::error::Error;

use agent::model::ModelError;
use aws_sdk_bedrockruntime::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_types::event_stream::{Message, RawMessage};

type Cause = Box<dyn Error + Send + Sync>;

/// How models and Bedrock say that they are shown too much, in lower case. Each was reported by people
/// who run agents on Bedrock.
const TOO_LONG: [&str; 10] = [
    "input is too long",
    "prompt is too long",
    "exceed context limit",
    "maximum context length",
    "exceeds the context window",
    "exceeds maximum length",
    "too many input tokens",
    "too many tokens",
    "too many total text bytes",
    "expected maxlength",
];

/// A refusal that the operator can do something about.
#[derive(Debug, thiserror::Error)]
#[error("{advice}")]
struct Advised {
    advice: &'static str,
    source: Cause,
}

/// Why there is no stream.
pub(crate) fn failure<E>(error: SdkError<E>) -> ModelError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let service = error.as_service_error();
    let kind = service.and_then(ProvideErrorMetadata::code).unwrap_or_default().to_owned();
    let said = service.and_then(ProvideErrorMetadata::message).unwrap_or_default().to_owned();
    meaning(&kind, &said, Box::new(error))
}

/// Why a stream ended.
pub(crate) fn failure_in_stream<E>(error: SdkError<E, RawMessage>) -> ModelError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let kind = match error.raw_response() {
        Some(RawMessage::Decoded(event)) => exception_type(event).unwrap_or_default().to_owned(),
        _ => String::new(),
    };
    let service = error.as_service_error();
    let said = service.and_then(ProvideErrorMetadata::message).unwrap_or_default().to_owned();
    meaning(&kind, &said, Box::new(error))
}

fn exception_type(event: &Message) -> Option<&str> {
    let header = event.headers().iter().find(|it| it.name().as_str() == ":exception-type")?;
    header.value().as_string().ok().map(|kind| kind.as_str())
}

/// `kind` begins with a lower case letter inside a stream, and with a capital outside.
fn meaning(kind: &str, said: &str, cause: Cause) -> ModelError {
    let is = |name: &str| kind.eq_ignore_ascii_case(name);
    let said = said.to_lowercase();
    // "Too many tokens" is also a reason to wait.
    if is("ThrottlingException") || said.contains("please wait") || said.contains("per day") {
        return ModelError::Busy(cause);
    }
    if TOO_LONG.iter().any(|words| said.contains(words)) {
        return ModelError::TooLong(cause);
    }
    if is("AccessDeniedException") || is("ResourceNotFoundException") || is_not_a_model(&said) {
        return ModelError::Refused(Box::new(Advised { advice: advice(&said), source: cause }));
    }
    if is("ValidationException") {
        return ModelError::Rejected(cause);
    }
    ModelError::Busy(cause)
}

fn is_not_a_model(said: &str) -> bool {
    said.contains("on-demand throughput") || said.contains("model identifier is invalid")
}

/// What the operator can do about a refusal of this service, by what Bedrock said, in lower case.
///
/// Amazon Bedrock User Guide, "Access Amazon Bedrock foundation models" (subscriptions through AWS
/// Marketplace, Anthropic's form), "Model lifecycle" (Legacy), and "Prerequisites for inference
/// profiles" (what a policy has to name).
fn advice(said: &str) -> &'static str {
    let has = |words: &str| said.contains(words);
    if has("marketplace") || has("use case") {
        "the account is not subscribed to the model, or has not sent Anthropic's use case form: have \
         an administrator send the form and invoke the model once"
    } else if has("legacy") || has("end of its life") {
        "Bedrock calls the model Legacy, and serves it only to those who have used it lately: set \
         MODEL_ID to a newer one"
    } else if is_not_a_model(said) {
        "this region does not serve a model by this id: set MODEL_ID to an inference profile or \
         another model"
    } else if has("explicit deny") {
        "a policy of the organisation forbids it, often because a global. inference profile is in no \
         region: set MODEL_ID to the profile of your regions (eu., us.), or have the policy allow it"
    } else if has("not authorized to perform") {
        "the service's role may not invoke it: its policy has to name the inference profile and the \
         profile's foundation models in all its regions"
    } else {
        "invoke the model once as an administrator: the account may lack its subscription or \
         Anthropic's use case form, the model may be Legacy, or a policy may forbid the model or its \
         inference profile"
    }
}

pub(crate) fn internal(error: impl Error + Send + Sync + 'static) -> ModelError {
    ModelError::Internal(Box::new(error))
}

#[cfg(test)]
mod tests {
    use agent::model::ModelError;

    use super::meaning;

    fn kind(code: &str, said: &str) -> ModelError {
        meaning(code, said, "the cause".into())
    }

    #[test]
    fn too_long_is_known_in_the_words_of_every_model() {
        for said in [
            "Input is too long for requested model.",
            "The model returned the following errors: Input is too long for requested model.",
            "The model returned the following errors: prompt is too long: 200049 tokens > 200000 \
             maximum",
            "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
            "Malformed input request: expected maxLength: 2048, actual: 51882, please reformat your \
             input and try again.",
            "400 Bad Request: Too many input tokens. Max input tokens: 8192, request input token \
             count: 11222",
            "This model's maximum context length is 202752 tokens. However, you requested 65536 \
             output tokens and your prompt contains at least 137217 input tokens",
            "too many tokens: total number of tokens in the prompt cannot exceed 4081",
            "Input Tokens Exceeded: Number of input tokens exceeds maximum length.",
            "The input exceeds the context window of this model.",
            "too many total text bytes: 9100000 > 9000000",
        ] {
            for code in ["ValidationException", "validationException", "ModelErrorException"] {
                assert!(matches!(kind(code, said), ModelError::TooLong(_)), "{code}: {said}");
            }
        }
        let wait = "Too many tokens, please wait before trying again.";
        assert!(matches!(kind("ThrottlingException", wait), ModelError::Busy(_)));
        let other = "messages.1.content.0: `tool_use` ids must be unique";
        assert!(matches!(kind("validationException", other), ModelError::Rejected(_)));
    }

    #[test]
    fn the_operator_is_told_which_of_the_usual_causes_a_refusal_has() {
        let denied = "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: \
                      bedrock:InvokeModelWithResponseStream on resource: \
                      arn:aws:bedrock:::foundation-model/anthropic.claude-opus-4-6-v1";
        for (code, said, words) in [
            (
                "AccessDeniedException",
                "Model access is denied due to IAM user or service role is not authorized to perform \
                 the required AWS Marketplace actions (aws-marketplace:ViewSubscriptions, \
                 aws-marketplace:Subscribe) to enable access to this model.",
                "invoke the model once",
            ),
            (
                "ResourceNotFoundException",
                "Model use case details have not been submitted for this account. Fill out the \
                 Anthropic use case details form before using the model.",
                "use case form",
            ),
            (
                "ResourceNotFoundException",
                "Access denied. This Model is marked by provider as Legacy and you have not been \
                 actively using the model in the last 30 days.",
                "Legacy",
            ),
            (
                "ResourceNotFoundException",
                "This model version has reached the end of its life.",
                "set MODEL_ID to a newer one",
            ),
            (
                "AccessDeniedException",
                &format!("{denied} with an explicit deny in a service control policy"),
                "global.",
            ),
            (
                "AccessDeniedException",
                &format!("{denied} because no identity-based policy allows it"),
                "has to name the inference profile",
            ),
            (
                "ValidationException",
                "Invocation of model ID m with on-demand throughput isn\u{2019}t supported.",
                "an inference profile",
            ),
            ("AccessDeniedException", "You don't have access to the model.", "may lack its"),
        ] {
            let ModelError::Refused(error) = kind(code, said) else { panic!("{code}: {said}") };
            assert!(error.to_string().contains(words), "{said}: {error}");
            let cause = error.source().map(ToString::to_string);
            assert_eq!(cause.as_deref(), Some("the cause"), "{said}");
        }
    }

    #[test]
    fn what_passes_is_busy_and_what_stays_is_not() {
        for passing in [
            "ThrottlingException",
            "throttlingException",
            "modelStreamErrorException",
            "serviceUnavailableException",
            "internalServerException",
            "ModelTimeoutException",
            "",
        ] {
            assert!(matches!(kind(passing, "x"), ModelError::Busy(_)), "{passing}");
        }
        for fatal in ["ValidationException", "validationException"] {
            assert!(matches!(kind(fatal, "x"), ModelError::Rejected(_)), "{fatal}");
        }
        for refusal in ["accessDeniedException", "ResourceNotFoundException"] {
            assert!(matches!(kind(refusal, "x"), ModelError::Refused(_)), "{refusal}");
        }
    }
}
