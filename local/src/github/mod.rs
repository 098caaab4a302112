//! GitHub's stand-in.

use url::Url;

use crate::clock::Clock;

/// GitHub's stand-in; cheap to clone.
#[derive(Debug, Clone)]
pub struct GitHub {
    #[expect(dead_code, reason = "stub")]
    base: Url,
}

impl GitHub {
    /// A stand-in at `base`, with no app registered.
    #[must_use]
    pub fn new(base: Url, _clock: Clock) -> Self {
        Self { base }
    }

    /// Registers an OAuth app.
    pub fn register_app(&self, _client_id: &str, _client_secret: &str, _callback: Url) {}

    /// Revokes every token that was ever given out.
    pub fn revoke_all(&self) {}

    /// OAuth pages, token endpoint and REST API.
    pub fn router(&self) -> axum::Router {
        axum::Router::new()
    }
}
