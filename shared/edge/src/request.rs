//! One request on its way through a service: its log line, and the checks of all routes.

use std::{future::Future, time::Instant};

use http::{HeaderMap, HeaderValue, Method, header};
use lambda_http::Request;
use serde::de::DeserializeOwned;
use tracing::Instrument;

use crate::{
    accept::Wanted,
    agent_name::AgentName,
    code::Code,
    inbound::Inbound,
    problem::{Advice, Kind, Problem},
    problem_document, problem_page,
    reply::Reply,
    request_id::RequestId,
    request_span::RequestSpan,
    site::Site,
    trace_id,
};

const REQUEST_ID: http::HeaderName = http::HeaderName::from_static("x-request-id");

/// Returns what `route` makes of `request`. A failure becomes a problem, which a program gets as a
/// document and a person's browser as a page, and one log line says what happened (the path without its
/// query, which may hold secrets). A request that another site's page makes by itself is refused on
/// every route.
pub async fn answer<F>(
    request: Request,
    inbound: &Inbound,
    route: impl FnOnce(Request) -> F,
) -> Reply
where
    F: Future<Output = Result<Reply, Problem>>,
{
    let route = async |request: Request| {
        refuse_subresource(request.headers())?;
        route(request).await
    };
    let mut reply = answer_anywhere(request, Some(&inbound.agent), route).await;
    if inbound.site.is_secure() {
        let year = HeaderValue::from_static("max-age=31536000");
        reply.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    reply
}

/// Answers a request that a platform does not give to the handler.
pub async fn refuse(request: Request, problem: Problem) -> Reply {
    answer_anywhere(request, None, async |_| Err(problem)).await
}

async fn answer_anywhere(
    request: Request,
    agent: Option<&AgentName>,
    route: impl AsyncFnOnce(Request) -> Result<Reply, Problem>,
) -> Reply {
    let id = RequestId::new(&request);
    let trace_id = trace_id::root(request.headers());
    let span = tracing::info_span!("request", request_id = %id, trace_id);
    let traced = span.in_scope(|| RequestSpan::new(&request, &id));
    async {
        let started = Instant::now();
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let wanted = Wanted::by(request.headers());
        let mut reply = match route(request).await {
            Ok(reply) => reply,
            Err(problem) => told(problem, wanted, &id, agent),
        };
        if let Ok(id) = HeaderValue::from_str(id.as_str()) {
            reply.headers_mut().insert(REQUEST_ID, id);
        }
        let milliseconds = started.elapsed().as_millis();
        traced.answered(reply.status());
        let status = reply.status().as_u16();
        tracing::info!(%method, path, status, milliseconds, "answered");
        reply
    }
    .instrument(traced.span())
    .instrument(span)
    .await
}

/// Writes the operator's half of `problem` to the log and returns the caller's half.
fn told(mut problem: Problem, wanted: Wanted, id: &RequestId, agent: Option<&AgentName>) -> Reply {
    problem.log();
    let (advice, retry_after) = (problem.advice.take(), problem.retry_after);
    let as_page = match wanted {
        Wanted::Page => true,
        Wanted::Document => false,
        Wanted::Anything => problem.is_headed(),
    };
    let mut reply = match as_page {
        true => problem_page::page(&problem, id, agent),
        false => problem_document::document(problem, id),
    };
    if let Some(advice) = advice {
        let (name, value) = match &advice {
            Advice::Allow(methods) => (header::ALLOW, *methods),
            Advice::Challenge(challenge) => (header::WWW_AUTHENTICATE, &**challenge),
        };
        // A value that no header can carry is left out.
        let value = HeaderValue::from_str(value).ok();
        value.into_iter().for_each(|value| drop(reply.headers_mut().insert(name.clone(), value)));
    }
    if let Some(wait) = retry_after {
        reply.headers_mut().insert(header::RETRY_AFTER, wait.into());
    }
    reply
}

/// The values of the query's parameter `name`, decoded.
pub fn query<'a>(request: &'a Request, name: &'a str) -> impl Iterator<Item = String> + 'a {
    let query = request.uri().query().unwrap_or_default();
    let pairs = form_urlencoded::parse(query.as_bytes());
    pairs.filter(move |(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Refuses what a page of another site loads by itself, with any method: an image, a script, a frame,
/// a `fetch`. A person's own navigation passes, also from another site (Fetch Metadata, W3C,
/// "resource isolation").
fn refuse_subresource(headers: &HeaderMap) -> Result<(), Problem> {
    let says = |name: &str, value: &str| headers.get(name).is_some_and(|it| it == value);
    let is_own = headers.get("sec-fetch-site").is_none_or(|it| it == "same-origin" || it == "none");
    let navigates = says("sec-fetch-mode", "navigate") && says("sec-fetch-dest", "document");
    if is_own || navigates { Ok(()) } else { Err(cross_site()) }
}

fn cross_site() -> Problem {
    let detail = "Another site's page may not do this.";
    Problem::new(Kind::Forbidden, detail).code(Code::CrossSite)
}

/// Refuses what a page of another site could make a browser send (Fetch Metadata, W3C; the
/// `Origin` header for browsers without it). GET and HEAD change nothing and pass.
///
/// # Errors
/// 403 for a request from another site.
pub fn refuse_cross_site(method: &Method, headers: &HeaderMap, site: &Site) -> Result<(), Problem> {
    if matches!(*method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    let is_own = match headers.get("sec-fetch-site") {
        Some(from) => from == "same-origin" || from == "none",
        None => headers.get(header::ORIGIN).is_none_or(|origin| *origin == *site.origin()),
    };
    if is_own { Ok(()) } else { Err(cross_site()) }
}

/// Parses `body`, which must be one JSON value. A member that is given twice, at any level, is
/// refused: one reader would believe the first and another the last.
///
/// # Errors
/// 400 for anything else.
pub fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    identity::json::unambiguous(body).map_err(|error| {
        Problem::new(Kind::InvalidRequest, format!("The body can't be read: {error}."))
    })
}

/// Refuses a body that is not declared as exactly `application/json`, which no form can be.
///
/// # Errors
/// 415 for another media type, or none.
pub fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = media_type.and_then(|text| text.split(';').next()).unwrap_or_default();
    if essence.trim().eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Problem::new(Kind::UnsupportedMediaType, "Send the body as application/json."))
}
