//! One server over streamable HTTP (MCP, "Transports"), as the client of `rmcp` needs it, on our own HTTP
//! client.
//!
//! The user's token goes to the configured address and nowhere else: redirects are not followed, and the
//! address is not taken from an argument. What is read of an answer is bounded. A stream that breaks off is
//! not taken up again, and nothing is sent twice.

use std::{collections::HashMap, error::Error, sync::Arc};

use futures_util::{StreamExt, stream::BoxStream};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use https::HttpsClient;
use hyper::body::Incoming;
use rmcp::{
    model::{
        ClientJsonRpcMessage, ClientRequest, ErrorData, ListToolsResult, ServerJsonRpcMessage,
        ServerResult, Tool,
    },
    transport::streamable_http_client::{
        AuthRequiredError, HttpStatusError, InsufficientScopeError, SseError, StreamableHttpClient,
        StreamableHttpError, StreamableHttpPostResponse,
    },
};
use sse_stream::{Sse, SseStream};

use crate::challenge::Challenge;

/// How much of one answer is read, a stream of events included.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// How much of a refusal is read.
const MOST_BYTES_OF_REFUSAL: usize = 64 * 1024;
const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");

type Answer<T> = Result<T, StreamableHttpError<WireError>>;

/// One server, asked with one token.
#[derive(Clone)]
pub(crate) struct Wire {
    pub(crate) https: Arc<HttpsClient>,
    pub(crate) address: Uri,
    pub(crate) token: Option<HeaderValue>,
    /// The tool that will be called, if some of its input goes into headers: a list that asks the server
    /// nothing, from which `rmcp` knows which ("Server-side header parameters", `x-mcp-header`).
    pub(crate) tool: Option<Arc<Tool>>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    /// The server sends the request elsewhere, where it does not go.
    #[error("the server redirects to another address")]
    Redirected,
    /// It refuses the request.
    #[error("HTTP {0}")]
    Refused(StatusCode),
    /// It is not reached, or breaks off, or says too much.
    #[error("the exchange failed")]
    Broken(#[source] Box<dyn Error + Send + Sync>),
}

impl WireError {
    fn broken(cause: impl Into<Box<dyn Error + Send + Sync>>) -> StreamableHttpError<Self> {
        StreamableHttpError::Client(Self::Broken(cause.into()))
    }
}

impl Wire {
    /// The answer to a request for the server's tools, if the tool that will be called is known.
    fn known(&self, message: &ClientJsonRpcMessage) -> Option<ServerJsonRpcMessage> {
        let tool = self.tool.as_ref()?;
        let ClientJsonRpcMessage::Request(request) = message else { return None };
        let ClientRequest::ListToolsRequest(_) = request.request else { return None };
        let listed = ListToolsResult::with_all_items(vec![Tool::clone(tool)]);
        let result = ServerResult::ListToolsResult(listed);
        Some(ServerJsonRpcMessage::response(result, request.id.clone()))
    }

    async fn send(
        &self,
        request: http::request::Builder,
        session: Option<&str>,
        headers: HashMap<HeaderName, HeaderValue>,
        body: Vec<u8>,
    ) -> Answer<Response<Incoming>> {
        let mut request = request
            .uri(self.address.clone())
            .header(header::ACCEPT, "application/json, text/event-stream")
            .header(header::USER_AGENT, "countersign");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Some(parent) = telemetry::traces::traceparent() {
            request = request.header("traceparent", parent);
        }
        if let Some(session) = session {
            request = request.header(SESSION_ID, session);
        }
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, token.clone());
        }
        let request = request.body(Full::from(body)).map_err(WireError::broken)?;
        let client = self.https.client()?;
        client.request(request).await.map_err(WireError::broken)
    }
}

impl StreamableHttpClient for Wire {
    type Error = WireError;

    async fn post_message(
        &self,
        _: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        _: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
    ) -> Answer<StreamableHttpPostResponse> {
        if let Some(listed) = self.known(&message) {
            return Ok(StreamableHttpPostResponse::Json(listed, None));
        }
        let body = serde_json::to_vec(&message)?;
        let request = Request::post("/").header(header::CONTENT_TYPE, "application/json");
        let reply = self.send(request, session.as_deref(), headers, body).await?;
        match reply.status() {
            StatusCode::ACCEPTED | StatusCode::NO_CONTENT => {
                Ok(StreamableHttpPostResponse::Accepted)
            }
            StatusCode::NOT_FOUND if session.is_some() => Err(StreamableHttpError::SessionExpired),
            status if status.is_success() => answered(reply, &message).await,
            _ => refused(reply, &message).await,
        }
    }

    async fn delete_session(
        &self,
        _: Arc<str>,
        session: Arc<str>,
        _: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
    ) -> Answer<()> {
        self.send(Request::delete("/"), Some(&session), headers, Vec::new()).await.map(|_| ())
    }

    /// Nothing is listened to but answers, and an answer that broke off is lost.
    async fn get_stream(
        &self,
        _: Arc<str>,
        _: Option<Arc<str>>,
        _: Option<String>,
        _: Option<String>,
        _: HashMap<HeaderName, HeaderValue>,
    ) -> Answer<BoxStream<'static, Result<Sse, SseError>>> {
        Err(StreamableHttpError::ServerDoesNotSupportSse)
    }
}

async fn answered(
    reply: Response<Incoming>,
    message: &ClientJsonRpcMessage,
) -> Answer<StreamableHttpPostResponse> {
    let media_type = text(reply.headers(), &header::CONTENT_TYPE).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let session = text(reply.headers(), &SESSION_ID).map(str::to_owned);
    let body = Limited::new(reply.into_body(), MOST_BYTES);
    // A notification is not answered: there is nothing to be read.
    if !matches!(message, ClientJsonRpcMessage::Request(_)) {
        return Ok(StreamableHttpPostResponse::Accepted);
    }
    match media_type.as_str() {
        "text/event-stream" => {
            let events = SseStream::new(body.map_err(Broken)).boxed();
            Ok(StreamableHttpPostResponse::Sse(events, session))
        }
        "application/json" => {
            let body = body.collect().await.map_err(WireError::broken)?.to_bytes();
            Ok(StreamableHttpPostResponse::Json(serde_json::from_slice(&body)?, session))
        }
        _ => Err(StreamableHttpError::UnexpectedContentType(None)),
    }
}

/// What another status than a success means.
async fn refused(
    reply: Response<Incoming>,
    message: &ClientJsonRpcMessage,
) -> Answer<StreamableHttpPostResponse> {
    let (head, body) = reply.into_parts();
    let status = head.status;
    let challenge = text(&head.headers, &header::WWW_AUTHENTICATE).map(Challenge::read);
    match (status, challenge) {
        (StatusCode::UNAUTHORIZED, _) => {
            return Err(StreamableHttpError::AuthRequired(AuthRequiredError::new(String::new())));
        }
        (StatusCode::FORBIDDEN, Some(challenge)) if challenge.is_insufficient_scope() => {
            let needed = InsufficientScopeError::new(String::new(), challenge.scope);
            return Err(StreamableHttpError::InsufficientScope(needed));
        }
        (StatusCode::FORBIDDEN, _) => {}
        _ if status.is_redirection() => {
            return Err(StreamableHttpError::Client(WireError::Redirected));
        }
        _ if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            let after = text(&head.headers, &header::RETRY_AFTER).map(str::to_owned);
            return Err(HttpStatusError::new(status.as_u16(), after).into());
        }
        _ => {
            let body = Limited::new(body, MOST_BYTES_OF_REFUSAL).collect().await;
            let body = body.map(|body| body.to_bytes()).unwrap_or_default();
            if let Some(error) = json_rpc_error(&body, status, message) {
                return Ok(StreamableHttpPostResponse::Json(error, None));
            }
        }
    }
    Err(StreamableHttpError::Client(WireError::Refused(status)))
}

/// The server's own error. A server that does not know `server/discover` may refuse it in any way, which
/// says that it is an older one ("Versioning and backward compatibility").
fn json_rpc_error(
    body: &[u8],
    status: StatusCode,
    message: &ClientJsonRpcMessage,
) -> Option<ServerJsonRpcMessage> {
    let ClientJsonRpcMessage::Request(request) = message else { return None };
    let error = match serde_json::from_slice(body) {
        Ok(ServerJsonRpcMessage::Error(error)) => error.error,
        _ if matches!(request.request, ClientRequest::DiscoverRequest(_)) => {
            ErrorData::invalid_request(format!("HTTP {status}"), None)
        }
        _ => return None,
    };
    Some(ServerJsonRpcMessage::error(error, Some(request.id.clone())))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// A body that broke off, as the type of error that a stream of events takes.
#[derive(Debug, thiserror::Error)]
#[error("the answer broke off")]
struct Broken(#[source] Box<dyn Error + Send + Sync>);
