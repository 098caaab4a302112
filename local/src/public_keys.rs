//! The load balancer's public keys.

/// The development key's public half at `/{kid}`.
pub fn router() -> axum::Router {
    axum::Router::new()
}
