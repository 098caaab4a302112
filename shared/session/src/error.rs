//! Why a conversation, or the record of a connection, could not be read or written.

use std::error::Error;

/// Why a conversation could not be read or written, by who can act on it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// Another request changed the conversation in a way that this one can't follow: it waits for
    /// the user now, or what waited was taken up. Nothing was saved.
    #[error("another request changed the conversation")]
    Conflict,
    /// The conversation was deleted meanwhile. Nothing was saved.
    #[error("the conversation was deleted meanwhile")]
    Deleted,
    /// Too many requests write the conversation at once. Nothing was saved.
    #[error("too many requests write this conversation at once")]
    Contended,
    /// The object is no conversation; it is left as it is.
    #[error("the saved conversation is damaged")]
    Damaged,
    /// The object is larger than any conversation that this would read; it is left as it is.
    #[error("the saved conversation is too large")]
    TooLarge,
    /// A newer version of this program wrote the object; it is left as it is.
    #[error("a newer version wrote this conversation")]
    Newer,
    /// The record of a connection is damaged, or a newer version of this program wrote it; it is left as
    /// it is.
    #[error("the record of a connection can't be read")]
    UnreadableConnection,
    /// The conversation has no JSON form: a bug in this program. Nothing was saved.
    #[error("the conversation can't be written as JSON")]
    NotJson(#[source] serde_json::Error),
    /// S3 gave an object without a version, so that it could be overwritten unseen.
    #[error("S3 returned an object without an ETag")]
    NoVersion,
    /// S3 is throttling, failing or unreachable, after several tries. A write may or may not
    /// have happened.
    #[error("S3 is not available")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// S3 refuses this service: a missing permission or bucket. The operator must act.
    #[error("S3 refuses this service")]
    Misconfigured(#[source] Box<dyn Error + Send + Sync>),
}

/// A time-out leaves unknown whether a write has happened, as for [`Unavailable`](SessionError::Unavailable).
impl From<tokio::time::error::Elapsed> for SessionError {
    fn from(slow: tokio::time::error::Elapsed) -> Self {
        Self::Unavailable(Box::new(slow))
    }
}
