//! The load balancer's public keys, as AWS publishes them for each region.

use axum::{
    Router,
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

/// The development key's public half at `/{kid}`.
pub fn router() -> Router {
    Router::new().route("/{kid}", get(public_key))
}

async fn public_key(Path(kid): Path<String>) -> Response {
    if kid != development_key::KEY_ID {
        return StatusCode::NOT_FOUND.into_response();
    }
    let media_type = [(header::CONTENT_TYPE, "application/x-pem-file")];
    (media_type, development_key::public_pem()).into_response()
}
