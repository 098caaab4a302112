#![doc = include_str!("../README.md")]

mod api_keys;
mod browser;
mod consent_page;
mod control_plane;
mod data_plane;
mod discovery;
mod exchange;
mod flows;
mod front_page;
mod input;
mod limits;
mod provider;
mod refusal;
mod resource_token;
mod return_page;
mod settings;
mod setup;
mod signature;
mod state;
mod vault;
mod workload;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use axum::{
    http::{HeaderName, HeaderValue, Uri},
    middleware,
    response::Response,
};
use clap::ValueEnum;
use url::Url;
use uuid::Uuid;

use self::{
    provider::{Endpoints, Provider, Vendor},
    refusal::{ApiRefusal, Kind},
    state::State,
    workload::WorkloadIdentity,
};
pub use self::{
    settings::Settings,
    setup::{Registered, SetupError},
};
use stand_in::Clock;

/// Which stored grant is returned for a request. AWS does not document it, so an application has to
/// work with all three. The first is what was observed on AWS
/// (aws-samples/sample-autonomous-cloud-coding-agents, ADR-016).
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GrantLookup {
    /// The one of the very same request: scopes and `customParameters`.
    ByRequest,
    /// The newest one, if it allows the scopes that are asked for.
    ByScopes,
    /// The newest one, even if it does not allow the scopes.
    ByProvider,
}

impl GrantLookup {
    /// All of them, for tests.
    pub const ALL: [Self; 3] = [Self::ByRequest, Self::ByScopes, Self::ByProvider];
}

/// The stand-in for AgentCore Identity; cheap to clone.
#[derive(Clone)]
pub struct AgentCore {
    base: Url,
    clock: Clock,
    grant_lookup: GrantLookup,
    settings: Arc<Settings>,
    state: Arc<Mutex<State>>,
    /// Held while a token is refreshed, because a refresh token is often good for one use.
    refreshing: Arc<tokio::sync::Mutex<()>>,
}

impl AgentCore {
    /// A stand-in at `base`, with nothing set up.
    #[must_use]
    pub fn new(base: Url, clock: Clock) -> Self {
        let grant_lookup = GrantLookup::ByRequest;
        Self {
            base,
            clock,
            grant_lookup,
            settings: Arc::default(),
            state: Arc::default(),
            refreshing: Arc::default(),
        }
    }

    /// The same stand-in (and the same state) with another way to find grants.
    #[must_use]
    pub fn with_grant_lookup(self, grant_lookup: GrantLookup) -> Self {
        Self { grant_lookup, ..self }
    }

    /// The same stand-in (and the same state) with other settings.
    #[must_use]
    pub fn with_settings(self, settings: Settings) -> Self {
        Self { settings: Arc::new(settings), ..self }
    }

    /// Creates a workload identity, as the control plane's `CreateWorkloadIdentity` does.
    pub fn create_workload_identity(&self, name: &str, allowed_return_urls: &[Url]) {
        let allowed = allowed_return_urls.iter().map(|url| url.as_str().to_owned()).collect();
        let identity = WorkloadIdentity::new(allowed, self.now());
        self.state().identities.insert(name.to_owned(), identity);
    }

    /// Creates a provider, as the control plane's `CreateOauth2CredentialProvider` does. Returns the
    /// callback to register. The `github` of the first call is also that of providers of GitHub's
    /// vendor that are created through the control plane.
    #[must_use]
    pub fn create_github_provider(
        &self,
        name: &str,
        client_id: &str,
        client_secret: &str,
        github: &Url,
    ) -> Url {
        let client = (client_id.to_owned(), client_secret.to_owned());
        let endpoints = Endpoints::github(github);
        let now = self.now();
        let provider = Provider::new(Vendor::GithubOauth2, name, endpoints, client, now);
        let callback = provider.callback(&self.base);
        let mut state = self.state();
        state.github.get_or_insert_with(|| github.clone());
        state.providers.insert(name.to_owned(), provider);
        callback
    }

    /// Creates a provider of the vendor `CustomOauth2` whose authorization server is at `server`, with the
    /// endpoints `/authorize` and `/token`. Returns the callback to register.
    #[must_use]
    pub fn create_custom_provider(
        &self,
        name: &str,
        client_id: &str,
        client_secret: &str,
        server: &Url,
    ) -> Url {
        let client = (client_id.to_owned(), client_secret.to_owned());
        let endpoints = Endpoints::at(server, "/authorize", "/token");
        let now = self.now();
        let provider = Provider::new(Vendor::CustomOauth2, name, endpoints, client, now);
        let callback = provider.callback(&self.base);
        self.state().providers.insert(name.to_owned(), provider);
        callback
    }

    /// Both planes, and the addresses that a browser visits.
    pub fn router(&self) -> axum::Router {
        data_plane::routes()
            .merge(resource_token::routes())
            .merge(control_plane::routes())
            .merge(api_keys::routes())
            .fallback(unknown_operation)
            .layer(middleware::from_fn(signature::require))
            .merge(browser::routes())
            .layer(middleware::map_response(with_request_id))
            .with_state(self.clone())
    }

    /// The pages that AWS does not have: the front page, the built-in consent page and the built-in
    /// return page. See the README.
    pub fn pages(&self) -> axum::Router {
        front_page::routes()
            .merge(consent_page::routes())
            .merge(return_page::routes())
            .with_state(self.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> SystemTime {
        self.clock.now()
    }
}

impl fmt::Debug for AgentCore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentCore")
            .field("base", &self.base.as_str())
            .field("grant_lookup", &self.grant_lookup)
            .finish_non_exhaustive()
    }
}

/// Refuses a path that is not an operation here.
async fn unknown_operation(uri: Uri) -> ApiRefusal {
    let message = format!("The stand-in for AgentCore Identity has no operation at {}", uri.path());
    ApiRefusal::new(Kind::UnknownOperation, message)
}

/// Adds a request id to every response, as AWS does.
async fn with_request_id(mut response: Response) -> Response {
    if let Ok(id) = HeaderValue::from_str(&Uuid::new_v4().to_string()) {
        response.headers_mut().insert(HeaderName::from_static("x-amzn-requestid"), id);
    }
    response
}
