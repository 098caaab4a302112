#![doc = include_str!("../README.md")]

mod keyring;

use std::sync::LazyLock;

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{
    Engine,
    engine::general_purpose::{GeneralPurpose, STANDARD, URL_SAFE, URL_SAFE_NO_PAD},
};
use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
use serde_json::{Value, json};

pub use self::keyring::Keyring;

/// The development key's id.
pub const KEY_ID: &str = "00000000-0000-4000-8000-000000000000";

const PEM: &str = include_str!("development_key.pem");
/// An uncompressed P-256 point: `0x04`, then x and y (SEC 1, section 2.3.3).
const COORDINATE_BYTES: usize = 32;
const PEM_LINE: usize = 64;

#[expect(clippy::expect_used, reason = "the key is a constant that a test reads")]
static KEY: LazyLock<EcdsaKeyPair> = LazyLock::new(|| {
    let der = PrivatePkcs8KeyDer::from_pem_slice(PEM.as_bytes()).expect("a key in PEM");
    let key = der.secret_pkcs8_der();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key).expect("a key on P-256")
});

/// Signs `header` and `payload` as a load balancer signs `x-amzn-oidc-data`: base64url with padding,
/// which is part of what is signed.
#[must_use]
pub fn sign(header: &Value, payload: &Value) -> String {
    compact(&KEY, header, payload, &URL_SAFE)
}

/// Signs a JWT as RFC 7515 defines it, without padding.
#[must_use]
pub fn sign_jwt(payload: &Value) -> String {
    let header = json!({ "alg": "ES256", "typ": "JWT", "kid": KEY_ID });
    compact(&KEY, &header, payload, &URL_SAFE_NO_PAD)
}

/// The public key as PEM, the way AWS publishes a load balancer's.
fn pem(key: &EcdsaKeyPair) -> String {
    let der: PublicKeyX509Der<'_> = match key.public_key().as_der() {
        Ok(der) => der,
        Err(_) => return String::new(),
    };
    let text = STANDARD.encode(der.as_ref());
    let lines: Vec<&str> =
        text.as_bytes().chunks(PEM_LINE).filter_map(|line| str::from_utf8(line).ok()).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}

/// The public key as a JWK (RFC 7517).
fn jwk(id: &str, key: &EcdsaKeyPair) -> Value {
    let point = key.public_key().as_ref().get(1..).unwrap_or_default();
    let (x, y) = point.split_at_checked(COORDINATE_BYTES).unwrap_or_default();
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    json!({
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": id,
        "x": text(x), "y": text(y),
    })
}

fn compact(key: &EcdsaKeyPair, header: &Value, payload: &Value, base64: &GeneralPurpose) -> String {
    let signed =
        format!("{}.{}", base64.encode(header.to_string()), base64.encode(payload.to_string()));
    let signature = key.sign(&SystemRandom::new(), signed.as_bytes());
    let signature = signature.map(|signature| base64.encode(signature)).unwrap_or_default();
    format!("{signed}.{signature}")
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use base64::{Engine, engine::general_purpose::URL_SAFE};
    use rustls_pki_types::{SubjectPublicKeyInfoDer, pem::PemObject};
    use serde_json::json;

    use super::{KEY, pem, sign};

    #[test]
    fn the_published_key_verifies_what_the_development_key_signs() {
        let token = sign(&json!({ "alg": "ES256" }), &json!({ "sub": "alice" }));
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let key = SubjectPublicKeyInfoDer::from_pem_slice(pem(&KEY).as_bytes()).unwrap();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.as_ref());
        key.verify(signed.as_bytes(), &URL_SAFE.decode(signature).unwrap()).unwrap();
    }
}
