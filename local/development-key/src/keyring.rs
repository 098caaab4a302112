//! Keys that follow one another, as those of a load balancer or an issuer do.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::{
    error::Unspecified,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::{KEY, KEY_ID, compact, jwk, pem};

/// How many keys stay published that are used no more: tokens that they have signed are still on their way.
const KEPT: usize = 2;

/// The signing keys of one server; cheap to clone. The first one is the development key, which stays
/// published, because programs sign with it, too.
#[derive(Debug, Clone, Default)]
pub struct Keyring(Arc<Mutex<Rotated>>);

/// The keys after the development key, the newest last.
#[derive(Debug, Default)]
struct Rotated {
    keys: Vec<(String, Arc<EcdsaKeyPair>)>,
    times: u64,
}

impl Keyring {
    /// Signs with a new key from now on. Returns its id.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn rotate(&self) -> Result<String, Unspecified> {
        let key = Arc::new(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?);
        let mut all = self.rotated();
        all.times += 1;
        let id = format!("00000000-0000-4000-8000-{:012}", all.times);
        all.keys.push((id.clone(), key));
        let old = all.keys.len().saturating_sub(1 + KEPT);
        all.keys.drain(..old);
        Ok(id)
    }

    /// The id of the key that signs now.
    #[must_use]
    pub fn id(&self) -> String {
        self.rotated().keys.last().map_or_else(|| KEY_ID.to_owned(), |(id, _)| id.clone())
    }

    /// Signs as a load balancer does (see [`sign`](crate::sign)); `header` gets the key's id.
    #[must_use]
    pub fn sign(&self, header: Value, payload: &Value) -> String {
        self.signed(header, payload, &URL_SAFE)
    }

    /// Signs a JWT as RFC 7515 defines it, without padding.
    #[must_use]
    pub fn sign_jwt(&self, payload: &Value) -> String {
        self.signed(json!({ "alg": "ES256", "typ": "JWT" }), payload, &URL_SAFE_NO_PAD)
    }

    /// The published key with this id, as PEM.
    #[must_use]
    pub fn public_pem(&self, id: &str) -> Option<String> {
        if id == KEY_ID {
            return Some(pem(&KEY));
        }
        let all = self.rotated();
        all.keys.iter().find(|(known, _)| known == id).map(|(_, key)| pem(key))
    }

    /// All published keys as a JWK set (RFC 7517).
    #[must_use]
    pub fn jwk_set(&self) -> Value {
        let all = self.rotated();
        let rotated = all.keys.iter().map(|(id, key)| jwk(id, key));
        json!({ "keys": rotated.chain([jwk(KEY_ID, &KEY)]).collect::<Vec<_>>() })
    }

    fn signed(
        &self,
        mut header: Value,
        payload: &Value,
        base64: &base64::engine::GeneralPurpose,
    ) -> String {
        let newest = self.rotated().keys.last().cloned();
        match newest {
            Some((id, key)) => {
                header["kid"] = id.into();
                compact(&key, &header, payload, base64)
            }
            None => {
                header["kid"] = KEY_ID.into();
                compact(&KEY, &header, payload, base64)
            }
        }
    }

    fn rotated(&self) -> MutexGuard<'_, Rotated> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Keyring;
    use crate::KEY_ID;

    #[test]
    fn a_rotated_keyring_signs_with_the_new_key_and_publishes_the_old_ones() {
        let keys = Keyring::default();
        assert_eq!(keys.id(), KEY_ID);
        let first = keys.rotate().unwrap();
        let second = keys.rotate().unwrap();
        assert_eq!(keys.id(), second);
        let published = [KEY_ID, &first, &second].map(|id| keys.public_pem(id).unwrap());
        assert!(published[0] != published[1] && published[1] != published[2]);
        let set = keys.jwk_set();
        assert_eq!(set["keys"].as_array().unwrap().len(), 3, "{set}");
        let header = keys.sign(json!({ "alg": "ES256" }), &json!({ "sub": "alice" }));
        assert_ne!(header, keys.sign_jwt(&json!({ "sub": "alice" })));
    }

    #[test]
    fn a_key_is_published_no_more_after_three_others() {
        let keys = Keyring::default();
        let first = keys.rotate().unwrap();
        for _ in 0..3 {
            keys.rotate().unwrap();
        }
        assert!(keys.public_pem(&first).is_none());
        assert!(keys.public_pem(KEY_ID).is_some(), "programs sign with the development key");
    }
}
