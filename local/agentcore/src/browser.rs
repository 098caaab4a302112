//! The two addresses that a browser visits: one leads to the provider, one back to the application.
//!
//! Source: the AgentCore developer guide's "OAuth 2.0 authorization URL session binding" for the
//! addresses and `session_id`. What the application gets when the person declines is not
//! documented; here it is `error`, as in RFC 6749, section 4.1.2.1.

use axum::{
    Router,
    extract::{Path, Query, State},
    http::{StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;
use url::Url;
use uuid::Uuid;

use super::{AgentCore, flows::ProviderAnswer};
use stand_in::page::page;

/// The addresses.
pub(super) fn routes() -> Router<AgentCore> {
    Router::new()
        .route("/identities/oauth2/authorize", get(authorize))
        .route("/identities/oauth2/callback/{id}", get(callback))
}

#[derive(Deserialize)]
struct Authorization {
    #[serde(default)]
    request_uri: String,
}

/// Redirects the browser to the provider. An address works once.
async fn authorize(State(core): State<AgentCore>, Query(query): Query<Authorization>) -> Response {
    let now = core.now();
    let mut state = core.state();
    let Some((oauth_state, purpose)) = state.flows.authorize(&query.request_uri, now) else {
        return unusable_link();
    };
    let Some(provider) = state.providers.get(&purpose.key.provider) else { return unusable_link() };
    let (scopes, more) = (&purpose.scopes, &purpose.custom_parameters);
    redirect(&provider.authorization_request(&core.base, scopes, &oauth_state, more))
}

#[derive(Deserialize)]
struct ProviderRedirect {
    #[serde(default)]
    state: String,
    code: Option<String>,
    error: Option<String>,
}

/// Stores the code that the provider's redirect carries, and redirects the browser to the application.
async fn callback(
    State(core): State<AgentCore>,
    Path(id): Path<String>,
    Query(query): Query<ProviderRedirect>,
) -> Response {
    let answer = match (query.code, query.error) {
        (_, Some(error)) => ProviderAnswer::Error(error),
        (Some(code), None) => ProviderAnswer::Code(code),
        (None, None) => return unusable_link(),
    };
    let now = core.now();
    let mut state = core.state();
    let id = Uuid::try_parse(&id).ok();
    let provider = state.providers.iter().find(|(_, it)| Some(it.callback_id) == id);
    let Some(name) = provider.map(|(name, _)| name.clone()) else { return unusable_link() };
    state
        .flows
        .callback(&name, &query.state, answer, now)
        .map_or_else(unusable_link, |target| redirect(&target))
}

/// A redirect that is not cached and sends no referrer.
fn redirect(target: &Url) -> Response {
    let headers = [
        (LOCATION.as_str(), target.as_str()),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
    ];
    (StatusCode::FOUND, headers).into_response()
}

/// The page for an address that is unknown, expired or used.
fn unusable_link() -> Response {
    page(
        StatusCode::BAD_REQUEST,
        "AgentCore Identity",
        "<h1>This link can't be used</h1>\n<p>It is unknown, has expired, or was used already. Go \
         back to the application and ask again.</p>\n",
    )
}
