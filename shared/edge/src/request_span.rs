//! The span of one request ("Semantic conventions for HTTP spans").

use http::{HeaderMap, Method, StatusCode};
use lambda_http::Request;
use telemetry::traces::Caller;
use tracing::{Span, field::Empty};

use crate::request_id::RequestId;

/// The routes of both services, so that a path that holds an id, or a word of somebody's, is never in a span.
const ROUTES: [&str; 12] = [
    "/invocations",
    "/mcp",
    "/oauth2/session-binding",
    "/consent",
    "/sessions/{sessionId}",
    "/sessions",
    "/connections/{provider}",
    "/connections",
    "/sign-out",
    "/openapi.json",
    "/docs/{file}",
    "/",
];

/// A request's span, and what is known of it only at its end.
pub(crate) struct RequestSpan(Span);

impl RequestSpan {
    /// A child of the caller's, if the request names one. What asks whether the service is well has none.
    pub(crate) fn new(request: &Request, id: &RequestId) -> Self {
        let path = request.uri().path();
        if path == "/ping" {
            return Self(Span::none());
        }
        let (method, route) = (method(request.method()), route(path));
        let span = tracing::info_span!(
            target: "traces",
            "request",
            otel.name = Empty,
            otel.kind = "server",
            otel.status_code = Empty,
            http.request.method = method,
            http.route = route,
            http.response.status_code = Empty,
            error.r#type = Empty,
            aws.xray.root = Empty,
            countersign.request.id = id.as_str(),
        );
        if !span.is_disabled() {
            span.record("otel.name", format!("{method} {}", route.unwrap_or("unknown")));
            adopt(&span, request.headers());
        }
        Self(span)
    }

    /// The span itself, for what happens within it.
    pub(crate) fn span(&self) -> Span {
        self.0.clone()
    }

    /// Notes how it was answered. A refusal is no error of this service.
    pub(crate) fn answered(&self, status: StatusCode) {
        // Signed, because what is not is exported as text.
        self.0.record("http.response.status_code", i64::from(status.as_u16()));
        if status.is_server_error() {
            self.0.record("otel.status_code", "ERROR");
            self.0.record("error.type", status.as_str());
        }
    }
}

/// Makes `span` a child of the caller's: W3C's header goes first, because it names a span. The root of Amazon's
/// is kept, by which the load balancer's log and X-Ray know the request.
fn adopt(span: &Span, headers: &HeaderMap) {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let amazon = header("x-amzn-trace-id").and_then(Caller::from_amazon);
    if let Some(root) = amazon.as_ref().map(Caller::trace) {
        span.record("aws.xray.root", format!("1-{}-{}", &root[..8], &root[8..]));
    }
    let caller = header("traceparent").and_then(Caller::from_traceparent).or(amazon);
    caller.into_iter().for_each(|caller| caller.adopt(span));
}

/// The route of `path`; `None` if there is none like it.
fn route(path: &str) -> Option<&'static str> {
    ROUTES.into_iter().find(|route| match route.split_once("/{") {
        None => path == *route,
        Some((before, _)) => path.strip_prefix(before).is_some_and(|rest| rest.starts_with('/')),
    })
}

/// The method's name; `_OTHER` for one that is not HTTP's, as the conventions ask.
fn method(method: &Method) -> &str {
    match *method {
        Method::GET | Method::POST | Method::DELETE | Method::HEAD | Method::OPTIONS => {
            method.as_str()
        }
        Method::PUT | Method::PATCH => method.as_str(),
        _ => "_OTHER",
    }
}

#[cfg(test)]
mod tests {
    use super::route;

    #[test]
    fn a_route_names_no_id_and_no_word_of_the_callers() {
        assert_eq!(route("/"), Some("/"));
        assert_eq!(route("/sessions"), Some("/sessions"));
        assert_eq!(route("/sessions/my-secret"), Some("/sessions/{sessionId}"));
        assert_eq!(route("/sessions-of-mine"), None);
        assert_eq!(route("/my-secret"), None);
    }
}
