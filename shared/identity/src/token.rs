//! The load balancer's token, taken apart and not yet believed.
//!
//! AWS writes the three segments of the compact JWT (RFC 7519) in base64url **with** `=`
//! padding, unlike RFC 7515, section 2, and signs them so. The bytes as received are what the
//! signature is checked over; decoding does not mind whether padding is there.

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use crate::error::Refusal;

/// The load balancer itself fails with claims and access token over 11 KB together.
const MAX_BYTES: usize = 16 * 1024;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A token whose signature nobody has checked: what it says may only choose the key.
#[derive(Debug)]
pub(crate) struct UnverifiedToken<'a> {
    pub(crate) header: Header,
    /// Header and payload as received: what was signed.
    pub(crate) signed: &'a str,
    pub(crate) signature: Vec<u8>,
    payload: &'a str,
}

/// The members of the JOSE header that a decision needs. A member given twice is refused;
/// others (`crit`, `jwk`, `jku`, `x5u`, `x5c` …) are never looked at.
#[derive(Debug, Deserialize)]
pub(crate) struct Header {
    pub(crate) alg: String,
    pub(crate) kid: String,
    pub(crate) signer: String,
    pub(crate) client: String,
    pub(crate) iss: String,
    #[serde(default, deserialize_with = "seconds")]
    pub(crate) exp: Option<f64>,
}

/// The claims that a decision or a greeting needs.
#[derive(Debug, Deserialize)]
pub(crate) struct Claims {
    pub(crate) sub: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) iss: Option<String>,
    #[serde(default, deserialize_with = "seconds")]
    pub(crate) exp: Option<f64>,
}

/// A NumericDate (RFC 7519, section 2) that is there: `null` or a string is malformed, not absent.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    f64::deserialize(deserializer).map(Some)
}

impl<'a> UnverifiedToken<'a> {
    pub(crate) fn parse(token: &'a str) -> Result<Self, Refusal> {
        if token.len() > MAX_BYTES {
            return Err(Refusal::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Refusal::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(Refusal::Malformed)?;
        if payload.contains('.') {
            return Err(Refusal::Malformed);
        }
        Ok(Self { header: json(header)?, signed, signature: decode(signature)?, payload })
    }

    /// What the token claims; to be called once the signature has been checked.
    pub(crate) fn claims(&self) -> Result<Claims, Refusal> {
        json(self.payload)
    }
}

fn decode(segment: &str) -> Result<Vec<u8>, Refusal> {
    BASE64.decode(segment).map_err(|_| Refusal::Malformed)
}

fn json<T: DeserializeOwned>(segment: &str) -> Result<T, Refusal> {
    serde_json::from_slice(&decode(segment)?).map_err(|_| Refusal::Malformed)
}
