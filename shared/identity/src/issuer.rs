//! The one OIDC issuer that is trusted, and its keys.
//!
//! Rules: OpenID Connect Discovery 1.0, sections 4 and 4.3 (the document names the very issuer
//! that it was asked of, and where its keys are), and OpenID Connect Core 1.0, section 10.1.1 (an
//! unknown `kid` is how an issuer says that it has new keys). A key set is got as a whole, so the
//! rules of [`Cached`] are all that limits how often an unknown `kid` makes the issuer be asked.

use std::{sync::Arc, time::Duration};

use serde::Deserialize;
use url::Url;

use crate::{
    algorithm::Algorithm,
    cached::{Cached, Newer},
    error::{AuthenticationError, Refusal},
    fetch::{FetchError, Fetcher, place},
    key_set::KeySet,
    token::{UnverifiedToken, VerifiedToken},
};

/// Where an issuer's keys are. The address has to be `https`, or `http` on a loopback host; the
/// configuration checks that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySetPlace {
    /// Where the issuer's own discovery document says. The address is the issuer's.
    Discovered(Url),
    /// At this address, regardless of the issuer's discovery document; nothing else is fetched.
    At(Url),
}

/// An issuer, and its keys once they were needed.
#[derive(Debug)]
pub(crate) struct Issuer {
    keys: Cached<KeySet>,
    source: Arc<Source>,
}

#[derive(Debug)]
struct Source {
    issuer: String,
    place: KeySetPlace,
    fetcher: Fetcher,
}

#[derive(Deserialize)]
struct DiscoveryDocument {
    issuer: String,
    jwks_uri: Url,
}

impl Issuer {
    pub(crate) fn new(issuer: String, place: KeySetPlace) -> Self {
        let source = Source { issuer, place, fetcher: Fetcher::default() };
        Self { keys: Cached::default(), source: Arc::new(source) }
    }

    /// The issuer, exactly as its tokens name it.
    pub(crate) fn as_str(&self) -> &str {
        &self.source.issuer
    }

    /// Checks `token`'s signature by `algorithm` with the issuer's key `id`; `now` is the time
    /// since the Unix epoch. A key that is not known is refused only after a look at what the issuer
    /// publishes now. While it may not be asked, there is no verdict: the key may be new.
    pub(crate) async fn verify<'a>(
        &self,
        token: UnverifiedToken<'a>,
        id: Option<&str>,
        algorithm: Algorithm,
        now: Duration,
    ) -> Result<VerifiedToken<'a>, AuthenticationError> {
        let keys = self.keys.current(now, || self.fetch()).await?;
        let verdict = keys.verify(&token, id, algorithm);
        if !may_be_by_a_new_key(&verdict, id) {
            return Ok(verdict?);
        }
        let (verdict, wait) = match self.keys.newer(now, || self.fetch()).await? {
            Newer::Value(newer) => return Ok(newer.verify(&token, id, algorithm)?),
            Newer::Earlier(Some(newer), wait) => (newer.verify(&token, id, algorithm), wait),
            Newer::Earlier(None, wait) => (verdict, wait),
        };
        if may_be_by_a_new_key(&verdict, id) {
            return Err(AuthenticationError::KeyMayBeNew(wait));
        }
        Ok(verdict?)
    }

    #[expect(clippy::unnecessary_wraps, reason = "an issuer can always be asked")]
    fn fetch(&self) -> Option<impl Future<Output = Result<KeySet, FetchError>> + Send + use<>> {
        let source = Arc::clone(&self.source);
        Some(async move { source.key_set().await })
    }
}

/// Whether `verdict` can be another one once the issuer's new keys are known: it is about the keys,
/// and not about the token. One that names no key may be signed by any.
fn may_be_by_a_new_key(verdict: &Result<VerifiedToken<'_>, Refusal>, id: Option<&str>) -> bool {
    match verdict {
        Err(Refusal::UnknownKey) => true,
        Err(Refusal::Signature | Refusal::Algorithm | Refusal::KeyId) => id.is_none(),
        _ => false,
    }
}

impl Source {
    async fn key_set(&self) -> Result<KeySet, FetchError> {
        let address = match &self.place {
            KeySetPlace::At(address) => address.clone(),
            KeySetPlace::Discovered(issuer) => self.discover(issuer).await?,
        };
        KeySet::parse(&self.get(&address).await?)
    }

    async fn discover(&self, issuer: &Url) -> Result<Url, FetchError> {
        let mut address = issuer.clone();
        if let Ok(mut path) = address.path_segments_mut() {
            path.pop_if_empty().extend([".well-known", "openid-configuration"]);
        }
        let wrong = |what: &str| FetchError::unavailable(format!("{}: {what}", place(&address)));
        let document: DiscoveryDocument = serde_json::from_slice(&self.get(&address).await?)
            .map_err(|_| wrong("no discovery document"))?;
        if document.issuer != self.issuer {
            return Err(wrong("names another issuer than OIDC_ISSUER"));
        }
        let is_as_safe =
            document.jwks_uri.scheme() == "https" || document.jwks_uri.origin() == issuer.origin();
        if !is_as_safe {
            return Err(wrong("names a key set that is not on https"));
        }
        Ok(document.jwks_uri)
    }

    /// An empty key set means that the issuer is broken, and not that it does not know the key.
    async fn get(&self, address: &Url) -> Result<bytes::Bytes, FetchError> {
        self.fetcher.get(address, &[]).await
    }
}
