//! A compact JWS (RFC 7515, section 7.1), taken apart and not yet believed.
//!
//! The load balancer writes its three segments in base64url **with** `=` padding, unlike RFC
//! 7515, section 2, and signs them so; everybody else writes none. The bytes as received are
//! what the signature is checked over. Within one token there is one way to write each segment:
//! padding canonical or none, and no bits left over.

use std::{fmt, time::Duration};

use base64::{
    Engine,
    engine::general_purpose::{GeneralPurpose, URL_SAFE, URL_SAFE_NO_PAD},
};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    allow_claim::AllowClaim,
    error::{AuthenticationError, Refusal},
    json::{self, present},
    time::{check_beginning, check_expiry},
    user::{User, UserId},
};

/// The load balancer itself fails with claims and access token over 11 KB together.
const MAX_BYTES: usize = 16 * 1024;
/// A load balancer's JOSE header has about 500 characters.
const MAX_HEADER_BYTES: usize = 4 * 1024;

/// A token whose signature nobody has checked: what its header says may only choose the key, or
/// be a reason to refuse.
#[derive(Debug)]
pub(crate) struct UnverifiedToken<'a> {
    header: Vec<u8>,
    signed: &'a str,
    payload: &'a str,
    signature: &'a str,
    encoding: &'static GeneralPurpose,
}

/// A token whose signature is right. Only [`UnverifiedToken::verify`] makes one.
#[derive(Debug)]
pub(crate) struct VerifiedToken<'a> {
    payload: &'a str,
    encoding: &'static GeneralPurpose,
}

impl<'a> UnverifiedToken<'a> {
    /// A token as RFC 7515 has it, without padding.
    pub(crate) fn parse(token: &'a str) -> Result<Self, Refusal> {
        Self::take_apart(token, &URL_SAFE_NO_PAD)
    }

    /// A token as a load balancer writes it: padded, unless no segment needs padding.
    pub(crate) fn parse_padded(token: &'a str) -> Result<Self, Refusal> {
        let is_padded = token.contains('=');
        Self::take_apart(token, if is_padded { &URL_SAFE } else { &URL_SAFE_NO_PAD })
    }

    fn take_apart(token: &'a str, encoding: &'static GeneralPurpose) -> Result<Self, Refusal> {
        if token.len() > MAX_BYTES {
            return Err(Refusal::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Refusal::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(Refusal::Malformed)?;
        if header.len() > MAX_HEADER_BYTES {
            return Err(Refusal::TooLong);
        }
        if payload.contains('.') {
            return Err(Refusal::Malformed);
        }
        let header = decode(header, encoding)?;
        Ok(Self { header, signed, payload, signature, encoding })
    }

    /// The JOSE header's members.
    pub(crate) fn header<'de, H: Deserialize<'de>>(&'de self) -> Result<H, Refusal> {
        json::object(&self.header)
    }

    /// The token with its payload within reach, if `is_signature` says so of the signed bytes
    /// and the signature.
    pub(crate) fn verify(
        &self,
        is_signature: impl FnOnce(&[u8], &[u8]) -> bool,
    ) -> Result<VerifiedToken<'a>, Refusal> {
        let signature = decode(self.signature, self.encoding)?;
        if is_signature(self.signed.as_bytes(), &signature) {
            Ok(VerifiedToken { payload: self.payload, encoding: self.encoding })
        } else {
            Err(Refusal::Signature)
        }
    }
}

impl VerifiedToken<'_> {
    /// The user whom `claims` are about, which were checked; refused if the token lacks the claim that is `needed`.
    pub(crate) fn user(
        &self,
        claims: Claims,
        needed: Option<&AllowClaim>,
    ) -> Result<User, AuthenticationError> {
        let user = claims.user()?;
        let decoded = || decode(self.payload, self.encoding);
        match needed.is_none_or(|claim| decoded().is_ok_and(|payload| claim.is_in(&payload))) {
            true => Ok(user),
            false => Err(AuthenticationError::NotAllowed(user.id)),
        }
    }

    /// What the token claims.
    pub(crate) fn claims(&self) -> Result<Claims, Refusal> {
        json::object(&decode(self.payload, self.encoding)?)
    }
}

fn decode(segment: &str, encoding: &GeneralPurpose) -> Result<Vec<u8>, Refusal> {
    encoding.decode(segment).map_err(|_| Refusal::Malformed)
}

/// The claims that a decision or a greeting needs; those that decide must have their types.
#[derive(Debug, Deserialize)]
pub(crate) struct Claims {
    sub: Option<Value>,
    email: Option<Value>,
    name: Option<Value>,
    client_id: Option<Value>,
    token_use: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    pub(crate) iss: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(crate) aud: Option<Audience>,
    #[serde(default, deserialize_with = "present")]
    pub(crate) exp: Option<f64>,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<f64>,
    #[serde(default, deserialize_with = "present")]
    pub(crate) cnf: Option<serde::de::IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    pub(crate) events: Option<serde::de::IgnoredAny>,
}

/// RFC 7519, section 4.1.3.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    pub(crate) fn names(&self, party: &str) -> bool {
        match self {
            Self::One(audience) => audience == party,
            Self::Many(audiences) => audiences.iter().any(|audience| audience == party),
        }
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(audience) => f.write_str(audience),
            Self::Many(audiences) => f.write_str(&audiences.join(", ")),
        }
    }
}

impl Claims {
    /// For which client an access token was made, as Amazon Cognito has it.
    pub(crate) fn client_of_access_token(&self) -> Option<&str> {
        let is_for_access = self.token_use.as_ref().and_then(Value::as_str) == Some("access");
        self.client_id.as_ref().and_then(Value::as_str).filter(|_| is_for_access)
    }

    /// Refuses claims that are over or still to come.
    pub(crate) fn check_time(&self, now: Duration) -> Result<(), Refusal> {
        self.exp.map_or(Ok(()), |exp| check_expiry(exp, now))?;
        self.nbf.map_or(Ok(()), |nbf| check_beginning(nbf, now))
    }

    /// Whom claims that have been checked are about. A greeting that is no text is left out.
    pub(crate) fn user(self) -> Result<User, Refusal> {
        let sub = text(self.sub).ok_or(Refusal::Subject)?;
        let id = UserId::parse(sub).map_err(|_| Refusal::Subject)?;
        Ok(User { id, email: text(self.email), name: text(self.name), token: None })
    }
}

fn text(claim: Option<Value>) -> Option<String> {
    match claim {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_BYTES, MAX_HEADER_BYTES, Refusal, UnverifiedToken};

    fn parsed(header: usize, payload: usize) -> Result<(), Refusal> {
        let token = format!("{}.{}.", "A".repeat(header), "A".repeat(payload));
        UnverifiedToken::parse(&token).map(drop)
    }

    #[test]
    fn a_token_and_its_header_are_as_long_as_they_may_be_and_no_longer() {
        let rest = MAX_BYTES - MAX_HEADER_BYTES - 2;
        assert!(parsed(MAX_HEADER_BYTES, rest).is_ok());
        let too_long = [parsed(MAX_HEADER_BYTES, rest + 1), parsed(MAX_HEADER_BYTES + 1, 0)];
        for refused in too_long {
            assert!(matches!(refused, Err(Refusal::TooLong)), "{refused:?}");
        }
    }
}
