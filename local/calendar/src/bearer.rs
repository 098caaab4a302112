//! What stands in front of the MCP server: who calls, and whether their token is for the tool that they call.
//!
//! Source: RFC 6750, section 3 (the challenges); RFC 9728 (the metadata that they name); MCP 2026-07-28,
//! "Authorization" (a token without the scope gets 403 with the scopes that the call needs).

use axum::{
    Json, Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{
        HeaderMap, StatusCode,
        header::{AUTHORIZATION, WWW_AUTHENTICATE},
    },
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};

use super::{
    Calendar,
    grants::Bearer,
    mcp::{self, MAX_BODY},
    scopes::Scope,
    tools,
};

const METADATA: &str = "/.well-known/oauth-protected-resource";

/// The MCP server for those who have a token, and the metadata for those who have none.
pub(super) fn routes(calendar: &Calendar) -> Router<Calendar> {
    let checked = middleware::from_fn_with_state(calendar.clone(), check);
    Router::new()
        .route_service("/mcp", mcp::service(calendar))
        .route_layer(checked)
        .route(METADATA, get(metadata))
        .route(&format!("{METADATA}/mcp"), get(metadata))
}

/// The protected resource metadata (RFC 9728, section 2).
async fn metadata(State(calendar): State<Calendar>) -> Json<Value> {
    Json(json!({
        "resource": calendar.resource(),
        "resource_name": "Stand-in for a calendar",
        "authorization_servers": [calendar.issuer()],
        "scopes_supported": Scope::ALL.map(Scope::name),
        "bearer_methods_supported": ["header"],
    }))
}

/// Lets a request through whose token is valid, and is for the tools that it calls.
async fn check(State(calendar): State<Calendar>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let Some(token) = token(&parts.headers) else {
        return refuse(&calendar, StatusCode::UNAUTHORIZED, "");
    };
    let bearer = calendar.grants().bearer(token, calendar.now());
    let Some(bearer) = bearer else {
        return refuse(&calendar, StatusCode::UNAUTHORIZED, "error=\"invalid_token\", ");
    };
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    if let Some(scope) = missing_scope(&body, &bearer) {
        // All that the client needs from now on: it asks for these and no others.
        let scopes = bearer.scopes.with(scope).join();
        let error = format!("error=\"insufficient_scope\", scope=\"{scopes}\", ");
        return refuse(&calendar, StatusCode::FORBIDDEN, &error);
    }
    parts.extensions.insert(bearer);
    next.run(Request::from_parts(parts, Body::from(body))).await
}

fn token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// Returns the scope that a tool needs which the body calls, and that the token has not got. What is no call is
/// for the MCP server to judge, which refuses lists of messages, too.
fn missing_scope(body: &Bytes, bearer: &Bearer) -> Option<Scope> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let name = body["params"]["name"].as_str().filter(|_| body["method"] == "tools/call");
    name.and_then(tools::scope_of).filter(|scope| !bearer.scopes.allow(*scope))
}

fn refuse(calendar: &Calendar, status: StatusCode, error: &str) -> Response {
    let issuer = calendar.issuer();
    let challenge = format!("Bearer {error}resource_metadata=\"{issuer}{METADATA}/mcp\"");
    (status, [(WWW_AUTHENTICATE, challenge)]).into_response()
}
