//! Models that refuse, as real ones do for reasons that no message has: each has an id for tests.
//!
//! Sources: Amazon Bedrock User Guide, "Access Amazon Bedrock foundation models", "Model lifecycle" and
//! "Prerequisites for inference profiles", and the messages in public reports.

use axum::http::StatusCode;

/// How many characters a request to `test.small-context-v1` may have.
const SMALL_CONTEXT: usize = 20_000;

/// An exception in the place of an answer.
pub(super) struct Exception {
    pub(super) status: StatusCode,
    pub(super) name: &'static str,
    pub(super) message: &'static str,
}

/// Why the model with this id does not answer the request `raw`.
pub(super) fn refusal(model: &str, raw: &str) -> Option<Exception> {
    let exception = |status, name, message| Some(Exception { status, name, message });
    let (denied, not_found) = ("AccessDeniedException", "ResourceNotFoundException");
    match model {
        "test.not-subscribed-v1" => exception(
            StatusCode::FORBIDDEN,
            denied,
            "Model access is denied due to IAM user or service role is not authorized to perform the \
             required AWS Marketplace actions (aws-marketplace:ViewSubscriptions, \
             aws-marketplace:Subscribe) to enable access to this model.",
        ),
        "test.legacy-v1" => exception(
            StatusCode::NOT_FOUND,
            not_found,
            "Access denied. This Model is marked by provider as Legacy and you have not been actively \
             using the model in the last 30 days. Please upgrade to an active model on Amazon Bedrock.",
        ),
        "test.no-access-v1" => exception(
            StatusCode::FORBIDDEN,
            denied,
            "User: arn:aws:sts::123456789012:assumed-role/agent/session is not authorized to perform: \
             bedrock:InvokeModelWithResponseStream on resource: \
             arn:aws:bedrock:::foundation-model/test.no-access-v1 because no identity-based policy \
             allows the bedrock:InvokeModelWithResponseStream action",
        ),
        "test.small-context-v1" if raw.chars().count() > SMALL_CONTEXT => exception(
            StatusCode::BAD_REQUEST,
            "ValidationException",
            "The model returned the following errors: Input is too long for requested model.",
        ),
        _ => None,
    }
}
