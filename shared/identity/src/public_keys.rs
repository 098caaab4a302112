//! The load balancers' public keys: fetched once, then kept.
//!
//! A key is a PEM SubjectPublicKeyInfo on P-256 at `{base}/{kid}` (AWS, "Authenticate users
//! using an Application Load Balancer"). The load balancers of all customers publish their keys at
//! the same place, so a key's presence there proves nothing. A key is *proven* once it has verified
//! a token that names our own load balancer. An attacker who invents key ids, or knows other
//! customers', meets three limits: a few fetches in [`PERIOD`], a few unproven keys in memory, and
//! no unproven key ever takes the place of a proven one.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use http::StatusCode;
use rustls_pki_types::{SubjectPublicKeyInfoDer, pem::PemObject};
use url::Url;
use uuid::Uuid;

use crate::{
    cached::{Cached, age},
    error::AuthenticationError,
    fetch::{FetchError, Fetcher},
    token::{UnverifiedToken, VerifiedToken},
};

/// Few keys of each load balancer are live at a time.
const MAX_PROVEN: usize = 64;
const MAX_UNPROVEN: usize = 32;
/// How many unproven keys are asked for in one [`PERIOD`].
const MAX_FETCHES: usize = 10;
const PERIOD: Duration = Duration::from_secs(5);
/// S3, where these keys live, answers 403 for an object that is not there. So does a bucket or a
/// proxy that has just been locked: for a key that was there, only 404 says that it is gone.
const NEVER_THERE: &[StatusCode] = &[StatusCode::NOT_FOUND, StatusCode::FORBIDDEN];
const GONE: &[StatusCode] = &[StatusCode::NOT_FOUND];

/// Where a key is.
#[derive(Clone, PartialEq, Eq)]
struct Name {
    id: Uuid,
    base: Arc<Url>,
}

/// The keys that have been asked for.
#[derive(Default)]
pub(crate) struct PublicKeys {
    by_id: Mutex<KeysById>,
    pace: Mutex<Pace>,
    fetcher: Arc<Fetcher>,
}

/// Each list has its oldest first.
#[derive(Default)]
struct KeysById {
    proven: VecDeque<(Name, Cached<ParsedPublicKey>)>,
    unproven: VecDeque<(Name, Cached<ParsedPublicKey>)>,
}

impl PublicKeys {
    /// Checks `token`'s signature with the key `id` under `base`; `now` is the time since the
    /// Unix epoch.
    pub(crate) async fn verify<'a>(
        &self,
        token: UnverifiedToken<'a>,
        base: &Arc<Url>,
        id: Uuid,
        now: Duration,
    ) -> Result<VerifiedToken<'a>, AuthenticationError> {
        let name = Name { id, base: Arc::clone(base) };
        let (cached, is_proven) = self.lock().find(&name);
        let key = cached.current(now, || self.fetch(&name, is_proven, now)).await?;
        let token = token.verify(|signed, signature| key.verify_sig(signed, signature).is_ok())?;
        if !is_proven {
            self.lock().prove(name, cached);
        }
        Ok(token)
    }

    /// Opens a connection to the key server at `base`.
    pub(crate) async fn connect(&self, base: &Url) {
        self.fetcher.connect(base).await;
    }

    /// Asks the key server, unless too many unproven keys were asked for lately. That is not
    /// remembered: the next request for a key that has just come into use tries again.
    fn fetch(
        &self,
        name: &Name,
        is_proven: bool,
        now: Duration,
    ) -> Option<impl Future<Output = Result<ParsedPublicKey, FetchError>> + Send + use<>> {
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_proven && !pace.allows(now) {
            return None;
        }
        let (fetcher, address) = (Arc::clone(&self.fetcher), name.address());
        let absent = if is_proven { GONE } else { NEVER_THERE };
        Some(async move { parse(&fetcher.get(&address, absent).await?) })
    }

    fn lock(&self) -> MutexGuard<'_, KeysById> {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Name {
    fn address(&self) -> Url {
        let mut address = Url::clone(&self.base);
        if let Ok(mut path) = address.path_segments_mut() {
            path.pop_if_empty().push(&self.id.hyphenated().to_string());
        }
        address
    }
}

impl KeysById {
    /// The key of this name, and whether it is proven.
    fn find(&mut self, name: &Name) -> (Cached<ParsedPublicKey>, bool) {
        let of_name = |(known, _): &&(Name, _)| known == name;
        if let Some((_, cached)) = self.proven.iter().find(of_name) {
            return (cached.clone(), true);
        }
        if let Some((_, cached)) = self.unproven.iter().find(of_name) {
            return (cached.clone(), false);
        }
        let cached = Cached::default();
        push(&mut self.unproven, MAX_UNPROVEN, (name.clone(), cached.clone()));
        (cached, false)
    }

    fn prove(&mut self, name: Name, cached: Cached<ParsedPublicKey>) {
        self.unproven.retain(|(known, _)| *known != name);
        if self.proven.iter().all(|(known, _)| *known != name) {
            push(&mut self.proven, MAX_PROVEN, (name, cached));
        }
    }
}

fn push<T>(list: &mut VecDeque<T>, most: usize, item: T) {
    if list.len() >= most {
        list.pop_front();
    }
    list.push_back(item);
}

/// When the last [`MAX_FETCHES`] unproven keys were asked for.
#[derive(Default)]
struct Pace(VecDeque<Duration>);

impl Pace {
    /// Whether one more may be asked for; if so, it counts.
    fn allows(&mut self, now: Duration) -> bool {
        let is_full = self.0.len() >= MAX_FETCHES;
        if is_full && self.0.front().is_some_and(|first| age(*first, now) < PERIOD) {
            return false;
        }
        push(&mut self.0, MAX_FETCHES, now);
        true
    }
}

fn parse(pem: &[u8]) -> Result<ParsedPublicKey, FetchError> {
    let key = SubjectPublicKeyInfoDer::from_pem_slice(pem)
        .map_err(|_| FetchError::unavailable("the key server's answer is no PEM public key"))?;
    let parsed = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.as_ref());
    parsed.map_err(|_| FetchError::unavailable("the key server's key is not on P-256"))
}

impl fmt::Debug for PublicKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKeys")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use uuid::Uuid;

    use super::{KeysById, MAX_UNPROVEN, Name};

    fn name(id: u128) -> Name {
        let base = Arc::new("https://keys.example".parse().unwrap());
        Name { id: Uuid::from_u128(id), base }
    }

    #[test]
    fn each_key_is_proven_for_itself_and_no_number_of_unproven_ones_puts_it_out() {
        let mut keys = KeysById::default();
        for id in 1..=3 {
            assert!(!keys.find(&name(id)).1);
        }
        for id in [1, 2, 2] {
            let (cached, _) = keys.find(&name(id));
            keys.prove(name(id), cached);
        }
        assert_eq!((keys.proven.len(), keys.unproven.len()), (2, 1));
        assert!(keys.unproven[0].0 == name(3));
        for id in 0..1_000 {
            keys.find(&name(1_000 + id));
        }
        assert!(keys.find(&name(1)).1 && keys.find(&name(2)).1 && !keys.find(&name(3)).1);
        assert_eq!((keys.proven.len(), keys.unproven.len()), (2, MAX_UNPROVEN));
    }
}
