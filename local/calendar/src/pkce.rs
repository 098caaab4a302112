//! Proof Key for Code Exchange (RFC 7636): only `S256`, as RFC 9700, section 2.1.1 wants it.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// How long the SHA-256 of a verifier is in base64url.
const CHALLENGE_LENGTH: usize = 43;
/// How long a verifier is (section 4.1).
const VERIFIER_LENGTH: std::ops::RangeInclusive<usize> = 43..=128;

/// A code challenge.
#[derive(Clone)]
pub(super) struct Challenge(String);

impl Challenge {
    /// Parses the two parameters of an authorization request (section 4.3). A method that is left out is
    /// `plain`, which is refused.
    pub(super) fn parse(
        challenge: Option<&str>,
        method: Option<&str>,
    ) -> Result<Option<Self>, &'static str> {
        match (challenge, method) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err("code_challenge_method has no code_challenge."),
            (Some(text), Some("S256")) if Self::is_well_formed(text) => {
                Ok(Some(Self(text.to_owned())))
            }
            (Some(_), Some("S256")) => Err("code_challenge is not a SHA-256 in base64url."),
            (Some(_), _) => Err("code_challenge_method has to be S256."),
        }
    }

    fn is_well_formed(text: &str) -> bool {
        text.len() == CHALLENGE_LENGTH && URL_SAFE_NO_PAD.decode(text).is_ok()
    }

    /// Whether `verifier` belongs to `challenge` (section 4.6). One without the other does not: a verifier that
    /// meets no challenge is a downgrade (RFC 9700, section 4.8.2).
    pub(super) fn is_met(challenge: Option<&Self>, verifier: Option<&str>) -> bool {
        match (challenge, verifier) {
            (None, None) => true,
            (Some(Self(challenge)), Some(verifier)) => {
                let digest = digest(&SHA256, verifier.as_bytes());
                VERIFIER_LENGTH.contains(&verifier.len())
                    && URL_SAFE_NO_PAD.encode(digest) == *challenge
            }
            _ => false,
        }
    }
}
