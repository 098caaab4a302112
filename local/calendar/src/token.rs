//! The token endpoint, and the metadata that lead to it.
//!
//! Source: RFC 6749, sections 2.3.1 (how an app proves who it is), 4.1.3, 5.1, 5.2 and 6; RFC 8414 (metadata);
//! RFC 8707 (`resource`).

use axum::{
    Form, Json, Router,
    extract::{State, rejection::FormRejection},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{AUTHORIZATION, CACHE_CONTROL, PRAGMA, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Calendar,
    grants::{AuthenticatedClient, GrantRefusal, Issued, TOKEN_LIFETIME},
    scopes::{Scope, Scopes},
};

/// The token endpoint and the metadata.
pub(super) fn routes() -> Router<Calendar> {
    Router::new()
        .route("/token", post(exchange))
        .route("/.well-known/oauth-authorization-server", get(metadata))
}

/// The authorization server metadata (RFC 8414, section 2).
async fn metadata(State(calendar): State<Calendar>) -> Json<Value> {
    let issuer = calendar.issuer();
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": Scope::ALL.map(Scope::name),
    }))
}

/// A token request.
#[derive(Deserialize)]
struct TokenRequest {
    grant_type: Option<String>,
    code: Option<String>,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
    refresh_token: Option<String>,
    scope: Option<String>,
    resource: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
}

/// Why there is no token: the status, the error and its description.
struct TokenRefusal(StatusCode, &'static str, &'static str);

impl TokenRefusal {
    const fn new(error: &'static str, description: &'static str) -> Self {
        Self(StatusCode::BAD_REQUEST, error, description)
    }

    const fn missing(description: &'static str) -> Self {
        Self::new("invalid_request", description)
    }
}

impl From<GrantRefusal> for TokenRefusal {
    fn from(refusal: GrantRefusal) -> Self {
        match refusal {
            GrantRefusal::Client => Self(
                StatusCode::UNAUTHORIZED,
                "invalid_client",
                "The app is unknown, or its secret is wrong.",
            ),
            GrantRefusal::Grant(description) => Self::new("invalid_grant", description),
            GrantRefusal::Scope => {
                Self::new("invalid_scope", "The scopes are more than were granted.")
            }
        }
    }
}

/// Exchanges a code or a refresh token for an access token.
async fn exchange(
    State(calendar): State<Calendar>,
    headers: HeaderMap,
    form: Result<Form<TokenRequest>, FormRejection>,
) -> Response {
    let issued = match form {
        Ok(Form(request)) => issue(&calendar, &headers, &request),
        Err(_) => Err(TokenRefusal::missing("The body is no form, or names a parameter twice.")),
    };
    let mut response = match issued {
        Ok(issued) => Json(describe(&issued)).into_response(),
        Err(TokenRefusal(status, error, description)) => {
            let body = json!({ "error": error, "error_description": description });
            let mut response = (status, Json(body)).into_response();
            if status == StatusCode::UNAUTHORIZED {
                let challenge = HeaderValue::from_static("Basic realm=\"calendar\"");
                response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
            }
            response
        }
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

fn issue(
    calendar: &Calendar,
    headers: &HeaderMap,
    request: &TokenRequest,
) -> Result<Issued, TokenRefusal> {
    let (client_id, secret) = credentials(headers, request)?;
    let mut grants = calendar.grants();
    let client: AuthenticatedClient = grants.authenticate(&client_id, &secret)?;
    if !calendar.is_own_resource(request.resource.as_deref()) {
        let description = "The resource is not the MCP server of this calendar.";
        return Err(TokenRefusal::new("invalid_target", description));
    }
    let now = calendar.now();
    match request.grant_type.as_deref() {
        Some("authorization_code") => {
            let code = request.code.as_deref().ok_or(TokenRefusal::missing("code is missing."))?;
            let redirect = request.redirect_uri.as_deref();
            let redirect = redirect.ok_or(TokenRefusal::missing("redirect_uri is missing."))?;
            let verifier = request.code_verifier.as_deref();
            Ok(grants.redeem(&client, code, redirect, verifier, now)?)
        }
        Some("refresh_token") => {
            let token = request.refresh_token.as_deref();
            let token = token.ok_or(TokenRefusal::missing("refresh_token is missing."))?;
            let scopes = request
                .scope
                .as_deref()
                .map(|scope| Scopes::parse(scope).ok_or(TokenRefusal::from(GrantRefusal::Scope)));
            Ok(grants.refresh(&client, token, scopes.transpose()?, now)?)
        }
        Some(_) => {
            let description = "grant_type has to be authorization_code or refresh_token.";
            Err(TokenRefusal::new("unsupported_grant_type", description))
        }
        None => Err(TokenRefusal::missing("grant_type is missing.")),
    }
}

/// Returns the id and the secret of the app: in the header, where both are encoded as in a form, or in the body, and
/// not in both.
fn credentials(
    headers: &HeaderMap,
    request: &TokenRequest,
) -> Result<(String, String), TokenRefusal> {
    let Some(header) = headers.get(AUTHORIZATION) else {
        let both = request.client_id.clone().zip(request.client_secret.clone());
        return both.ok_or(GrantRefusal::Client.into());
    };
    if request.client_secret.is_some() {
        return Err(TokenRefusal::missing("The app proves who it is in two ways at once."));
    }
    let (client_id, secret) = header.to_str().ok().and_then(basic).ok_or(GrantRefusal::Client)?;
    if request.client_id.as_ref().is_some_and(|other| *other != client_id) {
        return Err(TokenRefusal::missing("The header names another client_id than the body."));
    }
    Ok((client_id, secret))
}

/// Parses `Basic …` (RFC 7617).
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, credentials) = header.split_once(' ')?;
    let decoded = STANDARD.decode(credentials.trim()).ok()?;
    let text = String::from_utf8(decoded).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let (client_id, secret) = text.split_once(':')?;
    Some((form_decoded(client_id), form_decoded(secret)))
}

fn form_decoded(text: &str) -> String {
    form_urlencoded::parse(text.as_bytes()).map(|(name, _)| name.into_owned()).collect()
}

/// The response with the tokens (RFC 6749, section 5.1).
fn describe(issued: &Issued) -> Value {
    json!({
        "access_token": issued.access_token,
        "token_type": "Bearer",
        "expires_in": TOKEN_LIFETIME.as_secs(),
        "refresh_token": issued.refresh_token,
        "scope": issued.scopes.join(),
    })
}
