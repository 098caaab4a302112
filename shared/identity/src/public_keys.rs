//! The load balancer's public keys: fetched once, then kept.
//!
//! A key is a PEM SubjectPublicKeyInfo on P-256 at `{base}/{kid}` (AWS, "Authenticate users
//! using an Application Load Balancer"). Few are live at a time. One fetch runs at a time, and
//! whoever waited for it finds the key in the cache; a key server that fails never makes a
//! request pass, nor one fail whose key is here.

use std::{
    collections::HashMap,
    error::Error,
    fmt,
    sync::{Arc, OnceLock, PoisonError, RwLock},
    time::Duration,
};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use bytes::Bytes;
use http::{StatusCode, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use rustls_pki_types::{SubjectPublicKeyInfoDer, pem::PemObject};
use url::Url;
use uuid::Uuid;

use crate::error::{AuthenticationError, Refusal};

/// A P-256 key in PEM has 178 bytes.
const MAX_KEY_BYTES: usize = 4 * 1024;
const FETCH_TIMEOUT: Duration = Duration::from_secs(3);
/// A key that AWS takes back stops being believed after this long.
const MAX_AGE: Duration = Duration::from_secs(60 * 60);
const MAX_KEYS: usize = 16;

type Cause = Box<dyn Error + Send + Sync>;
type HttpsClient = Client<HttpsConnector<HttpConnector>, Empty<Bytes>>;

#[derive(Clone)]
struct Kept {
    key: Arc<ParsedPublicKey>,
    fetched: Duration,
}

/// The keys that have been fetched, by load balancer's region and key id.
#[derive(Default)]
pub(crate) struct PublicKeys {
    kept: RwLock<HashMap<(Url, Uuid), Kept>>,
    fetching: tokio::sync::Mutex<()>,
    client: OnceLock<HttpsClient>,
}

impl PublicKeys {
    /// The key `id` under `base`; `now` is the time since the Unix epoch.
    pub(crate) async fn get(
        &self,
        base: &Url,
        id: Uuid,
        now: Duration,
    ) -> Result<Arc<ParsedPublicKey>, AuthenticationError> {
        let name = (base.clone(), id);
        if let Some(key) = self.find(&name, now) {
            return Ok(key);
        }
        let _one_at_a_time = self.fetching.lock().await;
        if let Some(key) = self.find(&name, now) {
            return Ok(key);
        }
        let fetched = tokio::time::timeout(FETCH_TIMEOUT, self.fetch(base, id)).await;
        let key = fetched.map_err(|slow| AuthenticationError::KeysUnavailable(slow.into()))??;
        let key = Arc::new(key);
        self.keep(name, Kept { key: Arc::clone(&key), fetched: now });
        Ok(key)
    }

    fn find(&self, name: &(Url, Uuid), now: Duration) -> Option<Arc<ParsedPublicKey>> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        let fresh = kept.get(name).filter(|kept| now < kept.fetched + MAX_AGE);
        fresh.map(|kept| Arc::clone(&kept.key))
    }

    fn keep(&self, name: (Url, Uuid), key: Kept) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_KEYS {
            let oldest = kept.iter().min_by_key(|(_, kept)| kept.fetched);
            if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                kept.remove(&oldest);
            }
        }
        kept.insert(name, key);
    }

    async fn fetch(&self, base: &Url, id: Uuid) -> Result<ParsedPublicKey, AuthenticationError> {
        let address = format!("{}/{id}", base.as_str().trim_end_matches('/'));
        let unavailable = |cause: Cause| AuthenticationError::KeysUnavailable(cause);
        let uri: Uri = address.parse().map_err(|e| unavailable(Box::new(e)))?;

        let answer = self.client()?.get(uri).await.map_err(|e| unavailable(Box::new(e)))?;
        match answer.status() {
            StatusCode::OK => {}
            // S3, where the keys live, answers 403 for an object that is not there.
            StatusCode::NOT_FOUND | StatusCode::FORBIDDEN => return Err(Refusal::UnknownKey.into()),
            status => return Err(unavailable(format!("the key server answered {status}").into())),
        }
        let body = Limited::new(answer.into_body(), MAX_KEY_BYTES).collect().await;
        parse(&body.map_err(unavailable)?.to_bytes()).map_err(unavailable)
    }

    /// Made at the first fetch: reading the system's root certificates is no work for a start.
    fn client(&self) -> Result<&HttpsClient, AuthenticationError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::aws_lc_rs::default_provider())
            .map_err(|e| AuthenticationError::KeysUnavailable(Box::new(e)))?
            .https_or_http()
            .enable_http1()
            .build();
        Ok(self.client.get_or_init(|| Client::builder(TokioExecutor::new()).build(connector)))
    }
}

fn parse(pem: &[u8]) -> Result<ParsedPublicKey, Cause> {
    let key = SubjectPublicKeyInfoDer::from_pem_slice(pem)
        .map_err(|_| "the key server's answer is no PEM public key")?;
    let parsed = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.as_ref());
    parsed.map_err(|_| "the key server's key is not on P-256".into())
}

impl fmt::Debug for PublicKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKeys")
    }
}
