//! Why a request has no user.

use std::error::Error;

/// The outcome of an authentication that found no user.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticationError {
    /// The request does not prove who sent it: 401, and the reason is for the audit log only.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// The key that would decide can't be fetched now: 503, the caller may try again.
    #[error("the load balancer's public key can't be fetched")]
    KeysUnavailable(#[source] Box<dyn Error + Send + Sync>),
}

/// Which rule a token broke. Never shown to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No token came with the request.
    #[error("no token")]
    Missing,
    /// More than one token came; which of them a proxy checked can't be known.
    #[error("more than one token")]
    Repeated,
    /// Longer than a load balancer's token ever is.
    #[error("token too long")]
    TooLong,
    /// Not three base64url segments of JSON with the members a token needs.
    #[error("malformed token")]
    Malformed,
    /// Any `alg` but ES256.
    #[error("algorithm is not ES256")]
    Algorithm,
    /// A `kid` that is no UUID, so no load balancer's.
    #[error("key id is not a UUID")]
    KeyId,
    /// Signed by a load balancer that is not ours.
    #[error("foreign signer")]
    Signer,
    /// Made for another client of the issuer.
    #[error("foreign client")]
    Client,
    /// From another issuer than the one that is trusted, in the header or in the payload.
    #[error("foreign issuer")]
    Issuer,
    /// No `exp` anywhere.
    #[error("token without expiry")]
    NoExpiry,
    /// An `exp`, in the header or in the payload, that has passed.
    #[error("expired token")]
    Expired,
    /// The key server has no key of this id.
    #[error("unknown key")]
    UnknownKey,
    /// The signature is not this key's over these bytes.
    #[error("wrong signature")]
    Signature,
    /// No `sub`, or none that can be a user id.
    #[error("unusable subject")]
    Subject,
}
