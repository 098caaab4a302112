//! A value as a browser carries it: JSON that only the two services can read or make.

use serde::{Serialize, de::DeserializeOwned};

use crate::consent_key::{ConsentKeys, Purpose};

/// A cookie with its attributes must fit 4,096 bytes (RFC 6265, section 6.1).
pub(crate) const MAX_BYTES: usize = 3_800;

/// Why a value could not be sealed; says which step failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The value has no JSON form.
    #[error("a value that a browser is to carry can't be written as JSON")]
    NotJson,
    /// AES-256-GCM failed, because the system has no randomness for the nonce.
    #[error("AES-256-GCM could not seal what a browser is to carry")]
    Encryption,
    /// It has this many bytes, which no cookie can carry.
    #[error("sealed, it has {0} bytes, and a cookie can carry {max}", max = MAX_BYTES)]
    TooLong(usize),
}

/// `value` in base64url, for `purpose` alone.
pub(crate) fn seal(
    value: &impl Serialize,
    purpose: Purpose,
    keys: &ConsentKeys,
) -> Result<String, SealError> {
    let plaintext = serde_json::to_vec(value).map_err(|_| SealError::NotJson)?;
    let sealed = keys.seal(purpose, &plaintext).map_err(|_| SealError::Encryption)?;
    match sealed.len() {
        0..=MAX_BYTES => Ok(sealed),
        length => Err(SealError::TooLong(length)),
    }
}

/// The value in `sealed`, if one of `keys` sealed it for `purpose`.
pub(crate) fn open<T: DeserializeOwned>(
    sealed: &str,
    purpose: Purpose,
    keys: &ConsentKeys,
) -> Option<T> {
    serde_json::from_slice(&keys.open(purpose, sealed)?).ok()
}
