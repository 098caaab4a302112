//! What must not be printed, logged or serialised.

use std::fmt;

use aws_lc_rs::digest;
use url::Url;
use zeroize::Zeroizing;

use crate::endpoint::{InvalidEndpoint, endpoint};

/// A user's token for a provider. Lives for one turn, in memory.
pub struct AccessToken(Zeroizing<String>);

impl AccessToken {
    pub(crate) fn new(token: String) -> Self {
        Self(Zeroizing::new(token))
    }

    /// The token, for the `Authorization` header of the provider's API alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What tells this token from another one where the token itself must not be stored.
    #[must_use]
    pub fn fingerprint(&self) -> TokenFingerprint {
        let hash = digest::digest(&digest::SHA256, self.0.as_bytes());
        TokenFingerprint(hash.as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(…)")
    }
}

/// 16 hexadecimal digits of a token's SHA-256: too few to find the token, and enough to tell whether
/// the vault still returns the one that a provider refused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenFingerprint(String);

impl TokenFingerprint {
    /// A fingerprint that was saved.
    #[must_use]
    pub fn from_saved(text: String) -> Self {
        Self(text)
    }

    /// The fingerprint, to be saved.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a user consents: `https`, or `http` on a loopback host. It carries the session URI, so
/// it goes to the browser that asked and nowhere else.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizationUrl(Url);

impl AuthorizationUrl {
    /// The only way to an authorization URL.
    ///
    /// # Errors
    /// When `text` is no such URL.
    pub fn parse(text: &str) -> Result<Self, InvalidEndpoint> {
        endpoint(text).map(Self)
    }

    /// The URL, for the `Location` header of the user's own browser alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for AuthorizationUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthorizationUrl(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::AccessToken;

    #[test]
    fn a_token_is_never_printed() {
        assert_eq!(AccessToken::new("gho_secret".into()).expose(), "gho_secret");
        assert_eq!(format!("{:?}", AccessToken::new("gho_secret".into())), "AccessToken(…)");
    }

    #[test]
    fn a_fingerprint_tells_tokens_apart_and_shows_none() {
        let fingerprint = |token: &str| AccessToken::new(token.to_owned()).fingerprint();
        assert_eq!(fingerprint("gho_one"), fingerprint("gho_one"));
        assert_ne!(fingerprint("gho_one"), fingerprint("gho_two"));
        assert_eq!(fingerprint("gho_one").as_str().len(), 16);
        assert!(!fingerprint("gho_one").as_str().contains("one"));
    }
}
