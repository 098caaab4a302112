//! The key that seals flows, shared by the two services and known to nobody else.
//!
//! AES-256-GCM with a random 96-bit nonce (NIST SP 800-38D, section 8.2.2); the AES key is
//! derived from `CONSENT_KEY` by HKDF-SHA-256 (RFC 5869).

use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    error::Unspecified,
    hkdf::{HKDF_SHA256, Salt},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

const PURPOSE: &[u8] = b"countersign/flow/1";
const MIN_CHARACTERS: usize = 32;
const MAX_KEYS: usize = 2;

/// One key, or two while rotating: the first seals, either opens.
pub struct ConsentKeys(Vec<RandomizedNonceKey>);

impl ConsentKeys {
    /// Keys from `CONSENT_KEY`'s value: one or two, comma-separated, each of at least 32
    /// characters.
    ///
    /// # Errors
    /// When there are none or more than two, or one is too short.
    pub fn parse(value: &str) -> Result<Self, InvalidConsentKey> {
        let secrets: Vec<&str> = value.split(',').map(str::trim).collect();
        let long_enough = |secret: &&str| secret.chars().count() >= MIN_CHARACTERS;
        if secrets.len() > MAX_KEYS || !secrets.iter().all(long_enough) {
            return Err(InvalidConsentKey);
        }
        let keys: Result<Vec<_>, Unspecified> = secrets.into_iter().map(derive).collect();
        keys.map(Self).map_err(|_| InvalidConsentKey)
    }

    pub(crate) fn seal(&self, plaintext: &[u8]) -> Result<String, Unspecified> {
        let key = self.0.first().ok_or(Unspecified)?;
        let mut text = plaintext.to_vec();
        let nonce = key.seal_in_place_append_tag(Aad::from(PURPOSE), &mut text)?;
        let mut sealed = nonce.as_ref().to_vec();
        sealed.append(&mut text);
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    pub(crate) fn open(&self, sealed: &str) -> Option<Zeroizing<Vec<u8>>> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, ciphertext) = sealed.split_at_checked(NONCE_LEN)?;
        self.0.iter().find_map(|key| {
            let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
            let mut text = Zeroizing::new(ciphertext.to_vec());
            let length = key.open_in_place(nonce, Aad::from(PURPOSE), &mut text).ok()?.len();
            text.truncate(length);
            Some(text)
        })
    }
}

fn derive(secret: &str) -> Result<RandomizedNonceKey, Unspecified> {
    let mut key = Zeroizing::new([0; 32]);
    let pseudorandom_key = Salt::new(HKDF_SHA256, &[]).extract(secret.as_bytes());
    pseudorandom_key.expand(&[PURPOSE], &AES_256_GCM)?.fill(key.as_mut_slice())?;
    RandomizedNonceKey::new(&AES_256_GCM, key.as_slice())
}

impl fmt::Debug for ConsentKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConsentKeys(…)")
    }
}

/// A value that can't be [`ConsentKeys`]; never shows the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("one random string of at least 32 characters, or two separated by a comma while rotating")]
pub struct InvalidConsentKey;

#[cfg(test)]
mod tests {
    use super::ConsentKeys;

    const OLD: &str = "an old key of at least 32 characters";
    const NEW: &str = "a new key of at least 32 characters!";

    fn keys(value: &str) -> ConsentKeys {
        ConsentKeys::parse(value).unwrap()
    }

    #[test]
    fn what_one_service_seals_the_other_opens() {
        let sealed = keys(NEW).seal(b"flow").unwrap();
        assert_eq!(keys(NEW).open(&sealed).unwrap().as_slice(), b"flow");
    }

    #[test]
    fn while_rotating_either_key_opens_and_the_first_seals() {
        let both = keys(&format!("{NEW},{OLD}"));
        assert!(both.open(&keys(OLD).seal(b"flow").unwrap()).is_some());
        assert!(keys(NEW).open(&both.seal(b"flow").unwrap()).is_some());
        assert!(keys(OLD).open(&both.seal(b"flow").unwrap()).is_none());
    }

    #[test]
    fn no_changed_character_opens() {
        let sealed = keys(NEW).seal(b"flow").unwrap();
        for at in 0..sealed.len() {
            let other = if sealed.as_bytes()[at] == b'A' { "B" } else { "A" };
            let mut changed = sealed.clone();
            changed.replace_range(at..=at, other);
            assert!(keys(NEW).open(&changed).is_none(), "at {at}");
        }
        assert!(keys(NEW).open("").is_none());
    }

    #[test]
    fn a_short_or_third_key_is_refused() {
        for value in ["", "short", &format!("{NEW},"), &format!("{NEW},{OLD},{OLD}")] {
            assert!(ConsentKeys::parse(value).is_err(), "{value:?}");
        }
    }
}
