//! Bedrock's stand-in.

/// The runtime's `ConverseStream`.
pub fn router() -> axum::Router {
    axum::Router::new()
}
