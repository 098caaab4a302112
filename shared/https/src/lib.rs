#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

use std::{error::Error, io, sync::OnceLock, time::Duration};

use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::time::timeout;

/// For a connection: what takes longer is not reached.
const CONNECTING: Duration = Duration::from_secs(5);

/// A client and its open connections.
#[derive(Debug, Default)]
pub struct HttpsClient(OnceLock<Client<HttpsConnector<HttpConnector>, Full<Bytes>>>);

impl HttpsClient {
    /// The client, made at the first call: reading the system's root certificates is no work for a start.
    ///
    /// # Errors
    /// When there are no root certificates.
    pub fn client(&self) -> io::Result<&Client<HttpsConnector<HttpConnector>, Full<Bytes>>> {
        if let Some(client) = self.0.get() {
            return Ok(client);
        }
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(CONNECTING));
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::aws_lc_rs::default_provider())?
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        Ok(self.0.get_or_init(|| Client::builder(TokioExecutor::new()).build(connector)))
    }

    /// Opens a connection to the server of `address`, for the next request, by a `HEAD` without anything
    /// else. If the server can't be reached the next request will say so.
    pub async fn connect(&self, address: &str) {
        let opened = async {
            let request = Request::head(address.parse::<Uri>()?).body(Full::default())?;
            let answer = self.client()?.request(request).await?;
            answer.into_body().collect().await?;
            Ok::<_, Box<dyn Error + Send + Sync>>(())
        };
        let _either_way = timeout(CONNECTING, opened).await;
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use tokio::{
        io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
        net::TcpListener,
        task::JoinHandle,
    };

    use super::HttpsClient;

    const NOT_FOUND: &str = "HTTP/1.1 404 Not Found\r\ncontent-length: 9\r\n\r\n";
    const FOUND: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    const ELSEWHERE: &str =
        "HTTP/1.1 307 Elsewhere\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";

    /// A server that takes one connection and no other, with these answers. Returns its address, and what it is asked.
    async fn server(answers: &'static [&'static str]) -> (String, JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/keys", listener.local_addr().unwrap());
        let asked = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let (mut stream, mut heads) = (BufReader::new(stream), Vec::new());
            for answer in answers {
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") {
                    stream.read_line(&mut head).await.unwrap();
                }
                stream.write_all(answer.as_bytes()).await.unwrap();
                heads.push(head);
            }
            heads
        });
        (address, asked)
    }

    #[tokio::test]
    async fn a_connection_that_was_opened_before_is_used_for_the_first_request() {
        let (address, asked) = server(&[NOT_FOUND, FOUND]).await;
        let https = HttpsClient::default();
        https.connect(&address).await;
        let answer = https.client().unwrap().get(address.parse().unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let heads = asked.await.unwrap();
        let are_both = heads[0].starts_with("HEAD /keys ") && heads[1].starts_with("GET /keys ");
        assert!(are_both, "{heads:?}");
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let (address, _) = server(&[ELSEWHERE]).await;
        let https = HttpsClient::default();
        let answer = https.client().unwrap().get(address.parse().unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::TEMPORARY_REDIRECT);
    }
}
