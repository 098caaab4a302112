//! The bearer token of a request that was verified.

use std::{fmt, sync::Arc};

use zeroize::Zeroizing;

/// A verified token as it was sent, for services that ask for the user's own token, such as
/// AgentCore Identity's `GetWorkloadAccessTokenForJWT`. Can't be printed, logged or serialised.
///
/// Its holder can act as the user until it expires, wherever the issuer's tokens for this audience
/// are accepted: pass it to that service alone.
#[derive(Clone)]
pub struct UserToken(Arc<Zeroizing<String>>);

impl UserToken {
    /// Only a verifier that has found nothing wrong with `token` may call this.
    pub(crate) fn new(token: &str) -> Self {
        Self(Arc::new(Zeroizing::new(token.to_owned())))
    }

    /// The token, for the service that asks for it alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for UserToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::UserToken;

    #[test]
    fn a_token_is_never_printed() {
        let token = UserToken::new("eyJhbGciOiJFUzI1NiJ9.e30.c2VjcmV0");
        assert_eq!(format!("{token:?}"), "UserToken(…)");
        assert_eq!(token.expose(), "eyJhbGciOiJFUzI1NiJ9.e30.c2VjcmV0");
    }
}
