//! Why a request has no user.

use std::{error::Error, sync::Arc, time::Duration};

use crate::{mismatch::Mismatch, user::UserId};

/// The outcome of an authentication that found no user.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AuthenticationError {
    /// The request does not prove who sent it: 401, and the reason is for the audit log only.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// The request proves who sent it, and their token lacks the claim that a user needs here: 403.
    #[error("{0} may not come in")]
    NotAllowed(UserId),
    /// The key that would decide can't be had now: 503, the caller may try again. Shared by
    /// every request that waited for the same key.
    #[error("the key that would verify the token can't be fetched")]
    KeysUnavailable(#[source] Arc<dyn Error + Send + Sync>),
    /// The key is not known, and the issuer was asked so recently that it may be new: 503, and the
    /// caller is to come again after this time, when the issuer can be asked.
    #[error("the token's key is not known, and the issuer is asked again in {0:?}")]
    KeyMayBeNew(Duration),
}

/// Which rule a token broke, and by which value where that helps the operator. Never shown to the
/// caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No token came with the request.
    #[error("no token")]
    Missing,
    /// More than one token came; which of them a proxy checked can't be known.
    #[error("more than one token")]
    Repeated,
    /// `Authorization` with another scheme than `Bearer`.
    #[error("not a bearer token")]
    Scheme,
    /// Longer than the token of a load balancer or of a sane issuer ever is.
    #[error("token too long")]
    TooLong,
    /// Not three base64url segments, of which two are JSON objects with unique members of the
    /// right types.
    #[error("malformed token")]
    Malformed,
    /// An `alg` that is not allowed, or not the key's.
    #[error("algorithm not allowed")]
    Algorithm,
    /// `crit`: a rule that the token insists on, and that nobody here follows.
    #[error("critical header parameter")]
    Critical,
    /// A `typ` of tokens that do not say who is calling.
    #[error("another type of token")]
    Type,
    /// No `kid`, or one that is no UUID and so no load balancer's.
    #[error("unusable key id")]
    KeyId,
    /// Signed by a load balancer that is not ours.
    #[error("foreign signer")]
    Signer(Mismatch),
    /// Made for another client of the issuer.
    #[error("foreign client")]
    Client(Mismatch),
    /// From another issuer than the one that is trusted, in the header or in the payload.
    #[error("foreign issuer")]
    Issuer(Mismatch),
    /// `aud` does not name us.
    #[error("foreign audience")]
    Audience(Mismatch),
    /// No `exp` anywhere.
    #[error("token without expiry")]
    NoExpiry,
    /// An `exp`, in the header or in the payload, that has passed.
    #[error("expired token")]
    Expired(Mismatch),
    /// An `nbf` that is still to come.
    #[error("token not valid yet")]
    NotYet(Mismatch),
    /// There is no key of this id.
    #[error("unknown key")]
    UnknownKey,
    /// The signature is not this key's over these bytes.
    #[error("wrong signature")]
    Signature,
    /// Bound to a key that its sender must prove to hold, which a bare token does not.
    #[error("sender-constrained token without proof")]
    SenderConstrained,
    /// Reports an event, such as a logout, and signs nobody in.
    #[error("security event token")]
    SecurityEvent,
    /// No `sub`, or none that can be a user id.
    #[error("unusable subject")]
    Subject,
}

impl Refusal {
    /// What was expected and what came instead, of a rule that compares the two. None of it is
    /// secret.
    #[must_use]
    pub fn mismatch(&self) -> Option<&Mismatch> {
        match self {
            Self::Signer(mismatch)
            | Self::Client(mismatch)
            | Self::Issuer(mismatch)
            | Self::Audience(mismatch)
            | Self::Expired(mismatch)
            | Self::NotYet(mismatch) => Some(mismatch),
            _ => None,
        }
    }
}
