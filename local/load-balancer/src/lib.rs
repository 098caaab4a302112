#![doc = include_str!("../README.md")]

pub mod alb_event;
mod forward;
mod oidc_data;
mod pages;
pub mod public_keys;
mod rules;
mod sessions;
mod sign_in;

use std::{collections::BTreeMap, fmt, sync::Arc, time::Instant};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    response::Response,
};
use development_key::Keyring;
use url::Url;

use self::{
    forward::Forwarder,
    rules::{Rule, Service, Unauthenticated},
    sessions::Session,
    sign_in::SignIn,
};
use stand_in::{Clock, STEP};

/// The load balancer's ARN.
pub const ARN: &str = "arn:aws:elasticloadbalancing:eu-central-1:000000000000:loadbalancer/app/countersign-local/0000000000000000";

/// Where requests are forwarded to.
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

/// How a target is told who is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// By the load balancer's own signature, as on AWS.
    SignedHeader,
    /// By the identity provider's ID token, as behind a proxy that forwards it: the token of the
    /// session, or the one that a program sends itself.
    BearerToken,
}

impl Proof {
    /// Returns what services with these variables expect (`INBOUND_AUTH`).
    #[must_use]
    pub fn from_variables(variables: &BTreeMap<String, String>) -> Self {
        match variables.get("INBOUND_AUTH").map(String::as_str) {
            Some("bearer") => Self::BearerToken,
            _ => Self::SignedHeader,
        }
    }
}

/// An extension of a response that came from a target, and not from the load balancer itself.
#[derive(Debug, Clone)]
pub struct Forwarded {
    /// Who was signed in.
    pub person: Option<String>,
}

/// The load balancer's set-up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its own origin, as a browser sees it.
    pub application: Url,
    /// Where people sign in.
    pub oidc: OidcClient,
    /// How the targets are told who is signed in.
    pub proof: Proof,
    /// The agentic workload.
    pub invoke: Target,
    /// The Session Binding Service.
    pub bind_session: Target,
    /// The time.
    pub clock: Clock,
    /// What it signs with.
    pub keys: Keyring,
}

struct LoadBalancer {
    settings: Settings,
    sign_in: SignIn,
    forwarder: Forwarder,
}

/// The address to which the identity provider sends people back; it is not forwarded to a target.
#[must_use]
pub fn callback(application: &Url) -> Url {
    let mut callback = application.clone();
    callback.set_path(rules::CALLBACK);
    callback
}

/// The listener with its rules. It contacts the identity provider only when somebody signs in.
pub fn router(settings: Settings) -> Router {
    let sign_in = SignIn::new(&settings);
    let forwarder = Forwarder::new(&settings.application);
    let load_balancer = LoadBalancer { settings, sign_in, forwarder };
    Router::new().fallback(handle).with_state(Arc::new(load_balancer))
}

async fn handle(State(it): State<Arc<LoadBalancer>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    if head.uri.path() == rules::CALLBACK {
        return it.sign_in.callback(&head).await;
    }
    let Some(Rule { service, unauthenticated }) = rules::rule(head.uri.path()) else {
        return pages::no_rule();
    };
    let session = it.sign_in.session(&head.headers);
    let unauthenticated = match it.settings.proof {
        Proof::BearerToken if head.headers.contains_key(header::AUTHORIZATION) => {
            Unauthenticated::Allow
        }
        _ => unauthenticated,
    };
    match (&session, unauthenticated) {
        (None, Unauthenticated::SignIn) => it.sign_in.begin(&head).await,
        (None, Unauthenticated::Deny) => pages::unauthorized(),
        (Some(_), _) | (None, Unauthenticated::Allow) => {
            let request = Request::from_parts(head, body);
            let mut reply = it.forward(service, session.as_ref(), request).await;
            let person = session.map(|session| session.subject.clone());
            reply.extensions_mut().insert(Forwarded { person });
            reply
        }
    }
}

impl LoadBalancer {
    async fn forward(
        &self,
        service: Service,
        session: Option<&Session>,
        mut request: Request,
    ) -> Response {
        strip(request.headers_mut());
        if let Some(session) = session {
            self.add_identity(session, request.headers_mut());
        }
        let target = match service {
            Service::Invoke => &self.settings.invoke,
            Service::BindSession => &self.settings.bind_session,
        };
        let is_a_turn = request.method() == Method::POST && request.uri().path() == "/invocations";
        let Some(Session { subject: user, .. }) = session.filter(|_| is_a_turn) else {
            return self.forwarder.forward(target, request).await;
        };
        tracing::info!(target: STEP, step = "turn_begins", user, "a turn begins");
        let started = Instant::now();
        let reply = self.forwarder.forward(target, request).await;
        let (status, milliseconds) = (reply.status().as_u16(), started.elapsed().as_millis());
        tracing::info!(target: STEP, step = "turn_ends", user, status, milliseconds, "a turn ends");
        reply
    }

    fn oidc_data(&self, session: &Session) -> String {
        let Settings { keys, oidc, clock, .. } = &self.settings;
        oidc_data::sign(keys, &session.claims, oidc, clock.now())
    }

    /// Adds the headers that tell a target who is signed in.
    fn add_identity(&self, session: &Session, headers: &mut HeaderMap) {
        let identity = match self.settings.proof {
            Proof::SignedHeader => vec![
                ("x-amzn-oidc-data", self.oidc_data(session)),
                ("x-amzn-oidc-identity", session.subject.clone()),
                ("x-amzn-oidc-accesstoken", session.access_token.clone()),
            ],
            Proof::BearerToken if headers.contains_key(header::AUTHORIZATION) => Vec::new(),
            Proof::BearerToken => vec![("authorization", format!("Bearer {}", session.id_token))],
        };
        for (name, value) in identity {
            // A value that no header can carry is left out, and the target refuses the request.
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

/// Removes headers that only the load balancer may set.
fn strip(headers: &mut HeaderMap) {
    let own: Vec<HeaderName> =
        headers.keys().filter(|name| name.as_str().starts_with("x-amzn-oidc-")).cloned().collect();
    for name in own {
        headers.remove(name);
    }
    headers.remove(header::EXPECT);
}
