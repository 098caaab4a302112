//! Why AgentCore Identity could not do what was asked of it.

use std::{error::Error, fmt};

use aws_sdk_bedrockagentcore::error::{ProvideErrorMetadata, SdkError};

/// A failure of AgentCore Identity, by who can do something about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// It is asked too often, after the SDK's own retries: try again later.
    #[error("AgentCore Identity is asked too often")]
    Throttled(#[source] Cause),
    /// Failing or unreachable after the SDK's own retries: try again later.
    #[error("AgentCore Identity is not available")]
    Unavailable(#[source] Cause),
    /// It refuses this service itself: a missing permission, workload identity or provider. The
    /// operator must act.
    #[error("AgentCore Identity refuses this service")]
    Misconfigured(#[source] Cause),
    /// It answered what its service model does not allow.
    #[error("AgentCore Identity gave an unexpected answer")]
    Unexpected(#[source] Cause),
}

/// What happened, for the operator: messages only. An SDK error's `Debug` can hold the raw
/// answer, and with it a token.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct Cause(String);

impl Cause {
    pub(crate) fn new(text: impl fmt::Display) -> Self {
        Self(scrub(&text.to_string()))
    }

    /// What AgentCore Identity said, or why it could not be heard.
    pub(crate) fn of<E>(error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        if let Some(service) = error.as_service_error() {
            let code = service.code().unwrap_or("no error code");
            return Self::new(format!("{code}: {}", service.message().unwrap_or("no message")));
        }
        let chain =
            std::iter::successors(Some(error as &(dyn Error + 'static)), |error| (*error).source());
        Self::new(chain.map(ToString::to_string).collect::<Vec<_>>().join(": "))
    }
}

/// Takes out what may be a secret: AWS's messages can quote the value that they complain about.
/// Tokens and session URIs are long words; what an operator needs of long words are ARNs.
fn scrub(text: &str) -> String {
    const LONGEST_WORD: usize = 64;
    let is_end =
        |c: char| c.is_whitespace() || matches!(c, '\'' | '"' | ',' | '(' | ')' | '[' | ']');
    let scrubbed = text.split_inclusive(is_end).map(|word| {
        let end = word.chars().next_back().filter(|c| is_end(*c));
        let bare = word.trim_end_matches(is_end);
        let is_secret = bare.contains("request_uri") || bare.len() > LONGEST_WORD;
        match is_secret && !bare.starts_with("arn:") {
            true => format!("[…]{}", end.map(String::from).unwrap_or_default()),
            false => word.to_owned(),
        }
    });
    scrubbed.collect()
}

impl VaultError {
    pub(crate) fn of<E>(error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let cause = Cause::of(error);
        if error.as_service_error().is_none() {
            return match error {
                SdkError::ResponseError(_) => Self::Unexpected(cause),
                SdkError::ConstructionFailure(_) => Self::Misconfigured(cause),
                _ => Self::Unavailable(cause),
            };
        }
        let status = error.raw_response().map_or(0, |answer| answer.status().as_u16());
        match status {
            429 => Self::Throttled(cause),
            500..=599 => Self::Unavailable(cause),
            400..=499 => Self::Misconfigured(cause),
            _ => Self::Unexpected(cause),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::scrub;

    #[test]
    fn what_may_be_a_token_or_a_session_is_not_repeated_and_an_arn_is() {
        let (token, session) = ("e".repeat(65), "urn:ietf:params:oauth:request_uri:abc");
        let text = format!("Value '{session}' at 'sessionUri', and ({token}) failed; [{token}]");
        assert_eq!(scrub(&text), "Value '[…]' at 'sessionUri', and ([…]) failed; [[…]]");
        let denied = format!(
            "User: arn:aws:sts::123456789012:assumed-role/{} is not authorized to perform: \
             bedrock-agentcore:GetWorkloadAccessTokenForUserId",
            "binder".repeat(10)
        );
        assert_eq!(scrub(&denied), denied);
    }
}
