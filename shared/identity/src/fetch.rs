//! Fetches a key server's documents, with limits on bytes and time.

use std::{error::Error, fmt, sync::Arc, sync::OnceLock, time::Duration};

use bytes::Bytes;
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use url::Url;

use crate::error::{AuthenticationError, Refusal};

/// For one document, from the connection to its last byte.
const TIMEOUT: Duration = Duration::from_secs(3);
/// A PEM key has 178 bytes; Entra ID's key set, with its certificates, about 20 KB.
const MAX_BYTES: usize = 128 * 1024;

type HttpsClient = Client<HttpsConnector<HttpConnector>, Empty<Bytes>>;

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
#[derive(Default)]
pub(crate) struct Fetcher(OnceLock<HttpsClient>);

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

    /// Opens a connection to the server of `address`, for the next document. It is asked for
    /// nothing there, and if it can't be reached the next document will say so.
    pub(crate) async fn connect(&self, address: &Url) {
        let opened = async {
            let request = Request::head(address.as_str()).body(Empty::new())?;
            let answer = self.client()?.request(request).await?;
            answer.into_body().collect().await?;
            Ok::<_, Box<dyn Error + Send + Sync>>(())
        };
        let _either_way = tokio::time::timeout(TIMEOUT, opened).await;
    }

    async fn exchange(
        &self,
        address: &Url,
    ) -> Result<(StatusCode, Bytes), Box<dyn Error + Send + Sync>> {
        let uri: Uri = address.as_str().parse()?;
        let answer = self.client()?.get(uri).await?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), MAX_BYTES).collect().await?;
        Ok((status, body.to_bytes()))
    }

    /// Made at the first fetch: reading the system's root certificates is no work for a start.
    fn client(&self) -> Result<&HttpsClient, std::io::Error> {
        if let Some(client) = self.0.get() {
            return Ok(client);
        }
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::aws_lc_rs::default_provider())?
            .https_or_http()
            .enable_http1()
            .build();
        Ok(self.0.get_or_init(|| Client::builder(TokioExecutor::new()).build(connector)))
    }
}

impl fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fetcher")
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
        net::TcpListener,
    };

    use super::{Fetcher, place};

    #[test]
    fn an_address_is_told_without_what_could_be_secret_in_it() {
        let address = "https://user:word@keys.example:8443/a/b?secret#part".parse().unwrap();
        assert_eq!(place(&address), "https://keys.example:8443/a/b");
    }

    #[tokio::test]
    async fn a_connection_that_was_opened_before_is_used_for_the_first_document() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/alb", listener.local_addr().unwrap()).parse().unwrap();
        // One connection is all that is ever accepted.
        let server = async {
            let (stream, _) = listener.accept().await.unwrap();
            let (mut stream, mut heads) = (BufReader::new(stream), Vec::new());
            for (status, body) in [("403 Forbidden", ""), ("200 OK", "a key")] {
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") {
                    stream.read_line(&mut head).await.unwrap();
                }
                let length = if body.is_empty() { 9 } else { body.len() };
                let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}");
                stream.write_all(answer.as_bytes()).await.unwrap();
                heads.push(head);
            }
            heads
        };
        let fetcher = Fetcher::default();
        let client = async {
            fetcher.connect(&base).await;
            fetcher.get(&base, &[]).await
        };
        let (heads, document) = tokio::join!(server, client);
        assert_eq!(document.unwrap(), "a key");
        assert!(
            heads[0].starts_with("HEAD /alb ") && heads[1].starts_with("GET /alb "),
            "{heads:?}"
        );
    }
}
