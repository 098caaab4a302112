//! Forwards a request to its target and returns the response.

use std::{net::IpAddr, time::Duration};

use axum::{
    body::Body,
    extract::{ConnectInfo, Request},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header},
    response::Response,
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use url::Url;
use uuid::Uuid;

use super::{Target, alb_event, pages};
use stand_in::error_chain;

/// Longer than a turn may take, so that the target itself reports what was too slow.
const IDLE_TIMEOUT: Duration = Duration::from_secs(120);
/// The limit of a Lambda target's request and response body (Elastic Load Balancing, "Lambda
/// functions as targets", "Limits").
const MAX_LAMBDA_BYTES: usize = 1_048_576;
/// RFC 9110, section 7.6.1.
const HOP_BY_HOP: [&str; 8] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Forwards requests.
pub(super) struct Forwarder {
    port: u16,
    client: Client<HttpConnector, Body>,
}

impl Forwarder {
    pub(super) fn new(application: &Url) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { port: application.port_or_known_default().unwrap_or_default(), client }
    }

    pub(super) async fn forward(&self, target: &Target, mut request: Request) -> Response {
        self.add_headers(&mut request);
        let answer = async {
            match target {
                Target::Http(origin) => self.to_http(origin, request).await,
                Target::Lambda { endpoint, function } => {
                    self.to_lambda(endpoint, function, request).await
                }
            }
        };
        match tokio::time::timeout(IDLE_TIMEOUT, answer).await {
            Ok(reply) => reply,
            Err(_) => pages::gateway_timeout(),
        }
    }

    /// Elastic Load Balancing, "HTTP headers and Application Load Balancers".
    fn add_headers(&self, request: &mut Request) {
        let client = request.extensions().get::<ConnectInfo<std::net::SocketAddr>>();
        let client = client.map_or(IpAddr::from([127, 0, 0, 1]), |info| info.0.ip());
        let headers = request.headers_mut();
        let before = headers.get("x-forwarded-for").and_then(|value| value.to_str().ok());
        let from = before.map_or(client.to_string(), |before| format!("{before}, {client}"));
        let trace = format!("Root=1-00000000-{}", &Uuid::new_v4().simple().to_string()[..24]);
        for (name, value) in [
            ("x-forwarded-for", from),
            ("x-forwarded-proto", "http".to_owned()),
            ("x-forwarded-port", self.port.to_string()),
            ("x-amzn-trace-id", trace),
        ] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        remove_hop_by_hop(headers);
    }

    async fn to_http(&self, origin: &Url, mut request: Request) -> Response {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let address = format!("{}{path}", origin.as_str().trim_end_matches('/'));
        let Ok(address) = address.parse::<Uri>() else { return pages::bad_gateway() };
        *request.uri_mut() = address;
        match self.client.request(request).await {
            Ok(answer) => {
                let mut reply = answer.map(Body::new);
                remove_hop_by_hop(reply.headers_mut());
                reply
            }
            Err(error) => unreachable_target(&error),
        }
    }

    async fn to_lambda(&self, endpoint: &Url, function: &str, request: Request) -> Response {
        let (head, body) = request.into_parts();
        let body = match Limited::new(body, MAX_LAMBDA_BYTES).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => return pages::too_large(),
            Err(error) => return unreachable_target(error.as_ref()),
        };
        let event = alb_event::event(&head, &body);
        let origin = endpoint.as_str().trim_end_matches('/');
        let address = format!("{origin}/2015-03-31/functions/{function}/invocations");
        let invocation = Request::post(address)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(event.to_string()));
        let Ok(invocation) = invocation else { return pages::bad_gateway() };
        let answer = match self.client.request(invocation).await {
            Ok(answer) => answer,
            Err(error) => return unreachable_target(&error),
        };
        let failed = answer.status() != StatusCode::OK
            || answer.headers().contains_key("x-amz-function-error");
        let payload = match Limited::new(answer.into_body(), MAX_LAMBDA_BYTES).collect().await {
            Ok(payload) => payload.to_bytes(),
            Err(error) => return unreachable_target(error.as_ref()),
        };
        if failed {
            let payload = String::from_utf8_lossy(&payload).into_owned();
            tracing::error!(function, payload, "stand-in for a load balancer: the function failed");
            return pages::bad_gateway();
        }
        alb_event::response(&payload).unwrap_or_else(pages::bad_gateway)
    }
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

fn unreachable_target(error: &dyn std::error::Error) -> Response {
    let cause = error_chain(error);
    tracing::error!(cause, "stand-in for a load balancer: the target does not answer");
    pages::bad_gateway()
}
