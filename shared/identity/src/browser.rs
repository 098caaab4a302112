//! Which browser is asking: a 256-bit secret in a cookie, and the hash that stands for it.
//!
//! A consent may be finished only in the browser that asked for it. The secret never leaves the
//! cookie; everything that is stored or sealed holds its SHA-256 instead.

use std::fmt;

use aws_lc_rs::{constant_time, digest, rand};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

const BYTES: usize = 32;

/// A browser's secret. Can't be printed, logged or serialised; [`expose`](Self::expose) is for
/// the `Set-Cookie` header alone.
pub struct BrowserSecret(Zeroizing<[u8; BYTES]>);

impl BrowserSecret {
    /// A new secret.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub fn generate() -> Result<Self, aws_lc_rs::error::Unspecified> {
        let mut secret = Zeroizing::new([0; BYTES]);
        rand::fill(secret.as_mut_slice())?;
        Ok(Self(secret))
    }

    /// The secret in a cookie's value, if it is one of ours.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(value).ok()?);
        Some(Self(Zeroizing::new(bytes.as_slice().try_into().ok()?)))
    }

    /// The cookie's value.
    #[must_use]
    pub fn expose(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.as_slice())
    }

    /// What stands for this browser outside it.
    #[must_use]
    pub fn hash(&self) -> BrowserHash {
        let mut hash = [0; BYTES];
        hash.copy_from_slice(digest::digest(&digest::SHA256, self.0.as_slice()).as_ref());
        BrowserHash(hash)
    }
}

impl fmt::Debug for BrowserSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BrowserSecret(…)")
    }
}

/// The SHA-256 of a [`BrowserSecret`]; compared in constant time.
#[derive(Debug, Clone, Copy, Eq, Serialize, Deserialize)]
pub struct BrowserHash([u8; BYTES]);

impl PartialEq for BrowserHash {
    fn eq(&self, other: &Self) -> bool {
        constant_time::verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::BrowserSecret;

    #[test]
    fn a_secret_survives_the_cookie_and_is_never_printed() {
        let secret = BrowserSecret::generate().unwrap();
        let read = BrowserSecret::parse(&secret.expose()).unwrap();
        assert_eq!(read.hash(), secret.hash());
        assert_eq!(format!("{secret:?}"), "BrowserSecret(…)");
    }

    #[test]
    fn a_cookie_of_another_length_or_alphabet_is_refused() {
        for value in ["", "abc", &"A".repeat(42), &"A".repeat(44), &"=".repeat(43)] {
            assert!(BrowserSecret::parse(value).is_none(), "{value:?}");
        }
    }

    #[test]
    fn two_browsers_never_share_a_hash() {
        let (one, other) = (BrowserSecret::generate().unwrap(), BrowserSecret::generate().unwrap());
        assert_ne!(one.hash(), other.hash());
    }
}
