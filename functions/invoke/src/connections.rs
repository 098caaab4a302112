//! Connections that are open before they are needed.
//!
//! The first request to an endpoint waits for DNS, TCP and TLS, which is most of what a first turn
//! on Lambda waits for. While the function starts, a bare request goes to each endpoint that any
//! turn will use. It asks for nothing and proves nothing: it has no signature and no body. Its
//! refusal leaves an open connection in the SDK's pool.

use aws_sdk_s3::config::{
    ConfigBag, Intercept, RuntimeComponents, http::HttpRequest,
    interceptors::BeforeTransmitInterceptorContextMut,
};
use lambda_http::Error;

/// The clients whose connections are opened; each shares its pool with the one that a turn uses.
#[derive(Debug, Clone)]
pub(crate) struct Connections {
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) bucket: String,
    pub(crate) identity: aws_sdk_bedrockagentcore::Client,
    pub(crate) workload: String,
    pub(crate) bedrock: aws_sdk_bedrockruntime::Client,
    pub(crate) model: String,
}

impl Connections {
    /// Opens them all at once. One that can't be opened is left to the turn, which says so.
    pub(crate) async fn open(self) {
        let s3 = self.s3.head_bucket().bucket(self.bucket);
        let identity = self.identity.get_workload_access_token().workload_name(self.workload);
        let bedrock = self.bedrock.converse_stream().model_id(self.model);
        let _refused = tokio::join!(
            s3.customize().interceptor(Bare).send(),
            identity.customize().interceptor(Bare).send(),
            bedrock.customize().interceptor(Bare).send(),
        );
    }
}

/// Takes everything from a request but where it goes.
#[derive(Debug)]
struct Bare;

impl Intercept for Bare {
    fn name(&self) -> &'static str {
        "bare"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), Error> {
        let request = context.request_mut();
        let address = request.uri().to_owned();
        *request = HttpRequest::empty();
        request.set_method("HEAD")?;
        request.set_uri(address)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
    use tokio::{
        io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
        net::TcpListener,
    };

    use super::Connections;

    /// What arrived: the number of the connection, and the request's head.
    type Arrived = Arc<Mutex<Vec<(usize, String)>>>;

    /// Refuses every request, and keeps the connection.
    async fn endpoint() -> (String, Arrived) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let arrived = Arrived::default();
        let seen = Arc::clone(&arrived);
        tokio::spawn(async move {
            for connection in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let seen = Arc::clone(&seen);
                tokio::spawn(async move {
                    let mut stream = BufReader::new(stream);
                    let mut head = String::new();
                    while stream.read_line(&mut head).await.is_ok_and(|read| read > 0) {
                        if head.ends_with("\r\n\r\n") {
                            seen.lock().unwrap().push((connection, std::mem::take(&mut head)));
                            let refusal = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n";
                            stream.write_all(refusal).await.unwrap();
                        }
                    }
                });
            }
        });
        (address, arrived)
    }

    #[tokio::test]
    async fn bare_requests_open_connections_and_a_turn_uses_them() {
        let (address, arrived) = endpoint().await;
        let config = aws_config::SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .endpoint_url(address)
            .credentials_provider(aws_sdk_s3::config::SharedCredentialsProvider::new(
                Credentials::new("key", "secret", None, None, "test"),
            ))
            .build();
        let s3 = aws_sdk_s3::Client::new(&config);
        let connections = Connections {
            s3: s3.clone(),
            bucket: "bucket".to_owned(),
            identity: aws_sdk_bedrockagentcore::Client::new(&config),
            workload: "workload".to_owned(),
            bedrock: aws_sdk_bedrockruntime::Client::new(&config),
            model: "model".to_owned(),
        };
        connections.open().await;
        let opened = std::mem::take(&mut *arrived.lock().unwrap());
        assert_eq!(opened.len(), 3, "{opened:?}");
        for (_, head) in &opened {
            assert!(head.starts_with("HEAD "), "{head}");
            assert!(!head.to_ascii_lowercase().contains("authorization"), "{head}");
        }

        let _refused = s3.get_object().bucket("bucket").key("key").send().await;
        let turn = arrived.lock().unwrap().remove(0);
        assert!(turn.1.starts_with("GET ") && turn.1.contains("AWS4-HMAC-SHA256"), "{turn:?}");
        assert!(opened.iter().any(|(connection, _)| *connection == turn.0), "a new connection");
    }
}
