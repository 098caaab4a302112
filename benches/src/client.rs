//! A connection to the workload, with as little around it as can be: this shares the processor with what is
//! measured.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::Incoming,
    client::conn::http1::{SendRequest, handshake},
};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpStream;

/// One connection, with one request at a time on it.
#[derive(Debug)]
pub(crate) struct Line {
    sender: SendRequest<Full<Bytes>>,
}

impl Line {
    pub(crate) async fn open(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("HTTP");
        tokio::spawn(connection);
        Self { sender }
    }

    /// What a GET brings.
    pub(crate) async fn get(&mut self, path: &str) -> Bytes {
        let request = Request::get(path).header("host", "localhost").body(Full::default());
        let answer = self.send(request.expect("a request")).await;
        answer.into_body().collect().await.expect("a body").to_bytes()
    }

    /// The answer to `message` in the conversation `session`, as events if they are wanted.
    pub(crate) async fn say(
        &mut self,
        token: &str,
        session: &str,
        message: &str,
        as_events: bool,
    ) -> Response<Incoming> {
        let body = json!({ "sessionId": session, "message": message }).to_string();
        let accept = if as_events { "text/event-stream" } else { "application/json" };
        let request = Request::post("/invocations")
            .header("host", "localhost")
            .header("content-type", "application/json")
            .header("accept", accept)
            .header("x-amzn-oidc-data", token)
            .body(Full::from(body));
        self.send(request.expect("a request")).await
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> Response<Incoming> {
        self.sender.ready().await.expect("an open connection");
        let answer = self.sender.send_request(request).await.expect("an answer");
        assert!(answer.status().is_success(), "{answer:?}");
        answer
    }
}
