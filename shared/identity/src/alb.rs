//! Verification of `x-amzn-oidc-data`, the token that an Application Load Balancer adds.
//!
//! Rules: AWS, "Authenticate users using an Application Load Balancer" (ES256, signer's ARN,
//! client, issuer, expiry), RFC 7515 for the signature and RFC 7519 for the claims; awslabs'
//! aws-jwt-verify is the reference for the order: everything the header says is checked before
//! a key is fetched, and the payload is not read before the signature has been checked.

use std::{borrow::Cow, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderName};
use serde::{Deserialize, de::IgnoredAny};
use url::Url;
use uuid::Uuid;

use crate::{
    allow_claim::AllowClaim,
    error::{AuthenticationError, Refusal},
    header::only,
    json::present,
    load_balancer::LoadBalancerArn,
    mismatch::Mismatch,
    public_keys::PublicKeys,
    time::check_expiry,
    token::{Claims, UnverifiedToken},
    user::User,
};

/// The one signed header; `x-amzn-oidc-identity` beside it is not, and is never read.
pub const OIDC_DATA_HEADER: HeaderName = HeaderName::from_static("x-amzn-oidc-data");

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

#[derive(Debug)]
pub(crate) struct AlbVerifier {
    load_balancers: Vec<(LoadBalancerArn, Arc<Url>)>,
    issuer: String,
    client: String,
    keys: PublicKeys,
}

/// The members of the JOSE header that a decision needs. Others (`jwk`, `jku`, `x5u`, `x5c` …)
/// are never looked at.
#[derive(Debug, Deserialize)]
struct Header<'a> {
    #[serde(borrow)]
    alg: Cow<'a, str>,
    #[serde(borrow)]
    kid: Cow<'a, str>,
    #[serde(borrow)]
    signer: Cow<'a, str>,
    #[serde(borrow)]
    client: Cow<'a, str>,
    #[serde(borrow)]
    iss: Cow<'a, str>,
    #[serde(default, deserialize_with = "present")]
    exp: Option<f64>,
    #[serde(default, deserialize_with = "present")]
    crit: Option<IgnoredAny>,
}

impl AlbVerifier {
    pub(crate) fn new(settings: AlbSettings) -> Self {
        let each = settings.load_balancers.into_iter();
        Self {
            load_balancers: each.map(|(arn, keys)| (arn, Arc::new(keys))).collect(),
            issuer: settings.issuer,
            client: settings.client,
            keys: PublicKeys::default(),
        }
    }

    /// Opens a connection to the key server, of the first load balancer if there are more.
    pub(crate) async fn connect(&self) {
        if let Some((_, base)) = self.load_balancers.first() {
            self.keys.connect(base).await;
        }
    }

    pub(crate) async fn verify(
        &self,
        headers: &HeaderMap,
        now: Duration,
        needed: Option<&AllowClaim>,
    ) -> Result<User, AuthenticationError> {
        let token = UnverifiedToken::parse_padded(only(headers, &OIDC_DATA_HEADER)?)?;
        let (key_id, base, exp) = {
            let header = token.header()?;
            let (key_id, base) = self.check_header(&header, now)?;
            (key_id, base, header.exp)
        };
        let token = self.keys.verify(token, base, key_id, now).await?;
        let claims = token.claims()?;
        self.check_claims(exp, &claims, now)?;
        token.user(claims, needed)
    }

    /// Checks everything that can be refused before a key is fetched. Returns which key that is.
    fn check_header(
        &self,
        header: &Header<'_>,
        now: Duration,
    ) -> Result<(Uuid, &Arc<Url>), Refusal> {
        if header.alg != "ES256" {
            return Err(Refusal::Algorithm);
        }
        // RFC 7515, section 4.1.11: a recipient that does not understand a critical parameter has to
        // refuse the token.
        if header.crit.is_some() {
            return Err(Refusal::Critical);
        }
        let key_id = key_id(&header.kid).ok_or(Refusal::KeyId)?;
        let signer = self.load_balancers.iter().find(|(arn, _)| arn.as_str() == header.signer);
        let (_, base) = signer.ok_or_else(|| self.foreign_signer(&header.signer))?;
        if header.client != self.client {
            return Err(Refusal::Client(Mismatch::new(&self.client, &header.client)));
        }
        if header.iss != self.issuer {
            return Err(Refusal::Issuer(Mismatch::new(&self.issuer, &header.iss)));
        }
        header.exp.map_or(Ok(()), |exp| check_expiry(exp, now))?;
        Ok((key_id, base))
    }

    fn foreign_signer(&self, signer: &str) -> Refusal {
        let ours: Vec<&str> = self.load_balancers.iter().map(|(arn, _)| arn.as_str()).collect();
        Refusal::Signer(Mismatch::new(ours.join(", "), signer))
    }

    /// A claim that the payload repeats must agree with what the header was checked for; one of
    /// the two must have an expiry.
    fn check_claims(
        &self,
        header_exp: Option<f64>,
        claims: &Claims,
        now: Duration,
    ) -> Result<(), Refusal> {
        if let Some(iss) = claims.iss.as_ref().filter(|iss| **iss != self.issuer) {
            return Err(Refusal::Issuer(Mismatch::new(&self.issuer, iss)));
        }
        if claims.exp.or(header_exp).is_none() {
            return Err(Refusal::NoExpiry);
        }
        claims.check_time(now)
    }
}

/// The id becomes a path of the key server, so it must have one spelling: hyphens, small letters.
fn key_id(kid: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(kid).ok()?;
    (kid == id.hyphenated().encode_lower(&mut Uuid::encode_buffer())).then_some(id)
}
