//! Fetches a key server's documents, with limits on bytes and time.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{StatusCode, Uri};
use http_body_util::{BodyExt, Limited};
use https::HttpsClient;
use url::Url;

use crate::error::{AuthenticationError, Refusal};

/// For one document, from the connection to its last byte.
const TIMEOUT: Duration = Duration::from_secs(3);
/// A PEM key has 178 bytes; Entra ID's key set, with its certificates, about 20 KB.
const MAX_BYTES: usize = 128 * 1024;

/// Why there is no document. Every request that waited for it gets a copy.
#[derive(Debug, Clone)]
pub(crate) enum FetchError {
    /// The server has no such document.
    Absent,
    /// It could not be asked, or did not answer sensibly.
    Unavailable(Arc<dyn Error + Send + Sync>),
}

impl FetchError {
    /// Unavailable, because of `cause`.
    pub(crate) fn unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable(Arc::from(cause.into()))
    }
}

impl From<FetchError> for AuthenticationError {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Absent => Refusal::UnknownKey.into(),
            FetchError::Unavailable(cause) => Self::KeysUnavailable(cause),
        }
    }
}

/// An address without its query and user name, which could be secret.
pub(crate) fn place(address: &Url) -> String {
    format!("{}{}", address.origin().ascii_serialization(), address.path())
}

/// The one HTTP client of this crate. Redirects are not followed: a key has one address.
#[derive(Debug, Default)]
pub(crate) struct Fetcher(HttpsClient);

impl Fetcher {
    /// The document at `address`. Each of the statuses `absent` means that the server has no such
    /// document.
    pub(crate) async fn get(
        &self,
        address: &Url,
        absent: &[StatusCode],
    ) -> Result<Bytes, FetchError> {
        let wrong = |what: &dyn fmt::Display| {
            FetchError::unavailable(format!("{}: {what}", place(address)))
        };
        let document = tokio::time::timeout(TIMEOUT, self.exchange(address)).await;
        let (status, body) = document.map_err(|slow| wrong(&slow))?.map_err(|e| wrong(&e))?;
        match status {
            StatusCode::OK => Ok(body),
            status if absent.contains(&status) => Err(FetchError::Absent),
            status => Err(wrong(&status)),
        }
    }

    /// Opens a connection to the server of `address`, for the next document.
    pub(crate) async fn connect(&self, address: &Url) {
        self.0.connect(address.as_str()).await;
    }

    async fn exchange(
        &self,
        address: &Url,
    ) -> Result<(StatusCode, Bytes), Box<dyn Error + Send + Sync>> {
        let uri: Uri = address.as_str().parse()?;
        let answer = self.0.client()?.get(uri).await?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), MAX_BYTES).collect().await?;
        Ok((status, body.to_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn an_address_is_told_without_what_could_be_secret_in_it() {
        let address = "https://user:word@keys.example:8443/a/b?secret#part".parse().unwrap();
        assert_eq!(place(&address), "https://keys.example:8443/a/b");
    }
}
