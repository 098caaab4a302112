//! Sends batches to the collector, with the HTTP client that everything else here uses.
//!
//! OpenTelemetry's SDK exports on a thread of its own that waits for each request, so that it is made on this
//! program's runtime. A collector that is gone is told of once, until it is back.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use https::HttpsClient;
use opentelemetry_http::{HttpClient, HttpError};
use tokio::{runtime::Handle, time::timeout};

use crate::{aws::Aws, signature};

/// How long one batch is tried.
pub(super) const EXPORTING: Duration = Duration::from_secs(5);
/// One try of it.
const TRY: Duration = Duration::from_secs(3);
/// How much of an answer is read, of which only its status counts.
const MOST_BYTES: usize = 64 * 1024;

/// The client; redirects are not followed, because the headers are for one collector.
pub(super) struct OwnClient {
    https: Arc<HttpsClient>,
    runtime: Handle,
    signer: Option<Signer>,
    what: &'static str,
    was_lost: AtomicBool,
}

impl OwnClient {
    /// A client that sends `what`.
    pub(super) fn new(what: &'static str, signer: Option<Signer>) -> Result<Self, HttpError> {
        let https = Arc::<HttpsClient>::default();
        // Without root certificates nothing could ever be sent.
        https.client()?;
        let (runtime, was_lost) = (Handle::try_current()?, AtomicBool::new(false));
        Ok(Self { https, runtime, signer, what, was_lost })
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (https, signer) = (Arc::clone(&self.https), self.signer.clone());
        let sent = async move {
            let mut request = request;
            if let Some(signer) = signer {
                signer.sign(&mut request).await?;
            }
            let answer = https.client()?.request(request.map(Full::new)).await?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, MOST_BYTES).collect().await?.to_bytes();
            Ok(Response::from_parts(head, body))
        };
        // A timer, too, needs the runtime that the SDK's thread does not have.
        self.runtime.spawn(async { timeout(TRY, sent).await }).await??
    }

    /// Tells once that the collector is gone, or takes nothing, and once that it is back.
    fn tell(&self, sent: &Result<Response<Bytes>, HttpError>) {
        let status = sent.as_ref().map(|answer| answer.status().as_u16());
        let is_lost = status.as_ref().map_or(true, |status| !(200..300).contains(status));
        let what = self.what;
        if self.was_lost.swap(is_lost, Ordering::Relaxed) != is_lost {
            match (is_lost, status) {
                (false, _) => tracing::info!(what, "the collector takes them"),
                (true, Ok(status)) => {
                    tracing::warn!(what, status, "the collector does not take them")
                }
                (true, Err(cause)) => {
                    let cause = cause.to_string();
                    tracing::warn!(what, cause, "the collector can't be reached: they are lost");
                }
            }
        }
    }
}

#[async_trait]
impl HttpClient for OwnClient {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sent = self.send(request).await;
        self.tell(&sent);
        sent
    }
}

impl fmt::Debug for OwnClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnClient(…)")
    }
}

/// The region of X-Ray at `address`, if that is where spans go (AWS X-Ray Developer Guide, "Sending traces
/// to the OTLP endpoint").
pub(super) fn xray_region(address: &str) -> Option<String> {
    let address: Uri = address.parse().ok()?;
    let host = address.host()?.strip_prefix("xray.")?;
    let region = host.strip_suffix(".amazonaws.com").or(host.strip_suffix(".amazonaws.com.cn"))?;
    (!region.contains('.')).then(|| region.to_owned())
}

/// Signs requests to X-Ray as this service.
#[derive(Debug, Clone)]
pub(super) struct Signer {
    credentials: Option<SharedCredentialsProvider>,
    region: String,
}

impl Signer {
    pub(super) async fn new(aws: &Aws, region: String) -> Self {
        Self { credentials: aws.load().await.credentials_provider(), region }
    }

    /// Signs `request`.
    pub(super) async fn sign(&self, request: &mut Request<Bytes>) -> Result<(), HttpError> {
        let credentials = self.credentials.as_ref().ok_or("there are no credentials")?;
        let credentials = credentials.provide_credentials().await?;
        let body = request.body().clone();
        signature::sign(request, &body, credentials, (&self.region, "xray"))
    }
}
