//! The layer where each part is served, which lets its requests meet their faults.

use axum::{
    Router,
    extract::{Request, State},
    http::HeaderMap,
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use tokio::time::sleep;

use super::{
    Fate, Faults, answer, body,
    fault::{FaultyPart, Kind},
};

/// `router`, whose requests meet the faults of `part`.
pub(crate) fn faulty(router: Router, part: FaultyPart, faults: &Faults) -> Router {
    router.layer(from_fn_with_state((faults.clone(), part), meet))
}

async fn meet(
    State((faults, part)): State<(Faults, FaultyPart)>,
    request: Request,
    next: Next,
) -> Response {
    if is_of_a_person(request.headers()) {
        return next.run(request).await;
    }
    let Fate { late, kind, number } = faults.fate(part);
    if !late.is_zero() {
        sleep(late).await;
    }
    match kind {
        None | Some(Kind::Latency(_) | Kind::Rotation(_)) => next.run(request).await,
        Some(Kind::SlowDown) => answer::slow_down(part),
        Some(Kind::Error) => answer::error(part),
        Some(Kind::Reset) => body::none(),
        Some(Kind::Lost) => {
            let _lost = next.run(request).await;
            body::none()
        }
        Some(Kind::Cut) => body::cut(next.run(request).await, number).await,
        Some(Kind::Garbage) => body::garbage(next.run(request).await, number).await,
        Some(Kind::Trickle(time)) => body::trickle(next.run(request).await, time),
        Some(Kind::Expired) if takes_workload_token(request.uri().path()) => answer::expired(),
        Some(Kind::Expired) => next.run(request).await,
    }
}

/// A page that a person opens (Fetch Metadata).
fn is_of_a_person(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-mode").is_some_and(|mode| mode == "navigate")
}

/// The operations that a workload access token is for (the service model of `bedrock-agentcore`).
fn takes_workload_token(path: &str) -> bool {
    ["/identities/oauth2/token", "/identities/api-key"].contains(&path)
}
