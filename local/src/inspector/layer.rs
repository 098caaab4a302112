//! The layer where each part is served: it looks at small bodies on their way, and passes on everything
//! else as it comes, so that a stream stays one.

use std::time::Instant;

use axum::{
    Router,
    body::{Body, Bytes, HttpBody, to_bytes},
    extract::{Request, State},
    http::{Method, StatusCode, header::CONTENT_LENGTH},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use load_balancer_local::Forwarded;
use serde_json::Value;

use super::{
    hop::{Check, Hop, Kind, Place},
    recorder::{Recorder, now},
    redaction::message,
    request::{Seen, flow, outcome},
};
use crate::environment::BINDING;

/// A larger body is not looked at.
const LARGEST: usize = 64 * 1024;

/// `router`, whose requests are recorded as those to `place`.
pub(crate) fn recorded(router: Router, place: Place, recorder: Option<&Recorder>) -> Router {
    let Some(recorder) = recorder else { return router };
    router.layer(from_fn_with_state((recorder.clone(), place), record))
}

async fn record(
    State((recorder, to)): State<(Recorder, Place)>,
    request: Request,
    next: Next,
) -> Response {
    if is_file(to, request.method(), request.uri().path()) {
        return next.run(request).await;
    }
    let (head, body) = request.into_parts();
    let length =
        head.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let (body, seen) = match length {
        Some(1..=LARGEST) => match to_bytes(body, LARGEST).await {
            Ok(bytes) => (Body::from(bytes.clone()), bytes),
            Err(_) => return StatusCode::BAD_REQUEST.into_response(),
        },
        _ => (body, Default::default()),
    };
    let mut hop = Seen { to, head: &head, body: &seen }.hop();
    hop.person = hop.person.or_else(|| {
        let is_agents = hop.from == Place::Agent;
        is_agents.then(|| recorder.person_at_work()).flatten()
    });
    let forwarded = (to == Place::LoadBalancer).then(|| behind(&hop, head.uri.path()));
    let number = recorder.begin(hop);
    let inner = forwarded.map(|hop| recorder.begin(hop));
    let started = Instant::now();
    let response = next.run(Request::from_parts(head, body)).await;
    let (response, answer) = looked_at(response).await;
    let took = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let forwarded = response.extensions().get::<Forwarded>();
    if let Some(inner) = inner {
        end_behind(&recorder, inner, forwarded, response.status(), took);
    }
    let person = forwarded.and_then(|it| it.person.clone());
    let json = serde_json::from_slice(&answer).unwrap_or(Value::Null);
    let (status, headers) = (response.status(), response.headers());
    recorder.change(number, |hop| {
        hop.milliseconds = Some(took);
        hop.status = Some(status.as_u16());
        hop.person = hop.person.take().or(person);
        hop.flow = hop.flow.take().or_else(|| flow("", &json));
        if to == Place::LoadBalancer && (status.is_client_error() || status.is_server_error()) {
            hop.kind = Kind::Refused;
        }
        hop.answered = format!("{status}\n{}", message(headers, &answer));
        if let Some(note) = outcome(hop, status, headers, &json) {
            hop.note = joined(&hop.note, &note);
        }
    });
    response
}

/// Files of a page, which tell nothing.
fn is_file(to: Place, method: &Method, path: &str) -> bool {
    let is_page = ["/assets/", "/docs/"].iter().any(|folder| path.starts_with(folder));
    method == Method::GET && (path.contains("favicon") || (to == Place::LoadBalancer && is_page))
}

/// Two notes in one line.
pub(super) fn joined(one: &str, other: &str) -> String {
    if one.is_empty() || one == other { other.to_owned() } else { format!("{one} · {other}") }
}

/// The hop from the load balancer to the service behind it.
fn behind(hop: &Hop, path: &str) -> Hop {
    let to = if path == BINDING { Place::Binder } else { Place::Agent };
    Hop { at: now(), from: Place::LoadBalancer, to, note: String::new(), ..hop.clone() }
}

fn end_behind(
    recorder: &Recorder,
    number: u64,
    forwarded: Option<&Forwarded>,
    status: StatusCode,
    took: u64,
) {
    let Some(Forwarded { person }) = forwarded else { return recorder.forget(number) };
    recorder.change(number, |hop| {
        hop.milliseconds = Some(took);
        hop.status = Some(status.as_u16());
        if let Some(person) = person {
            hop.person = Some(person.clone());
            let detail = format!("signed in as {person}: the load balancer's signature says so");
            let passed = Some(status != StatusCode::UNAUTHORIZED);
            hop.checks.insert(0, Check { name: "identity", passed, detail });
            if hop.kind == Kind::Plain {
                hop.kind = Kind::Identity;
            }
        }
        if !status.is_success() && !status.is_redirection() {
            hop.kind = Kind::Refused;
        }
    });
}

/// The response, and its body if it is small and whole.
async fn looked_at(response: Response) -> (Response, Bytes) {
    let is_small = response.body().size_hint().exact().is_some_and(|it| it <= LARGEST as u64);
    if !is_small {
        return (response, Default::default());
    }
    let (head, body) = response.into_parts();
    match to_bytes(body, LARGEST).await {
        Ok(bytes) => (Response::from_parts(head, Body::from(bytes.clone())), bytes),
        Err(_) => (StatusCode::BAD_GATEWAY.into_response(), Default::default()),
    }
}
