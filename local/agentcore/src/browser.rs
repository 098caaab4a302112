//! What a browser passes through: to the provider, and back from it to the application.
//!
//! Source: the AgentCore developer guide's "OAuth 2.0 authorization URL session binding" for the
//! addresses and `session_id`. What the application gets when the person declines is not
//! documented; here it is `error`, as RFC 6749, section 4.1.2.1, has it.

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
        .route("/identities/oauth2/callback/{id}", get(come_back))
}

#[derive(Deserialize)]
struct Authorization {
    #[serde(default)]
    request_uri: String,
}

/// Sends the browser to the provider: once.
async fn authorize(State(core): State<AgentCore>, Query(query): Query<Authorization>) -> Response {
    let now = core.now();
    let mut state = core.state();
    let Some((oauth_state, purpose)) = state.flows.authorize(&query.request_uri, now) else {
        return dead_end();
    };
    let Some(provider) = state.providers.get(&purpose.key.provider) else { return dead_end() };
    let (scopes, more) = (&purpose.scopes, &purpose.custom_parameters);
    redirect(&provider.authorization_request(&core.base, scopes, &oauth_state, more))
}

#[derive(Deserialize)]
struct FromProvider {
    #[serde(default)]
    state: String,
    code: Option<String>,
    error: Option<String>,
}

/// Keeps what the provider's redirect brought, and sends the browser to the application.
async fn come_back(
    State(core): State<AgentCore>,
    Path(id): Path<String>,
    Query(query): Query<FromProvider>,
) -> Response {
    let answer = match (query.code, query.error) {
        (_, Some(error)) => ProviderAnswer::Error(error),
        (Some(code), None) => ProviderAnswer::Code(code),
        (None, None) => return dead_end(),
    };
    let now = core.now();
    let mut state = core.state();
    let id = Uuid::try_parse(&id).ok();
    let provider = state.providers.iter().find(|(_, it)| Some(it.callback_id) == id);
    let Some(name) = provider.map(|(name, _)| name.clone()) else { return dead_end() };
    state
        .flows
        .come_back(&name, &query.state, answer, now)
        .map_or_else(dead_end, |target| redirect(&target))
}

/// A redirect whose address no later page gets to see.
fn redirect(target: &Url) -> Response {
    let headers = [
        (LOCATION.as_str(), target.as_str()),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
    ];
    (StatusCode::FOUND, headers).into_response()
}

/// The page for an address that is unknown, expired or used.
fn dead_end() -> Response {
    page(
        StatusCode::BAD_REQUEST,
        "AgentCore Identity",
        "<h1>This link can't be used</h1>\n<p>It is unknown, has expired, or was used already. Go \
         back to the application and ask again.</p>\n",
    )
}
