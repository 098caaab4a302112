#![doc = include_str!("../README.md")]

mod accounts;
mod authorization_request;
mod authorizations;
mod bodies;
mod comments;
mod content;
pub mod crowd;
mod difficult;
mod files;
mod grants;
mod hostile;
mod installations;
mod issues;
mod oauth;
mod page;
mod paging;
mod pull_requests;
mod repositories;
mod rest;
mod revocation;
mod scopes;
mod search;
mod sign_on;
mod web;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use axum::{
    http::{HeaderName, HeaderValue},
    middleware,
    response::Response,
};
use url::Url;
use uuid::Uuid;

pub use self::accounts::private_repositories;
use self::{
    grants::{App, AppKind, Grants},
    issues::Issues,
    revocation::Revocations,
    sign_on::SignOns,
};
use stand_in::Clock;

/// The stand-in for GitHub; cheap to clone.
#[derive(Clone)]
pub struct GitHub {
    base: Url,
    clock: Clock,
    grants: Arc<Mutex<Grants>>,
    issues: Arc<Mutex<Issues>>,
    sign_ons: Arc<Mutex<SignOns>>,
    revocations: Arc<Mutex<Revocations>>,
}

impl GitHub {
    /// A stand-in at `base`, with no app registered.
    #[must_use]
    pub fn new(base: Url, clock: Clock) -> Self {
        let issues = Arc::new(Mutex::new(Issues::new(&base)));
        let (grants, sign_ons, revocations) = Default::default();
        Self { base, clock, grants, issues, sign_ons, revocations }
    }

    /// Registers an OAuth app: its tokens last until they are revoked.
    pub fn register_app(&self, client_id: &str, client_secret: &str, callback: Url) {
        self.grants().register(client_id, App::new(AppKind::OAuth, client_secret, callback));
    }

    /// Registers a GitHub App whose tokens expire after 8 hours and come with a refresh token. It has the
    /// permissions that the tools of this project need, is installed nowhere, and is called `client_id` in its
    /// address.
    pub fn register_github_app(&self, client_id: &str, client_secret: &str, callback: Url) {
        self.grants().register(client_id, App::new(AppKind::GitHubApp, client_secret, callback));
    }

    /// Gives a GitHub App these permissions (`issues=write`, …) and no others.
    pub fn permit(&self, client_id: &str, permissions: &[&str]) {
        self.grants().permit(client_id, permissions);
    }

    /// Revokes every token.
    pub fn revoke_all(&self) {
        self.grants().revoke_all();
        tracing::info!("stand-in for GitHub: every token is revoked");
    }

    /// The titles of all issues of a repository (`OWNER/NAME`), the oldest first.
    #[must_use]
    pub fn issue_titles(&self, full_name: &str) -> Vec<String> {
        let issues = self.issues().all(full_name);
        issues.iter().filter_map(|it| Some(it["title"].as_str()?.to_owned())).collect()
    }

    /// OAuth pages, token endpoint and REST API.
    pub fn router(&self) -> axum::Router {
        oauth::routes()
            .merge(issues::routes())
            .merge(comments::routes())
            .merge(files::routes())
            .merge(pull_requests::routes())
            .merge(search::routes())
            .merge(repositories::routes())
            .merge(sign_on::routes())
            .merge(revocation::routes())
            .merge(authorizations::routes())
            .merge(installations::routes())
            .merge(web::routes())
            .merge(rest::routes())
            .layer(middleware::map_response(with_own_headers))
            .with_state(self.clone())
    }

    fn grants(&self) -> MutexGuard<'_, Grants> {
        self.grants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn issues(&self) -> MutexGuard<'_, Issues> {
        self.issues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sign_ons(&self) -> MutexGuard<'_, SignOns> {
        self.sign_ons.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn revocations(&self) -> MutexGuard<'_, Revocations> {
        self.revocations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> SystemTime {
        self.clock.now()
    }
}

impl fmt::Debug for GitHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GitHub").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

/// Says how a body was made ("Media types").
const MEDIA_TYPE: HeaderName = HeaderName::from_static("x-github-media-type");

/// Adds the headers that every response of GitHub has.
async fn with_own_headers(mut response: Response) -> Response {
    let id = Uuid::new_v4().simple().to_string().to_uppercase();
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(HeaderName::from_static("x-github-request-id"), id);
    }
    let json = HeaderValue::from_static("github.v3; format=json");
    headers.entry(MEDIA_TYPE).or_insert(json);
    response
}
