//! The id of a request.

use std::fmt;

use lambda_http::{Request, RequestExt};
use uuid::Uuid;

/// What ties an answer to its log lines: Lambda's own request id, else a random one.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(String);

impl RequestId {
    pub(crate) fn new(request: &Request) -> Self {
        let lambda = request.lambda_context_ref().map(|context| context.request_id.clone());
        Self(lambda.unwrap_or_else(|| Uuid::new_v4().to_string()))
    }

    /// The id as text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
