#![doc = include_str!("../README.md")]

mod authorization;
mod bearer;
mod events;
mod grants;
mod mcp;
mod overlaps;
mod page;
mod people;
mod pkce;
mod scopes;
mod token;
mod tools;

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
use stand_in::Clock;
use url::Url;
use uuid::Uuid;

pub use self::events::Event;
use self::{events::Events, grants::Grants, overlaps::Questions, people::Person};

/// The stand-in for a calendar; cheap to clone.
#[derive(Clone)]
pub struct Calendar {
    address: Url,
    clock: Clock,
    grants: Arc<Mutex<Grants>>,
    events: Arc<Mutex<Events>>,
    questions: Arc<Mutex<Questions>>,
}

impl Calendar {
    /// A stand-in at `address`, with no app registered, and three events for each person in the days from now.
    #[must_use]
    pub fn new(address: Url, clock: Clock) -> Self {
        let events = Arc::new(Mutex::new(Events::new(clock.now())));
        let (grants, questions) = Default::default();
        Self { address, clock, grants, events, questions }
    }

    /// Registers an app, and the one callback to which it may be redirected.
    pub fn register_app(&self, client_id: &str, client_secret: &str, callback: Url) {
        self.grants().register(client_id, client_secret, callback);
    }

    /// Returns the events of a person by their start: none if there is no such person.
    #[must_use]
    pub fn events_of(&self, login: &str) -> Vec<Event> {
        let person = Person::named(login);
        person.map(|person| self.events().between(person, None, None)).unwrap_or_default()
    }

    /// Revokes every token.
    pub fn revoke_all(&self) {
        self.grants().revoke_all();
        tracing::info!("stand-in for a calendar: every token is revoked");
    }

    /// The authorization server, the MCP server and the pages.
    pub fn router(&self) -> axum::Router {
        authorization::routes()
            .merge(token::routes())
            .merge(bearer::routes(self))
            .merge(page::routes())
            .layer(middleware::map_response(with_request_id))
            .with_state(self.clone())
    }

    /// Returns the issuer of its tokens: its address without the slash at the end.
    fn issuer(&self) -> &str {
        self.address.as_str().trim_end_matches('/')
    }

    /// Returns the address of the MCP server, for which its tokens are.
    fn resource(&self) -> String {
        format!("{}/mcp", self.issuer())
    }

    /// Whether `resource` (RFC 8707) is the MCP server, or left out.
    fn is_own_resource(&self, resource: Option<&str>) -> bool {
        resource.is_none_or(|resource| resource.trim_end_matches('/') == self.resource())
    }

    fn grants(&self) -> MutexGuard<'_, Grants> {
        self.grants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn events(&self) -> MutexGuard<'_, Events> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn questions(&self) -> MutexGuard<'_, Questions> {
        self.questions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> SystemTime {
        self.clock.now()
    }
}

impl fmt::Debug for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calendar").field("address", &self.address.as_str()).finish_non_exhaustive()
    }
}

/// Names the request, so that an audit trail can say which one it was.
async fn with_request_id(mut response: Response) -> Response {
    if let Ok(id) = HeaderValue::from_str(&Uuid::new_v4().to_string()) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), id);
    }
    response
}
