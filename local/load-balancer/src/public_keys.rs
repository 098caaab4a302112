//! The load balancer's public keys, as AWS publishes them for each region.

use axum::{
    Router,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use development_key::Keyring;

/// The public half of each published key of `keys` at `/{kid}`.
pub fn router(keys: Keyring) -> Router {
    Router::new().route("/{kid}", get(public_key)).with_state(keys)
}

async fn public_key(State(keys): State<Keyring>, Path(kid): Path<String>) -> Response {
    let Some(pem) = keys.public_pem(&kid) else { return StatusCode::NOT_FOUND.into_response() };
    ([(header::CONTENT_TYPE, "application/x-pem-file")], pem).into_response()
}
