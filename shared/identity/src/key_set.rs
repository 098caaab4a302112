//! An issuer's keys (RFC 7517), each for what it is meant for and nothing else.
//!
//! A token says by which algorithm and with which key it was signed; that must never be the
//! token's choice (RFC 8725, sections 3.1 and 3.2). So each key knows the algorithms that it may
//! verify: those of its type and curve, narrowed by its own `alg`, and none unless it is for
//! signatures. Symmetric keys, other curves and unreadable keys are left out, as RFC 7517,
//! section 5, asks, and so verify nothing.

use jsonwebtoken::{
    Algorithm, DecodingKey,
    crypto::aws_lc::DEFAULT_PROVIDER,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    error::Refusal,
    fetch::FetchError,
    token::{UnverifiedToken, VerifiedToken},
};

/// The allowed algorithm that a token names.
pub(crate) fn algorithm(alg: &str) -> Result<Algorithm, Refusal> {
    match alg {
        "RS256" => Ok(Algorithm::RS256),
        "PS256" => Ok(Algorithm::PS256),
        "ES256" => Ok(Algorithm::ES256),
        "ES384" => Ok(Algorithm::ES384),
        "EdDSA" => Ok(Algorithm::EdDSA),
        _ => Err(Refusal::Algorithm),
    }
}

/// The keys of one issuer that can verify something.
#[derive(Debug)]
pub(crate) struct KeySet(Vec<Key>);

#[derive(Debug)]
struct Key {
    id: String,
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

/// Each key by itself, so that one that can't be read does not take the others along.
#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
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

    /// Whether a key has this id.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.0.iter().any(|key| key.id == id)
    }

    /// Checks `token`'s signature by `algorithm` with the key `id`. Should several have that id,
    /// as RFC 7517, section 4.5, allows, one of them must have signed.
    pub(crate) fn verify<'a>(
        &self,
        token: UnverifiedToken<'a>,
        id: &str,
        algorithm: Algorithm,
    ) -> Result<VerifiedToken<'a>, Refusal> {
        if !self.has(id) {
            return Err(Refusal::UnknownKey);
        }
        let of_id = self.0.iter().filter(|key| key.id == id);
        let able: Vec<_> = of_id.filter(|key| key.algorithms.contains(&algorithm)).collect();
        if able.is_empty() {
            return Err(Refusal::Algorithm);
        }
        token.verify(|signed, signature| {
            able.iter().any(|key| key.has_signed(algorithm, signed, signature))
        })
    }
}

impl Key {
    fn read(jwk: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(jwk).ok()?;
        let algorithms = algorithms(&jwk);
        if algorithms.is_empty() || !is_for_signatures(&jwk) {
            return None;
        }
        let key = DecodingKey::from_jwk(&jwk).ok()?;
        Some(Self { id: jwk.common.key_id?, algorithms, key })
    }

    fn has_signed(&self, algorithm: Algorithm, signed: &[u8], signature: &[u8]) -> bool {
        let verifier = (DEFAULT_PROVIDER.verifier_factory)(&algorithm, &self.key);
        verifier.is_ok_and(|verifier| verifier.verify(signed, &signature.to_vec()).is_ok())
    }
}

/// What a key may verify: what its type and curve can, and its own `alg` allows.
fn algorithms(jwk: &Jwk) -> Vec<Algorithm> {
    let able: &[Algorithm] = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => &[Algorithm::RS256, Algorithm::PS256],
        AlgorithmParameters::EllipticCurve(key) => match key.curve {
            EllipticCurve::P256 => &[Algorithm::ES256],
            EllipticCurve::P384 => &[Algorithm::ES384],
            _ => &[],
        },
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            &[Algorithm::EdDSA]
        }
        _ => &[],
    };
    let is_meant = |algorithm: &&Algorithm| {
        jwk.common.key_algorithm.is_none_or(|alg| alg == KeyAlgorithm::from(**algorithm))
    };
    able.iter().filter(is_meant).copied().collect()
}

/// RFC 7517, sections 4.2 and 4.3.
fn is_for_signatures(jwk: &Jwk) -> bool {
    let is_of_use =
        jwk.common.public_key_use.as_ref().is_none_or(|of| *of == PublicKeyUse::Signature);
    let verifies = |operations: &Vec<_>| operations.contains(&KeyOperations::Verify);
    is_of_use && jwk.common.key_operations.as_ref().is_none_or(verifies)
}
