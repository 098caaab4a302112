//! One request, and the chunks of its answer.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use agent::event::Listener;
use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use https::HttpsClient;
use serde_json::Value;
use sse_stream::SseStream;
use telemetry::metrics::Measurement;
use tokio::time::timeout;

use crate::{
    answer::PartialAnswer,
    chunk::Chunk,
    endpoint::Endpoint,
    failure::{Failure, withholds},
};

/// How much of an answer is read. Chunks are a hundred times larger than the words in them.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// How much of a refusal is read.
const MOST_BYTES_OF_REFUSAL: usize = 64 * 1024;
/// How long the end of the answer is waited for after its last event, so that the connection can be used
/// again.
const LINGER: Duration = Duration::from_millis(50);
/// The data of a stream's last event.
const DONE: &str = "[DONE]";

/// The one HTTP client of this crate. Redirects are not followed, because the key is for one server.
#[derive(Debug, Default)]
pub(crate) struct ChatClient(HttpsClient);

impl ChatClient {
    /// Sends `body`, and adds what is answered to `answer`.
    pub(crate) async fn stream(
        &self,
        endpoint: &Endpoint,
        body: Bytes,
        answer: &mut PartialAnswer,
        listener: &mut dyn Listener,
    ) -> Result<(), Failure> {
        let request = request(endpoint, body).map_err(Failure::internal)?;
        let client = self.0.client().map_err(Failure::internal)?;
        let asked = Instant::now();
        let reply = client.request(request).await;
        let time = asked.elapsed();
        let read = match reply {
            Err(error) => Err(Failure::passing(error)),
            Ok(reply) if reply.status() == StatusCode::OK => Ok(Some(reply)),
            Ok(reply) => refusal(endpoint, reply, answer).await.map(|()| None),
        };
        let (service, operation) = ("OpenAI", "ChatCompletions");
        Measurement::Upstream { service, operation, failed: read.is_err(), time }.record();
        let Some(reply) = read? else { return Ok(()) };
        let media_type = reply.headers().get(header::CONTENT_TYPE).cloned();
        let media_type = media_type.as_ref().and_then(|it| it.to_str().ok()).unwrap_or_default();
        let body = Limited::new(reply.into_body(), MOST_BYTES);
        if media_type.starts_with("application/json") {
            // The server does not stream.
            let whole = body.collect().await.map_err(Failure::passing)?.to_bytes();
            return take(endpoint, &whole, answer, listener);
        }
        if !media_type.starts_with("text/event-stream") {
            let what = format!("{media_type:?} is answered: OPENAI_BASE_URL is no such server's");
            return Err(Failure::refused(what));
        }
        let mut events = SseStream::new(body.map_err(Broken));
        while let Some(event) = events.next().await {
            let Some(data) = event.map_err(Failure::passing)?.data else { continue };
            if data.trim() == DONE {
                let _ended = timeout(LINGER, events.next()).await;
                return Ok(());
            }
            take(endpoint, data.as_bytes(), answer, listener)?;
            listener.ready().await;
        }
        match answer.is_withheld() {
            true => Ok(()),
            false => Err(Failure::passing("the stream ended early")),
        }
    }

    /// Opens a connection, for the next request. The server is asked for nothing, without the key.
    pub(crate) async fn connect(&self, endpoint: &Endpoint) {
        self.0.connect(&endpoint.chat_completions()).await;
    }
}

/// A body that broke off, as the type of error that a stream of events takes.
#[derive(Debug, thiserror::Error)]
#[error("the answer broke off")]
struct Broken(#[source] Box<dyn Error + Send + Sync>);

fn request(endpoint: &Endpoint, body: Bytes) -> Result<Request<Full<Bytes>>, http::Error> {
    let mut request = Request::post(endpoint.chat_completions())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "text/event-stream")
        .header(header::USER_AGENT, "countersign");
    if let Some(parent) = telemetry::traces::traceparent() {
        request = request.header("traceparent", parent);
    }
    if let Some(key) = endpoint.key() {
        let mut bearer = HeaderValue::try_from(format!("Bearer {}", key.expose()))?;
        bearer.set_sensitive(true);
        request = request.header(header::AUTHORIZATION, bearer);
    }
    request.body(Full::new(body))
}

/// Adds a chunk to `answer`.
fn take(
    endpoint: &Endpoint,
    data: &[u8],
    answer: &mut PartialAnswer,
    listener: &mut dyn Listener,
) -> Result<(), Failure> {
    let unreadable = |error| Failure::passing(format!("a chunk can't be read: {error}"));
    let chunk: Chunk = serde_json::from_slice(data).map_err(unreadable)?;
    if let Some(error) = &chunk.error {
        if withholds(error) {
            answer.withhold();
            return Ok(());
        }
        return Err(Failure::answered(None, error, endpoint.key()));
    }
    answer.take(chunk, listener);
    Ok(())
}

/// What another status than 200 means: there is no answer, or it is withheld.
async fn refusal<B>(
    endpoint: &Endpoint,
    reply: Response<B>,
    answer: &mut PartialAnswer,
) -> Result<(), Failure>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let (head, body) = reply.into_parts();
    let body = Limited::new(body, MOST_BYTES_OF_REFUSAL).collect().await;
    let said = body.ok().and_then(|body| serde_json::from_slice(&body.to_bytes()).ok());
    let said = said.unwrap_or(Value::Null);
    if withholds(&said) {
        answer.withhold();
        return Ok(());
    }
    let failure = Failure::answered(Some(head.status), &said, endpoint.key());
    Err(Failure { retry_after: retry_after(&head.headers), ..failure })
}

/// The `Retry-After` in seconds (RFC 9110, section 10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
