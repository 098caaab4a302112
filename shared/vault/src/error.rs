//! Why AgentCore Identity could not do what was asked of it.

use std::{error::Error, fmt};

use aws_sdk_bedrockagentcore::error::{ProvideErrorMetadata, SdkError};

use crate::session_uri::SessionUri;

/// A failure of AgentCore Identity, by who can do something about it.
#[derive(Debug, thiserror::Error)]
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

    /// The error code and message of AgentCore Identity, or the chain of causes if it did not
    /// answer.
    pub(crate) fn from_sdk_error<E>(error: &SdkError<E>) -> Self
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

    /// Without `session` and the part of it that says which, however short they are.
    pub(crate) fn without(self, session: &SessionUri) -> Self {
        let text = self.0.replace(session.as_str(), "[…]");
        Self(text.replace(session.id(), "[…]"))
    }
}

/// Takes out what may be a secret: AWS's messages can quote the value that they complain about.
/// Tokens and session URIs are long words; what an operator needs of long words are ARNs. A state
/// is shorter, and looks as random as it is.
fn scrub(text: &str) -> String {
    const LONGEST_WORD: usize = 64;
    let is_end = |c: char| {
        c.is_whitespace() || matches!(c, '\'' | '"' | ',' | '(' | ')' | '[' | ']' | '=' | '&' | ';')
    };
    let scrubbed = text.split_inclusive(is_end).map(|word| {
        let end = word.chars().next_back().filter(|c| is_end(*c));
        let bare = word.trim_end_matches(is_end);
        let is_secret =
            bare.contains("request_uri") || bare.len() > LONGEST_WORD || looks_random(bare);
        match is_secret && !bare.starts_with("arn:") {
            true => format!("[…]{}", end.map(String::from).unwrap_or_default()),
            false => word.to_owned(),
        }
    });
    scrubbed.collect()
}

/// 32 characters or more of base64, small and capital letters and digits among them.
fn looks_random(word: &str) -> bool {
    const SHORTEST: usize = 32;
    let is_base64 = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'+' | b'/');
    let has = |kind: fn(&u8) -> bool| word.as_bytes().iter().any(kind);
    word.len() >= SHORTEST
        && word.trim_end_matches(['=', '.']).bytes().all(is_base64)
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit)
}

impl VaultError {
    pub(crate) fn map(self, change: impl FnOnce(Cause) -> Cause) -> Self {
        match self {
            Self::Throttled(cause) => Self::Throttled(change(cause)),
            Self::Unavailable(cause) => Self::Unavailable(change(cause)),
            Self::Misconfigured(cause) => Self::Misconfigured(change(cause)),
            Self::Unexpected(cause) => Self::Unexpected(change(cause)),
        }
    }

    pub(crate) fn from_sdk_error<E>(error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let cause = Cause::from_sdk_error(error);
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
    use aws_sdk_bedrockagentcore::{
        config::http::HttpResponse,
        error::{ErrorMetadata, SdkError},
        operation::get_resource_oauth2_token::GetResourceOauth2TokenError,
        primitives::SdkBody,
    };

    use super::{Cause, SessionUri, VaultError, scrub};

    #[test]
    fn a_cause_hides_tokens_and_sessions_and_shows_arns() {
        let (token, session) = ("e".repeat(65), "urn:ietf:params:oauth:request_uri:abc");
        let text = format!("Value '{session}' at 'sessionUri', and ({token}) failed; [{token}]");
        assert_eq!(scrub(&text), "Value '[…]' at 'sessionUri', and ([…]) failed; [[…]]");
        let denied = format!(
            "User: arn:aws:sts::123456789012:assumed-role/{} is not authorized to perform: \
             bedrock-agentcore:GetWorkloadAccessTokenForUserId",
            "binder".repeat(10)
        );
        assert_eq!(scrub(&denied), denied);
        let request = "request 01234567-89ab-4cde-8f01-23456789abcd failed";
        assert_eq!(scrub(request), request);
    }

    #[test]
    fn a_cause_shows_what_is_too_short_or_too_plain_for_a_secret() {
        assert_eq!(scrub(&"e".repeat(64)), "e".repeat(64));
        let random = "kX3uYq0dV1b_T2mC9a-RzW8nP5sLhG7f";
        assert_eq!(scrub(random), "[…]");
        for plain in [&random[1..], "Oauth2", "GetResourceOauth2Token:vault.example:443"] {
            assert_eq!(scrub(plain), plain);
        }
    }

    #[test]
    fn who_can_do_something_about_a_failure_is_told_by_its_status() {
        let kind =
            |error: SdkError<GetResourceOauth2TokenError>| match VaultError::from_sdk_error(&error)
            {
                VaultError::Throttled(_) => "throttled",
                VaultError::Unavailable(_) => "unavailable",
                VaultError::Misconfigured(_) => "misconfigured",
                VaultError::Unexpected(_) => "unexpected",
            };
        let answer = |status: u16| HttpResponse::new(status.try_into().unwrap(), SdkBody::empty());
        let refusal = |status| {
            let error = GetResourceOauth2TokenError::generic(ErrorMetadata::builder().build());
            kind(SdkError::service_error(error, answer(status)))
        };
        assert_eq!(refusal(429), "throttled");
        assert_eq!((refusal(500), refusal(599)), ("unavailable", "unavailable"));
        assert_eq!((refusal(400), refusal(499)), ("misconfigured", "misconfigured"));
        assert_eq!(refusal(302), "unexpected");
        assert_eq!(kind(SdkError::construction_failure("no region")), "misconfigured");
        assert_eq!(kind(SdkError::response_error("no JSON", answer(200))), "unexpected");
        assert_eq!(kind(SdkError::timeout_error("too slow")), "unavailable");
    }

    #[test]
    fn a_cause_hides_states_and_every_part_of_the_session() {
        let state = "kX3uYq0dV1b_T2mC9a-RzW8nP5sLhG7fJ4eQiOyUtNE";
        assert_eq!(scrub(&format!("state={state} {state}")), "state=[…] […]");
        let session = SessionUri::parse("urn:ietf:params:oauth:request_uri:short").unwrap();
        let cause = Cause::new("no session short (urn:ietf:params:oauth:request_uri:short)");
        assert_eq!(cause.without(&session).to_string(), "no session […] ([…])");
    }
}
