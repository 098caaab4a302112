//! The load balancer's stand-in: signs people in and hands requests to the targets.
//!
//! Elastic Load Balancing, "Authenticate users using an Application Load Balancer" and "Use Lambda
//! functions as targets of an Application Load Balancer". What it refuses, it refuses as AWS's
//! does: with a page of its own, before any target sees the request.

pub(crate) mod alb_event;
mod forward;
mod oidc_data;
mod pages;
mod rules;
mod sessions;
mod sign_in;

use std::{fmt, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::Response,
};
use url::Url;

use self::{
    forward::Forwarder,
    rules::{Rule, Service, Unauthenticated},
    sessions::Session,
    sign_in::SignIn,
};
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

/// The client of an OpenID provider, as a listener rule of type `authenticate-oidc` has it.
#[derive(Clone)]
pub struct OidcClient {
    /// The provider's issuer, by which everything else is discovered.
    pub issuer: String,
    /// The client's id there.
    pub client_id: String,
    /// … and its secret.
    pub client_secret: String,
}

impl fmt::Debug for OidcClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OidcClient")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// The load balancer's set-up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its own origin, as a browser sees it.
    pub application: Url,
    /// Where people sign in.
    pub oidc: OidcClient,
    /// The agentic workload.
    pub invoke: Target,
    /// The Session Binding Service.
    pub bind_session: Target,
    /// The time.
    pub clock: Clock,
}

struct LoadBalancer {
    settings: Settings,
    sign_in: SignIn,
    forwarder: Forwarder,
}

/// Where the identity provider sends people back to; never reaches a target.
#[must_use]
pub fn callback(application: &Url) -> Url {
    let mut callback = application.clone();
    callback.set_path(rules::CALLBACK);
    callback
}

/// The listener with its rules; nothing is fetched before the first sign-in.
pub fn router(settings: Settings) -> Router {
    let sign_in = SignIn::new(&settings);
    let forwarder = Forwarder::new(&settings.application);
    let load_balancer = LoadBalancer { settings, sign_in, forwarder };
    Router::new().fallback(answer).with_state(Arc::new(load_balancer))
}

async fn answer(State(it): State<Arc<LoadBalancer>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    if head.uri.path() == rules::CALLBACK {
        return it.sign_in.come_back(&head).await;
    }
    let Some(Rule { service, unauthenticated }) = rules::rule(head.uri.path()) else {
        return pages::no_rule();
    };
    match (it.sign_in.session(&head.headers), unauthenticated) {
        (Some(session), _) => it.forward(service, &session, Request::from_parts(head, body)).await,
        (None, Unauthenticated::SignIn) => it.sign_in.begin(&head).await,
        (None, Unauthenticated::Deny) => pages::unauthorized(),
    }
}

impl LoadBalancer {
    async fn forward(&self, service: Service, session: &Session, mut request: Request) -> Response {
        let now = self.settings.clock.now();
        let data = oidc_data::sign(&session.claims, &self.settings.oidc, now);
        let headers = request.headers_mut();
        strip(headers);
        for (name, value) in [
            ("x-amzn-oidc-data", data.as_str()),
            ("x-amzn-oidc-identity", session.subject.as_str()),
            ("x-amzn-oidc-accesstoken", session.access_token.as_str()),
        ] {
            // A value that no header can carry is left out, and the target refuses the request.
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        let target = match service {
            Service::Invoke => &self.settings.invoke,
            Service::BindSession => &self.settings.bind_session,
        };
        self.forwarder.forward(target, request).await
    }
}

/// What a client may not say of itself.
fn strip(headers: &mut HeaderMap) {
    let own: Vec<HeaderName> =
        headers.keys().filter(|name| name.as_str().starts_with("x-amzn-oidc-")).cloned().collect();
    for name in own {
        headers.remove(name);
    }
    headers.remove(header::EXPECT);
}
