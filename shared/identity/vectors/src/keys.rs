//! The keys that sign the vectors. They stand in this repository, so nobody may trust them.

use aws_lc_rs::{
    hmac, rand,
    signature::{
        self, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING,
        ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaKeyPair, RsaPublicKeyComponents,
    },
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};

/// A key pair of the tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningKey {
    /// Our load balancer's, P-256.
    LoadBalancer,
    /// Another customer's load balancer's, P-256, published beside ours.
    OtherLoadBalancer,
    /// The issuer's, P-256.
    P256,
    /// The issuer's, P-384.
    P384,
    /// The issuer's, P-521.
    P521,
    /// The issuer's, Ed25519.
    Ed25519,
    /// The issuer's, RSA of 2048 bits.
    Rsa,
}

impl SigningKey {
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "load-balancer" => Self::LoadBalancer,
            "other-load-balancer" => Self::OtherLoadBalancer,
            "p256" => Self::P256,
            "p384" => Self::P384,
            "p521" => Self::P521,
            "ed25519" => Self::Ed25519,
            "rsa" => Self::Rsa,
            other => unreachable_in_vectors(other),
        }
    }

    fn pkcs8(self) -> &'static [u8] {
        match self {
            Self::LoadBalancer => include_bytes!("../keys/load-balancer.pk8"),
            Self::OtherLoadBalancer => include_bytes!("../keys/other-load-balancer.pk8"),
            Self::P256 => include_bytes!("../keys/issuer-p256.pk8"),
            Self::P384 => include_bytes!("../keys/issuer-p384.pk8"),
            Self::P521 => include_bytes!("../keys/issuer-p521.pk8"),
            Self::Ed25519 => include_bytes!("../keys/issuer-ed25519.pk8"),
            Self::Rsa => include_bytes!("../keys/issuer-rsa.pk8"),
        }
    }

    /// A signature by `alg`, or by HMAC with this key's public half (`HS256`).
    #[must_use]
    pub fn sign(self, alg: &str, message: &[u8]) -> Vec<u8> {
        match alg {
            "ES256" => self.ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING, message),
            "ES256-der" => self.ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING, message),
            "ES384" => self.ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING, message),
            "ES512" => self.ecdsa(&ECDSA_P521_SHA512_FIXED_SIGNING, message),
            "EdDSA" => ok(Ed25519KeyPair::from_pkcs8(self.pkcs8())).sign(message).as_ref().to_vec(),
            "RS256" => self.rsa(&signature::RSA_PKCS1_SHA256, message),
            "RS384" => self.rsa(&signature::RSA_PKCS1_SHA384, message),
            "RS512" => self.rsa(&signature::RSA_PKCS1_SHA512, message),
            "PS256" => self.rsa(&signature::RSA_PSS_SHA256, message),
            "HS256" => {
                let public = self.pem();
                let key = hmac::Key::new(hmac::HMAC_SHA256, public.as_bytes());
                hmac::sign(&key, message).as_ref().to_vec()
            }
            other => unreachable_in_vectors(other),
        }
    }

    fn ecdsa(self, algorithm: &'static EcdsaSigningAlgorithm, message: &[u8]) -> Vec<u8> {
        let pair = ok(EcdsaKeyPair::from_pkcs8(algorithm, self.pkcs8()));
        ok(pair.sign(&rand::SystemRandom::new(), message)).as_ref().to_vec()
    }

    fn rsa(self, encoding: &'static dyn signature::RsaEncoding, message: &[u8]) -> Vec<u8> {
        let pair = ok(RsaKeyPair::from_pkcs8(self.pkcs8()));
        let mut signature = vec![0; pair.public_modulus_len()];
        ok(pair.sign(encoding, &rand::SystemRandom::new(), message, &mut signature));
        signature
    }

    /// The public half as a PEM SubjectPublicKeyInfo.
    #[must_use]
    pub fn pem(self) -> String {
        // RFC 5480, section 2, and RFC 8410, section 4: what stands before the point.
        let prefix: &[u8] = match self {
            Self::P384 => &[
                0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                0x05, 0x2b, 0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00,
            ],
            Self::P521 => &[
                0x30, 0x81, 0x9b, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
                0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23, 0x03, 0x81, 0x86, 0x00,
            ],
            Self::Ed25519 => {
                &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]
            }
            Self::Rsa => &[],
            _ => &[
                0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
            ],
        };
        let info = STANDARD.encode([prefix, &self.public()].concat());
        let lines: Vec<&str> = (0..info.len().div_ceil(64))
            .map(|line| &info[line * 64..info.len().min(line * 64 + 64)])
            .collect();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
    }

    /// The public half as a JWK with nothing but its type and its numbers.
    #[must_use]
    pub fn jwk(self) -> Value {
        let public = self.public();
        let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let on_curve = |name: &str| {
            let (x, y) = public[1..].split_at(public.len() / 2);
            json!({ "kty": "EC", "crv": name, "x": number(x), "y": number(y) })
        };
        match self {
            Self::P384 => on_curve("P-384"),
            Self::P521 => on_curve("P-521"),
            Self::Ed25519 => json!({ "kty": "OKP", "crv": "Ed25519", "x": number(&public) }),
            Self::Rsa => {
                let pair = ok(RsaKeyPair::from_pkcs8(self.pkcs8()));
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({ "kty": "RSA", "n": number(&public.n), "e": number(&public.e) })
            }
            _ => on_curve("P-256"),
        }
    }

    fn public(self) -> Vec<u8> {
        let key = self.pkcs8();
        match self {
            Self::P384 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, key);
                ok(pair).public_key().as_ref().to_vec()
            }
            Self::P521 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P521_SHA512_FIXED_SIGNING, key);
                ok(pair).public_key().as_ref().to_vec()
            }
            Self::Ed25519 => ok(Ed25519KeyPair::from_pkcs8(key)).public_key().as_ref().to_vec(),
            Self::Rsa => ok(RsaKeyPair::from_pkcs8(key)).public_key().as_ref().to_vec(),
            _ => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key);
                ok(pair).public_key().as_ref().to_vec()
            }
        }
    }
}

#[expect(clippy::expect_used, reason = "a test key that does not work must fail the tests")]
fn ok<T, E: std::fmt::Debug>(result: Result<T, E>) -> T {
    result.expect("a test key")
}

#[expect(clippy::panic, reason = "a vector that can't be built must fail the tests")]
pub(crate) fn unreachable_in_vectors(word: &str) -> ! {
    panic!("vectors.json says {word:?}, which means nothing")
}
