//! Why a conversation could not be read or written.

use std::error::Error;

/// A failure of the store, by who can do something about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// Another request changed the conversation in a way that this one can't follow.
    #[error("another request changed the conversation")]
    Conflict,
    /// The object is damaged, or of a newer version of this program; it is left as it is.
    #[error("the conversation can't be read by this version")]
    Unreadable,
    /// S3 is throttling, failing or unreachable after the SDK's own retries.
    #[error("S3 is not available")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// S3 refuses this service: a missing permission or bucket. The operator must act.
    #[error("S3 refuses this service")]
    Misconfigured(#[source] Box<dyn Error + Send + Sync>),
}
