//! The key that seals what browsers carry, shared by the two services and known to nobody else.
//!
//! AES-256-GCM with a random 96-bit nonce (NIST SP 800-38D, section 8.2.2); the AES key is
//! derived from `CONSENT_KEY` by HKDF-SHA-256 (RFC 5869). What was sealed for one purpose, or by
//! another deployment that happens to have the same key, does not open: both are authenticated
//! with it (associated data). Marks are HMAC-SHA-256 (RFC 2104) with a key of their own.

use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    constant_time,
    error::Unspecified,
    hkdf::{self, HKDF_SHA256, Salt},
    hmac,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use identity::UserId;
use zeroize::Zeroizing;

use crate::names::WorkloadName;

const SEALING: &[u8] = b"countersign/seal/2";
const MARKING: &[u8] = b"countersign/mark/1";
const MIN_CHARACTERS: usize = 32;
/// Of an HMAC, which may be truncated to half its length (RFC 2104, section 5).
const MARK_BYTES: usize = 16;

/// What a value is sealed for. It opens for the same purpose alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A flow that waits for its consent.
    Flow,
    /// That a flow was bound.
    Bound,
    /// How a visit ended.
    Ended,
    /// Which flow began after a disconnect.
    Begun,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::Flow => "flow",
            Self::Bound => "bound",
            Self::Ended => "ended",
            Self::Begun => "begun",
        }
    }
}

/// One key, or two while rotating: the first seals, either opens.
pub struct ConsentKeys {
    first: Key,
    second: Option<Key>,
    deployment: String,
}

struct Key {
    sealing: RandomizedNonceKey,
    marking: hmac::Key,
}

impl ConsentKeys {
    /// Keys from `CONSENT_KEY`'s value: one or two, comma-separated, each of at least 32
    /// characters.
    ///
    /// # Errors
    /// When there are none or more than two, or one is too short.
    pub fn parse(value: &str) -> Result<Self, InvalidConsentKey> {
        let key = |secret: &str| {
            let secret = secret.trim();
            if secret.chars().count() < MIN_CHARACTERS {
                return Err(InvalidConsentKey);
            }
            derive(secret).map_err(|_| InvalidConsentKey)
        };
        let (first, second) = match value.split_once(',') {
            Some((_, second)) if second.contains(',') => return Err(InvalidConsentKey),
            Some((first, second)) => (key(first)?, Some(key(second)?)),
            None => (key(value)?, None),
        };
        Ok(Self { first, second, deployment: String::new() })
    }

    /// The same keys for one deployment alone: the application's `site` (its origin) and the
    /// workload's name in AgentCore Identity.
    #[must_use]
    pub fn tied_to(self, site: &str, workload: &WorkloadName) -> Self {
        // Neither can hold a line feed, so that no two pairs read the same.
        Self { deployment: format!("{site}\n{}", workload.as_str()), ..self }
    }

    pub(crate) fn seal(&self, purpose: Purpose, plaintext: &[u8]) -> Result<String, Unspecified> {
        let mut text = plaintext.to_vec();
        let associated = self.associated(purpose);
        let nonce = self.first.sealing.seal_in_place_append_tag(associated, &mut text)?;
        let mut sealed = nonce.as_ref().to_vec();
        sealed.append(&mut text);
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    pub(crate) fn open(&self, purpose: Purpose, sealed: &str) -> Option<Zeroizing<Vec<u8>>> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, ciphertext) = sealed.split_at_checked(NONCE_LEN)?;
        self.all().find_map(|key| {
            let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
            let mut text = Zeroizing::new(ciphertext.to_vec());
            let associated = self.associated(purpose);
            let length = key.sealing.open_in_place(nonce, associated, &mut text).ok()?.len();
            text.truncate(length);
            Some(text)
        })
    }

    /// A value that stands for `user` in this deployment and tells nothing else of them: 22
    /// characters of base64url, the same each time.
    #[must_use]
    pub fn mark(&self, user: &UserId) -> String {
        let tag = hmac::sign(&self.first.marking, &self.marked(user));
        URL_SAFE_NO_PAD.encode(&tag.as_ref()[..MARK_BYTES])
    }

    /// Whether `mark` stands for `user`, by any of the keys.
    #[must_use]
    pub fn is_mark(&self, mark: &str, user: &UserId) -> bool {
        let Ok(mark) = URL_SAFE_NO_PAD.decode(mark) else { return false };
        self.all().any(|key| {
            let tag = hmac::sign(&key.marking, &self.marked(user));
            constant_time::verify_slices_are_equal(&tag.as_ref()[..MARK_BYTES], &mark).is_ok()
        })
    }

    fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.first).chain(&self.second)
    }

    fn marked(&self, user: &UserId) -> Vec<u8> {
        format!("{}\n{}", self.deployment, user.as_str()).into_bytes()
    }

    fn associated(&self, purpose: Purpose) -> Aad<Vec<u8>> {
        Aad::from(format!("{}\n{}", purpose.name(), self.deployment).into_bytes())
    }
}

fn derive(secret: &str) -> Result<Key, Unspecified> {
    let pseudorandom_key = Salt::new(HKDF_SHA256, &[]).extract(secret.as_bytes());
    let mut key = Zeroizing::new([0; 32]);
    pseudorandom_key.expand(&[SEALING], &AES_256_GCM)?.fill(key.as_mut_slice())?;
    let sealing = RandomizedNonceKey::new(&AES_256_GCM, key.as_slice())?;
    let marking: hkdf::Okm<'_, _> = pseudorandom_key.expand(&[MARKING], hmac::HMAC_SHA256)?;
    Ok(Key { sealing, marking: hmac::Key::from(marking) })
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
    use identity::UserId;

    use super::{ConsentKeys, Purpose};
    use crate::names::WorkloadName;

    const OLD: &str = "an old key of at least 32 characters";
    const NEW: &str = "a new key of at least 32 characters!";

    fn keys(value: &str) -> ConsentKeys {
        ConsentKeys::parse(value).unwrap()
    }

    #[test]
    fn one_service_opens_what_the_other_sealed() {
        let sealed = keys(NEW).seal(Purpose::Flow, b"flow").unwrap();
        assert_eq!(keys(NEW).open(Purpose::Flow, &sealed).unwrap().as_slice(), b"flow");
    }

    #[test]
    fn while_rotating_either_key_opens_and_the_first_seals() {
        let both = keys(&format!("{NEW},{OLD}"));
        assert!(
            both.open(Purpose::Flow, &keys(OLD).seal(Purpose::Flow, b"flow").unwrap()).is_some()
        );
        assert!(
            keys(NEW).open(Purpose::Flow, &both.seal(Purpose::Flow, b"flow").unwrap()).is_some()
        );
        assert!(
            keys(OLD).open(Purpose::Flow, &both.seal(Purpose::Flow, b"flow").unwrap()).is_none()
        );
    }

    #[test]
    fn no_changed_character_opens() {
        let sealed = keys(NEW).seal(Purpose::Flow, b"flow").unwrap();
        for at in 0..sealed.len() {
            let other = if sealed.as_bytes()[at] == b'A' { "B" } else { "A" };
            let mut changed = sealed.clone();
            changed.replace_range(at..=at, other);
            assert!(keys(NEW).open(Purpose::Flow, &changed).is_none(), "at {at}");
        }
        assert!(keys(NEW).open(Purpose::Flow, "").is_none());
    }

    #[test]
    fn a_short_or_third_key_is_refused() {
        for value in ["", "short", &format!("{NEW},"), &format!("{NEW},{OLD},{OLD}")] {
            assert!(ConsentKeys::parse(value).is_err(), "{value:?}");
        }
    }

    fn keys_for(site: &str, workload: &str) -> ConsentKeys {
        keys(NEW).tied_to(site, &WorkloadName::parse(workload).unwrap())
    }

    #[test]
    fn what_was_sealed_for_one_purpose_opens_for_no_other() {
        let sealed = keys(NEW).seal(Purpose::Bound, b"flow").unwrap();
        assert!(keys(NEW).open(Purpose::Bound, &sealed).is_some());
        assert!(keys(NEW).open(Purpose::Flow, &sealed).is_none());
        assert!(keys(NEW).open(Purpose::Ended, &sealed).is_none());
    }

    #[test]
    fn another_deployment_with_the_same_key_opens_nothing() {
        let here = keys_for("https://a.example", "agent");
        let sealed = here.seal(Purpose::Flow, b"flow").unwrap();
        assert!(keys_for("https://a.example", "agent").open(Purpose::Flow, &sealed).is_some());
        for other in
            [keys_for("https://b.example", "agent"), keys_for("https://a.example", "other")]
        {
            assert!(other.open(Purpose::Flow, &sealed).is_none());
            assert!(!other.is_mark(&here.mark(&user("alice")), &user("alice")));
        }
    }

    fn user(id: &str) -> UserId {
        UserId::parse(id).unwrap()
    }

    #[test]
    fn a_mark_is_one_persons_and_lasts_while_the_key_is_rotated() {
        let (alice, bob) = (user("alice"), user("bob"));
        let mark = keys(OLD).mark(&alice);
        assert_eq!(mark, keys(OLD).mark(&alice));
        let rotating = keys(&format!("{NEW},{OLD}"));
        assert!(
            rotating.is_mark(&mark, &alice) && rotating.is_mark(&rotating.mark(&alice), &alice)
        );
        assert!(!rotating.is_mark(&mark, &bob));
        for wrong in ["", "alice", &mark[1..], &format!("{mark}A"), &rotating.mark(&bob)] {
            assert!(!rotating.is_mark(wrong, &alice), "{wrong}");
        }
        assert!(!mark.contains("alice") && mark.len() == 22, "{mark}");
    }
}
