//! The algorithms by which an issuer may sign (RFC 7518, section 3.1; RFC 8037; RFC 9864).
//!
//! Each is bound to its kind of key and to its curve. What is not here (`none`, HMAC) does not
//! exist: no token and no key can choose it.

use aws_lc_rs::signature::{
    self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};

use crate::error::Refusal;

/// An allowed algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Es256,
    Es384,
    Es512,
    Ed25519,
}

/// The public half of a key, as the algorithms of its kind take it.
#[derive(Debug)]
pub(crate) enum PublicKey {
    /// Modulus and exponent.
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// A point of an elliptic curve.
    Point(Vec<u8>),
}

/// How a signature is checked, and so with which kind of key.
enum Check {
    Rsa(&'static RsaParameters),
    Point(&'static dyn VerificationAlgorithm),
}

impl Algorithm {
    /// What an RSA key can verify.
    pub(crate) const OF_RSA: &'static [Self] =
        &[Self::Rs256, Self::Rs384, Self::Rs512, Self::Ps256];

    /// The algorithm of this name. `EdDSA` is the older name of `Ed25519` (RFC 9864, section 2.2):
    /// no other curve of it is taken here.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "RS256" => Self::Rs256,
            "RS384" => Self::Rs384,
            "RS512" => Self::Rs512,
            "PS256" => Self::Ps256,
            "ES256" => Self::Es256,
            "ES384" => Self::Es384,
            "ES512" => Self::Es512,
            "Ed25519" | "EdDSA" => Self::Ed25519,
            _ => return None,
        })
    }

    /// The allowed algorithm that a token names.
    pub(crate) fn of_token(alg: &str) -> Result<Self, Refusal> {
        Self::named(alg).ok_or(Refusal::Algorithm)
    }

    /// Whether `signature` is this key's over `signed`. A key of another kind has signed nothing.
    pub(crate) fn has_signed(self, key: &PublicKey, signed: &[u8], signature: &[u8]) -> bool {
        match (self.check(), key) {
            (Check::Rsa(parameters), PublicKey::Rsa { n, e }) => {
                let key = RsaPublicKeyComponents { n, e };
                key.verify(parameters, signed, signature).is_ok()
            }
            (Check::Point(algorithm), PublicKey::Point(point)) => {
                UnparsedPublicKey::new(algorithm, point).verify(signed, signature).is_ok()
            }
            _ => false,
        }
    }

    fn check(self) -> Check {
        match self {
            Self::Rs256 => Check::Rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
            Self::Rs384 => Check::Rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
            Self::Rs512 => Check::Rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
            Self::Ps256 => Check::Rsa(&signature::RSA_PSS_2048_8192_SHA256),
            Self::Es256 => Check::Point(&signature::ECDSA_P256_SHA256_FIXED),
            Self::Es384 => Check::Point(&signature::ECDSA_P384_SHA384_FIXED),
            Self::Es512 => Check::Point(&signature::ECDSA_P521_SHA512_FIXED),
            Self::Ed25519 => Check::Point(&signature::ED25519),
        }
    }
}
