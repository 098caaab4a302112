//! An issuer's keys (RFC 7517), each for what it is meant for and nothing else.
//!
//! A token says by which algorithm and with which key it was signed; that must never be the
//! token's choice (RFC 8725, sections 3.1 and 3.2). So each key knows the algorithms that it may
//! verify: those of its type and curve, narrowed by its own `alg`, and none unless it is for
//! signatures. Symmetric keys, other curves and unreadable keys are left out, as RFC 7517,
//! section 5, asks, and so verify nothing.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    algorithm::{Algorithm, PublicKey},
    error::Refusal,
    fetch::FetchError,
    token::{UnverifiedToken, VerifiedToken},
};

/// The keys of one issuer that can verify something.
#[derive(Debug)]
pub(crate) struct KeySet(Vec<Key>);

#[derive(Debug)]
struct Key {
    id: Option<String>,
    algorithms: Vec<Algorithm>,
    key: PublicKey,
}

/// Each key by itself, so that one that can't be read does not take the others along.
#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

/// The members of a key (RFC 7517, section 4; RFC 7518, section 6; RFC 8037, section 2).
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: Option<String>,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    used_for: Option<String>,
    key_ops: Option<Vec<String>>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Reads a JWK set.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, FetchError> {
        let document: Document = serde_json::from_slice(json)
            .map_err(|_| FetchError::unavailable("the issuer's answer is no JWK set"))?;
        let keys: Vec<Key> = document.keys.into_iter().filter_map(Key::read).collect();
        if keys.is_empty() {
            return Err(FetchError::unavailable(
                "the issuer's JWK set has no key that verifies tokens",
            ));
        }
        Ok(Self(keys))
    }

    /// Checks `token`'s signature by `algorithm` with the key `id`. Should several have that id,
    /// as RFC 7517, section 4.5, allows, one of them must have signed. A token that names no key
    /// must leave no choice: one key of the set can verify its algorithm.
    pub(crate) fn verify<'a>(
        &self,
        token: &UnverifiedToken<'a>,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<VerifiedToken<'a>, Refusal> {
        let able: Vec<&Key> = match id {
            Some(id) if self.of_id(id).next().is_none() => return Err(Refusal::UnknownKey),
            Some(id) => self.of_id(id).filter(|key| key.algorithms.contains(&algorithm)).collect(),
            None => self.able(algorithm).collect(),
        };
        match (able.len(), id) {
            (0, _) => return Err(Refusal::Algorithm),
            (2.., None) => return Err(Refusal::KeyId),
            _ => {}
        }
        token.verify(|signed, signature| {
            able.iter().any(|key| algorithm.has_signed(&key.key, signed, signature))
        })
    }

    fn of_id(&self, id: &str) -> impl Iterator<Item = &Key> {
        self.0.iter().filter(move |key| key.id.as_deref() == Some(id))
    }

    fn able(&self, algorithm: Algorithm) -> impl Iterator<Item = &Key> {
        self.0.iter().filter(move |key| key.algorithms.contains(&algorithm))
    }
}

impl Key {
    fn read(jwk: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(jwk).ok()?;
        if !jwk.is_for_signatures() {
            return None;
        }
        let (able, key) = jwk.public()?;
        let is_meant = |algorithm: &&Algorithm| {
            jwk.alg.as_ref().is_none_or(|alg| Algorithm::named(alg) == Some(**algorithm))
        };
        let algorithms: Vec<Algorithm> = able.iter().filter(is_meant).copied().collect();
        (!algorithms.is_empty()).then_some(Self { id: jwk.kid, algorithms, key })
    }
}

impl Jwk {
    /// RFC 7517, sections 4.2 and 4.3.
    fn is_for_signatures(&self) -> bool {
        let verifies = |operations: &Vec<String>| operations.iter().any(|it| it == "verify");
        self.used_for.as_ref().is_none_or(|of| of == "sig")
            && self.key_ops.as_ref().is_none_or(verifies)
    }

    /// What a key of this type and curve can verify, and its numbers.
    fn public(&self) -> Option<(&'static [Algorithm], PublicKey)> {
        match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => {
                let key = PublicKey::Rsa { n: number(&self.n)?, e: number(&self.e)? };
                Some((Algorithm::OF_RSA, key))
            }
            ("EC", Some("P-256")) => Some((&[Algorithm::Es256], self.point(32)?)),
            ("EC", Some("P-384")) => Some((&[Algorithm::Es384], self.point(48)?)),
            ("EC", Some("P-521")) => Some((&[Algorithm::Es512], self.point(66)?)),
            ("OKP", Some("Ed25519")) => {
                let key = number(&self.x).filter(|x| x.len() == 32)?;
                Some((&[Algorithm::Ed25519], PublicKey::Point(key)))
            }
            _ => None,
        }
    }

    /// A point whose coordinates have as many octets as the curve asks for (RFC 7518, section
    /// 6.2.1.2), uncompressed.
    fn point(&self, octets: usize) -> Option<PublicKey> {
        let (x, y) = (number(&self.x)?, number(&self.y)?);
        let is_whole = x.len() == octets && y.len() == octets;
        is_whole.then(|| PublicKey::Point([&[4], &x[..], &y[..]].concat()))
    }
}

fn number(text: &Option<String>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.as_ref()?).ok()
}
