//! The load balancer's stand-in: signs people in and hands requests to the targets.

use url::Url;

use crate::clock::Clock;

/// Where a request goes.
#[derive(Debug, Clone)]
pub enum Target {
    /// A container, or a handler in this process: an origin.
    Http(Url),
    /// A Lambda function behind an Invoke API (ours, or `cargo lambda watch`).
    Lambda {
        /// The Invoke API's origin.
        endpoint: Url,
        /// The function's name.
        function: String,
    },
}

/// The load balancer's set-up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its own origin, as a browser sees it.
    pub application: Url,
    /// The OpenID provider's origin; its issuer is this without the trailing slash.
    pub identity_provider: Url,
    /// The agentic workload.
    pub invoke: Target,
    /// The Session Binding Service.
    pub bind_session: Target,
    /// The time.
    pub clock: Clock,
}

/// The listener with its rules; nothing is fetched before the first sign-in.
pub fn router(_settings: Settings) -> axum::Router {
    axum::Router::new()
}
