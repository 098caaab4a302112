//! The one way to a [`User`]: the headers of a request, and the time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderMap;

use crate::{
    alb::{AlbSettings, AlbVerifier},
    allow_claim::AllowClaim,
    bearer::{BearerSettings, BearerVerifier},
    error::AuthenticationError,
    user::User,
};

/// Turns a request's headers into a [`User`], by one kind of proof and no other.
#[derive(Debug)]
pub struct Authenticator {
    verifier: AnyVerifier,
    needed: Option<AllowClaim>,
}

#[derive(Debug)]
enum AnyVerifier {
    Alb(AlbVerifier),
    Bearer(BearerVerifier),
}

impl Authenticator {
    /// Believes the load balancer's token, and does not look at `Authorization`. Nothing has
    /// been fetched yet.
    #[must_use]
    pub fn alb(settings: AlbSettings) -> Self {
        Self { verifier: AnyVerifier::Alb(AlbVerifier::new(settings)), needed: None }
    }

    /// Believes the bearer tokens of one issuer, and does not look at the load balancer's
    /// headers, which anybody may send where no load balancer is. Nothing has been fetched yet.
    #[must_use]
    pub fn bearer(settings: BearerSettings) -> Self {
        Self { verifier: AnyVerifier::Bearer(BearerVerifier::new(settings)), needed: None }
    }

    /// Accepts only users whose token has the claim `needed`, if one is given.
    #[must_use]
    pub fn allowing(self, needed: Option<AllowClaim>) -> Self {
        Self { needed, ..self }
    }

    /// Opens a connection to the load balancer's key server, so that the first request need not wait
    /// for it. An issuer's keys are somewhere that only a fetch can tell.
    pub async fn connect(&self) {
        match &self.verifier {
            AnyVerifier::Alb(verifier) => verifier.connect().await,
            AnyVerifier::Bearer(_) => {}
        }
    }

    /// The user who sent a request with these `headers`, as of `now`.
    ///
    /// # Errors
    /// [`AuthenticationError::Refused`] when the headers prove no user's identity,
    /// [`AuthenticationError::NotAllowed`] when they prove that of someone who may not come in, and
    /// [`AuthenticationError::KeysUnavailable`] or [`AuthenticationError::KeyMayBeNew`] when that can't
    /// be decided now.
    pub async fn authenticate(
        &self,
        headers: &HeaderMap,
        now: SystemTime,
    ) -> Result<User, AuthenticationError> {
        // With a clock that is set before 1970 every token has expired.
        let needed = self.needed.as_ref();
        let now = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::MAX);
        match &self.verifier {
            AnyVerifier::Alb(verifier) => verifier.verify(headers, now, needed).await,
            AnyVerifier::Bearer(verifier) => verifier.verify(headers, now, needed).await,
        }
    }

    /// What a refused caller can do about it in HTTP's own terms (`WWW-Authenticate`, RFC 6750,
    /// section 3): nothing where a load balancer signs people in.
    #[must_use]
    pub fn challenge(&self) -> Option<&'static str> {
        match self.verifier {
            AnyVerifier::Alb(_) => None,
            AnyVerifier::Bearer(_) => Some("Bearer"),
        }
    }
}
