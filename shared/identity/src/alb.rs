//! Verification of `x-amzn-oidc-data`, the token that an Application Load Balancer adds.
//!
//! Rules: AWS, "Authenticate users using an Application Load Balancer" (ES256, signer's ARN,
//! client, issuer, expiry), RFC 7515 for the signature and RFC 7519 for the claims; awslabs'
//! aws-jwt-verify is the reference for the order: everything the header says is checked before
//! a key is fetched, and the payload is not read before the signature has been checked.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::signature::ParsedPublicKey;
use http::HeaderMap;
use url::Url;
use uuid::Uuid;

use crate::{
    error::{AuthenticationError, Refusal},
    load_balancer::LoadBalancerArn,
    public_keys::PublicKeys,
    token::{Claims, Header, UnverifiedToken},
    user::{User, UserId},
};

/// The one signed header; `x-amzn-oidc-identity` beside it is not, and is never read.
pub const OIDC_DATA_HEADER: &str = "x-amzn-oidc-data";

/// How far the load balancer's clock may be behind ours.
const LEEWAY: Duration = Duration::from_secs(10);

/// Which tokens to believe.
#[derive(Debug, Clone)]
pub struct AlbSettings {
    /// The load balancers that may sign, each with the base address of its public keys.
    pub load_balancers: Vec<(LoadBalancerArn, Url)>,
    /// The one trusted issuer, exactly as the listener rule names it.
    pub issuer: String,
    /// The client id of the listener rule.
    pub client: String,
}

/// Turns a request's headers into a [`User`].
#[derive(Debug)]
pub struct Authenticator {
    settings: AlbSettings,
    keys: PublicKeys,
}

impl Authenticator {
    /// An authenticator that has not fetched anything yet.
    #[must_use]
    pub fn new(settings: AlbSettings) -> Self {
        Self { settings, keys: PublicKeys::default() }
    }

    /// The user who sent a request with these `headers`, as of `now`.
    ///
    /// # Errors
    /// [`AuthenticationError::Refused`] when the headers prove nobody's identity, and
    /// [`AuthenticationError::KeysUnavailable`] when that can't be decided now.
    pub async fn authenticate(
        &self,
        headers: &HeaderMap,
        now: SystemTime,
    ) -> Result<User, AuthenticationError> {
        let token = UnverifiedToken::parse(only_token(headers)?)?;
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();

        let (key_id, base) = self.check_header(&token.header, now)?;
        let key = self.keys.get(base, key_id, now).await?;
        check_signature(&token, &key)?;
        let claims = token.claims()?;
        self.check_claims(&token.header, &claims, now)?;
        Ok(user(claims)?)
    }

    /// Everything that can be refused before a key is fetched; answers which key that is.
    fn check_header(&self, header: &Header, now: Duration) -> Result<(Uuid, &Url), Refusal> {
        if header.alg != "ES256" {
            return Err(Refusal::Algorithm);
        }
        let key_id = key_id(&header.kid).ok_or(Refusal::KeyId)?;
        let known = self.settings.load_balancers.iter();
        let signer = known.into_iter().find(|(arn, _)| arn.as_str() == header.signer);
        let (_, base) = signer.ok_or(Refusal::Signer)?;
        if header.client != self.settings.client {
            return Err(Refusal::Client);
        }
        if header.iss != self.settings.issuer {
            return Err(Refusal::Issuer);
        }
        if header.exp.is_some_and(|exp| has_passed(exp, now)) {
            return Err(Refusal::Expired);
        }
        Ok((key_id, base))
    }

    /// A claim that the payload repeats must agree with what the header was checked for.
    fn check_claims(&self, header: &Header, claims: &Claims, now: Duration) -> Result<(), Refusal> {
        if claims.iss.as_ref().is_some_and(|iss| *iss != self.settings.issuer) {
            return Err(Refusal::Issuer);
        }
        match claims.exp.or(header.exp) {
            None => Err(Refusal::NoExpiry),
            Some(exp) if has_passed(exp, now) => Err(Refusal::Expired),
            Some(_) => Ok(()),
        }
    }
}

fn only_token(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut tokens = headers.get_all(OIDC_DATA_HEADER).iter();
    let token = tokens.next().ok_or(Refusal::Missing)?;
    if tokens.next().is_some() {
        return Err(Refusal::Repeated);
    }
    token.to_str().map_err(|_| Refusal::Malformed)
}

/// Hyphenated only: the id becomes a path of the key server, so it must have one spelling.
fn key_id(kid: &str) -> Option<Uuid> {
    let is_hyphenated = kid.len() == uuid::fmt::Hyphenated::LENGTH;
    Uuid::try_parse(kid).ok().filter(|_| is_hyphenated)
}

fn has_passed(exp: f64, now: Duration) -> bool {
    exp + LEEWAY.as_secs_f64() <= now.as_secs_f64()
}

fn check_signature(token: &UnverifiedToken<'_>, key: &ParsedPublicKey) -> Result<(), Refusal> {
    key.verify_sig(token.signed.as_bytes(), &token.signature).map_err(|_| Refusal::Signature)
}

fn user(claims: Claims) -> Result<User, Refusal> {
    let sub = claims.sub.ok_or(Refusal::Subject)?;
    let id = UserId::parse(sub).map_err(|_| Refusal::Subject)?;
    Ok(User { id, email: claims.email, name: claims.name })
}
