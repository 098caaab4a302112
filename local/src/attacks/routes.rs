//! The attacks over HTTP, for a page of the same origin: no other site may begin one.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::json;
use stand_in::is_of_another_site;

use crate::parts::Addresses;

use super::{ATTACKS, ending::AttackError, run};

/// `GET /attacks` lists the attacks at the services at `addresses`, and `POST /attacks/{name}` runs one.
pub fn router(addresses: Addresses) -> Router {
    Router::new()
        .route("/attacks", get(async || Json(ATTACKS)))
        .route("/attacks/{name}", post(attack))
        .with_state(Arc::new(addresses))
}

async fn attack(
    State(addresses): State<Arc<Addresses>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    if is_of_another_site(&headers) {
        return refuse(StatusCode::FORBIDDEN, "A page of another site may not run an attack.");
    }
    if headers.get(CONTENT_TYPE).is_none_or(|it| it != "application/json") {
        let detail = "The content type has to be application/json.";
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail);
    }
    // Goes on if the page is closed, so that nothing is left behind.
    let outcome = tokio::spawn(async move { run(&name, &addresses).await });
    match outcome.await {
        Ok(Ok(outcome)) => Json(outcome).into_response(),
        Ok(Err(error @ AttackError::Unknown(_))) => {
            refuse(StatusCode::NOT_FOUND, &error.to_string())
        }
        Ok(Err(error)) => refuse(StatusCode::CONFLICT, &error.to_string()),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// A problem (RFC 9457).
pub(crate) fn refuse(status: StatusCode, detail: &str) -> Response {
    let problem = json!({ "status": status.as_u16(), "detail": detail });
    (status, [(CONTENT_TYPE, "application/problem+json")], Json(problem)).into_response()
}
