//! What must not be printed, logged or serialised.

use std::fmt;

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
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(…)")
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
        assert_eq!(format!("{:?}", AccessToken::new("gho_secret".into())), "AccessToken(…)");
    }
}
