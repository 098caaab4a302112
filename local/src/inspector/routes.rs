//! The inspector over HTTP: for the person at this machine, and for no page of another site.

use std::convert::Infallible;

use axum::{
    Router,
    extract::{Path, Query, Request, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST},
    },
    middleware::{Next, from_fn_with_state},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
    routing::{get, post},
};
use futures_util::{Stream, StreamExt, stream};
use serde::Deserialize;
use stand_in::is_of_another_site;
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::{
    hop::Hop,
    mermaid,
    recorder::{Change, Recorder},
};
use crate::{
    attacks::{self, routes::refuse},
    parts::Addresses,
};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const PAGE: &str = include_str!("page/index.html");
const SCRIPT: &str = "text/javascript; charset=utf-8";
/// Each file of the page: its name, its media type, its text.
const FILES: &[(&str, &str, &str)] = &[
    ("style.css", "text/css; charset=utf-8", include_str!("page/style.css")),
    ("main.js", SCRIPT, include_str!("page/main.js")),
    ("attacks.js", SCRIPT, include_str!("page/attacks.js")),
    ("detail.js", SCRIPT, include_str!("page/detail.js")),
    ("diagram.js", SCRIPT, include_str!("page/diagram.js")),
    ("dom.js", SCRIPT, include_str!("page/dom.js")),
    ("hops.js", SCRIPT, include_str!("page/hops.js")),
    ("list.js", SCRIPT, include_str!("page/list.js")),
    ("replay.js", SCRIPT, include_str!("page/replay.js")),
];

#[derive(Clone)]
struct Inspector {
    recorder: Recorder,
    addresses: Addresses,
}

/// Everything that the inspector serves.
pub(crate) fn router(recorder: Recorder, addresses: Addresses) -> Router {
    let attacks = attacks::router(addresses.clone());
    let inspector = Inspector { recorder, addresses };
    Router::new()
        .route("/", get(page))
        .route("/page/{file}", get(file))
        .route("/events", get(events))
        .route("/clear", post(clear))
        .route("/mermaid", get(diagram))
        .with_state(inspector.clone())
        .merge(attacks)
        .layer(from_fn_with_state(inspector, guard))
}

/// Another site can't read or do anything here: neither by a name of its own that leads to this machine
/// (DNS rebinding), nor by a request of its page.
async fn guard(State(it): State<Inspector>, request: Request, next: Next) -> Response {
    if !is_own(&it.addresses, request.headers(), request.uri().path()) {
        let detail = "The inspector is for the person at this machine: open its own address.";
        return refuse(StatusCode::FORBIDDEN, detail);
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    headers.insert("referrer-policy", HeaderValue::from_static("no-referrer"));
    response
}

fn is_own(addresses: &Addresses, headers: &HeaderMap, path: &str) -> bool {
    let says = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let port = addresses.inspector.port().unwrap_or_default();
    let own = ["127.0.0.1", "localhost"].map(|host| format!("{host}:{port}"));
    let is_own = says(HOST.as_str()).is_some_and(|host| own.iter().any(|it| it == host));
    let is_visit = says("sec-fetch-mode") == Some("navigate") && path == "/";
    is_own && (is_visit || !is_of_another_site(headers))
}

async fn page(State(it): State<Inspector>) -> Response {
    let page = PAGE.replace("{{application}}", it.addresses.application.as_str());
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}

async fn file(Path(name): Path<String>) -> Response {
    match FILES.iter().find(|(known, ..)| *known == name) {
        Some((_, media_type, text)) => ([(CONTENT_TYPE, *media_type)], *text).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn clear(State(it): State<Inspector>, headers: HeaderMap) -> StatusCode {
    if headers.get(CONTENT_TYPE).is_none_or(|it| it != "application/json") {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE;
    }
    it.recorder.clear();
    StatusCode::NO_CONTENT
}

/// Which hops a diagram shows; without a name, those of all.
#[derive(Debug, Deserialize)]
struct Filter {
    flow: Option<String>,
    person: Option<String>,
}

impl Filter {
    fn shows(&self, hop: &Hop) -> bool {
        let is = |wanted: &Option<String>, known: &Option<String>| {
            wanted.as_ref().is_none_or(|it| it.is_empty() || Some(it) == known.as_ref())
        };
        is(&self.flow, &hop.flow) && is(&self.person, &hop.person)
    }
}

async fn diagram(State(it): State<Inspector>, Query(filter): Query<Filter>) -> String {
    mermaid::diagram(it.recorder.hops().iter().filter(|hop| filter.shows(hop)))
}

async fn events(State(it): State<Inspector>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let (hops, changes) = it.recorder.watch();
    let later = stream::unfold((it.recorder, changes), async |(recorder, mut changes)| {
        let told = told(&recorder, &mut changes).await?;
        Some((stream::iter(told), (recorder, changes)))
    });
    let first: Vec<_> = hops.iter().map(event).collect();
    let all = stream::iter(first).chain(later.flatten()).map(Ok);
    Sse::new(all).keep_alive(KeepAlive::default())
}

/// The next events; `None` if there will be none.
async fn told(recorder: &Recorder, changes: &mut Receiver<Change>) -> Option<Vec<Event>> {
    match changes.recv().await {
        Ok(Change::Hop(hop)) => Some(vec![event(&hop)]),
        Ok(Change::Forgotten(number)) => {
            Some(vec![Event::default().event("forgotten").data(number.to_string())])
        }
        // A page that is too far behind is told everything again.
        Ok(Change::Cleared) | Err(RecvError::Lagged(_)) => {
            let cleared = Event::default().event("cleared").data("{}");
            let (hops, later) = recorder.watch();
            *changes = later;
            Some(std::iter::once(cleared).chain(hops.iter().map(event)).collect())
        }
        Err(RecvError::Closed) => None,
    }
}

fn event(hop: &Hop) -> Event {
    let json = serde_json::to_string(hop).unwrap_or_default();
    Event::default().event("hop").data(json)
}
