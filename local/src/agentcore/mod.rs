//! AgentCore Identity's stand-in.

use url::Url;

use crate::clock::Clock;

/// AgentCore Identity's stand-in; cheap to clone.
#[derive(Debug, Clone)]
pub struct AgentCore {
    base: Url,
}

impl AgentCore {
    /// A stand-in at `base`, with nothing set up.
    #[must_use]
    pub fn new(base: Url, _clock: Clock) -> Self {
        Self { base }
    }

    /// As the control plane's `CreateWorkloadIdentity`.
    pub fn create_workload_identity(&self, _name: &str, _allowed_return_urls: &[Url]) {}

    /// As the control plane's `CreateOauth2CredentialProvider`; answers the callback to register.
    #[must_use]
    pub fn create_github_provider(
        &self,
        _name: &str,
        _client_id: &str,
        _client_secret: &str,
        _github: &Url,
    ) -> Url {
        self.base.clone()
    }

    /// Both planes and the pages that a browser passes through.
    pub fn router(&self) -> axum::Router {
        axum::Router::new()
    }
}
