//! The OpenID provider where alice and bob sign in.

use url::Url;

use crate::clock::Clock;

/// The provider at `base` (its issuer, without the trailing slash) for one client.
pub fn router(
    _base: &Url,
    _client_id: &str,
    _client_secret: &str,
    _redirect: Url,
    _clock: Clock,
) -> axum::Router {
    axum::Router::new()
}
