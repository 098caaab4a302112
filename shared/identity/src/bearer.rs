//! Verification of `Authorization: Bearer` tokens of one OIDC issuer.
//!
//! Rules: RFC 6750, section 2.1, for the header; RFC 7515 for the signature; RFC 7519 for the
//! claims; RFC 8725 (JWT best current practices) for what a token must not get away with. Only
//! a token that was made for us is taken, so `aud` must name our client id; whether an ID token or
//! a JWT access token is sent is for the deployment to say by what its proxy forwards. The access
//! tokens of Amazon Cognito have no `aud` ("Understanding the access token"): there `client_id` names
//! us, if the deployment says so.

use std::{borrow::Cow, fmt, time::Duration};

use http::{HeaderMap, header};
use serde::{Deserialize, de::IgnoredAny};

use crate::{
    algorithm::Algorithm,
    allow_claim::AllowClaim,
    error::{AuthenticationError, Refusal},
    header::only,
    issuer::{Issuer, KeySetPlace},
    json::present,
    mismatch::Mismatch,
    token::{Claims, UnverifiedToken},
    user::User,
    user_token::UserToken,
};

/// Which tokens to believe.
#[derive(Debug, Clone)]
pub struct BearerSettings {
    /// The one trusted issuer, exactly as its tokens name it.
    pub issuer: String,
    /// Our client id there: the audience that a token must be made for.
    pub client: String,
    /// Which claim names the client.
    pub audience: AudienceClaim,
    /// Where the issuer's keys are.
    pub keys: KeySetPlace,
}

/// By which claim a token says for whom it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AudienceClaim {
    /// `aud`, as RFC 7519, section 4.1.3, has it.
    Aud,
    /// `client_id` of a token with a `token_use` of `access`: Amazon Cognito's access tokens.
    ClientId,
}

#[derive(Debug)]
pub(crate) struct BearerVerifier {
    client: String,
    audience: AudienceClaim,
    issuer: Issuer,
}

/// The members of the JOSE header that a decision needs. Those that carry or name a key of the
/// sender's own (`jwk`, `jku`, `x5u`, `x5c` …) are never looked at.
#[derive(Debug, Deserialize)]
struct Header<'a> {
    #[serde(borrow)]
    alg: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "present")]
    kid: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "present")]
    typ: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "present")]
    crit: Option<IgnoredAny>,
}

impl BearerVerifier {
    pub(crate) fn new(settings: BearerSettings) -> Self {
        let issuer = Issuer::new(settings.issuer, settings.keys);
        Self { client: settings.client, audience: settings.audience, issuer }
    }

    pub(crate) async fn verify(
        &self,
        headers: &HeaderMap,
        now: Duration,
        needed: Option<&AllowClaim>,
    ) -> Result<User, AuthenticationError> {
        let sent = bearer_token(only(headers, &header::AUTHORIZATION)?)?;
        let token = UnverifiedToken::parse(sent)?;
        let (algorithm, id) = {
            let header: Header<'_> = token.header()?;
            check_header(&header)?;
            if header.kid.as_ref().is_some_and(|id| id.is_empty()) {
                return Err(Refusal::KeyId.into());
            }
            (Algorithm::of_token(&header.alg)?, header.kid.map(Cow::into_owned))
        };
        let token = self.issuer.verify(token, id.as_deref(), algorithm, now).await?;
        let claims = token.claims()?;
        self.check_claims(&claims, now)?;
        let user = token.user(claims, needed)?;
        Ok(User { token: Some(UserToken::new(sent)), ..user })
    }

    fn check_claims(&self, claims: &Claims, now: Duration) -> Result<(), Refusal> {
        let (issuer, iss) = (self.issuer.as_str(), claims.iss.as_deref());
        if iss != Some(issuer) {
            return Err(Refusal::Issuer(Mismatch::new(issuer, iss.unwrap_or("no iss"))));
        }
        self.check_audience(claims)?;
        if claims.exp.is_none() {
            return Err(Refusal::NoExpiry);
        }
        claims.check_time(now)?;
        // RFC 7800, section 3, and RFC 9449, section 7.1: without proof that its sender has the
        // key, such a token is one that somebody may have found.
        if claims.cnf.is_some() {
            return Err(Refusal::SenderConstrained);
        }
        // RFC 8417: OpenID Connect's logout tokens have our issuer, audience and subject too.
        if claims.events.is_some() {
            return Err(Refusal::SecurityEvent);
        }
        Ok(())
    }
}

impl BearerVerifier {
    fn check_audience(&self, claims: &Claims) -> Result<(), Refusal> {
        let another =
            |seen: &dyn fmt::Display| Err(Refusal::Audience(Mismatch::new(&self.client, seen)));
        match self.audience {
            AudienceClaim::Aud => match &claims.aud {
                Some(aud) if aud.names(&self.client) => Ok(()),
                Some(aud) => another(aud),
                None => another(&"no aud"),
            },
            AudienceClaim::ClientId => match claims.client_of_access_token() {
                Some(client) if client == self.client => Ok(()),
                Some(client) => another(&client),
                None => another(&"no client_id of an access token"),
            },
        }
    }
}

/// RFC 9110, section 11.4: one scheme in any case, then spaces, then the credentials.
fn bearer_token(credentials: &str) -> Result<&str, Refusal> {
    let (scheme, token) = credentials.split_once(' ').ok_or(Refusal::Scheme)?;
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(Refusal::Scheme);
    }
    Ok(token.trim_start_matches(' '))
}

fn check_header(header: &Header<'_>) -> Result<(), Refusal> {
    // RFC 7515, section 4.1.11: a recipient that does not understand a critical parameter has to
    // refuse the token.
    if header.crit.is_some() {
        return Err(Refusal::Critical);
    }
    if header.typ.as_ref().is_some_and(|of| !is_type_of_sign_in(of)) {
        return Err(Refusal::Type);
    }
    Ok(())
}

/// A plain JWT, or an access token (RFC 9068, section 2.1); in any case, and with or without
/// `application/` (RFC 7515, section 4.1.9). Logout tokens, events and proofs have other types.
fn is_type_of_sign_in(of: &str) -> bool {
    let of = of.to_ascii_lowercase();
    matches!(of.strip_prefix("application/").unwrap_or(&of), "jwt" | "at+jwt")
}
