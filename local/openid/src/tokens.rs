//! The token endpoint and the user-info endpoint (OpenID Connect Core 1.0, sections 3.1.3, 5.3).

use std::time::UNIX_EPOCH;

use axum::{
    Form, Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    IdentityProvider,
    codes::{SignIn, TOKEN_LIFETIME},
};

/// Both endpoints.
pub(super) fn routes() -> Router<IdentityProvider> {
    Router::new().route("/token", post(token)).route("/userinfo", get(user_info).post(user_info))
}

#[derive(Deserialize)]
struct Exchange {
    #[serde(default)]
    grant_type: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    redirect_uri: String,
    code_verifier: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
}

async fn token(
    State(provider): State<IdentityProvider>,
    headers: HeaderMap,
    Form(exchange): Form<Exchange>,
) -> Response {
    if !is_the_client(&provider, &headers, &exchange) {
        return refuse(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    if exchange.grant_type != "authorization_code" {
        return refuse(StatusCode::BAD_REQUEST, "unsupported_grant_type");
    }
    let now = provider.0.clock.now();
    let mut codes = provider.codes();
    let verifier = exchange.code_verifier.as_deref();
    let sign_in = codes.redeem(&exchange.code, verifier, now);
    let is_same_redirect = exchange.redirect_uri == provider.0.redirect.as_str();
    let Some(SignIn { person, nonce, .. }) = sign_in.filter(|_| is_same_redirect) else {
        return refuse(StatusCode::BAD_REQUEST, "invalid_grant");
    };
    let access_token = codes.issue_token(person, now);
    let issued = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let mut claims = person.claims();
    claims["iss"] = provider.issuer().into();
    claims["aud"] = provider.0.client_id.as_str().into();
    claims["iat"] = issued.into();
    claims["exp"] = (issued + TOKEN_LIFETIME.as_secs()).into();
    if let Some(nonce) = nonce {
        claims["nonce"] = nonce.into();
    }
    let answer = json!({
        "access_token": access_token, "token_type": "Bearer",
        "expires_in": TOKEN_LIFETIME.as_secs(), "id_token": provider.0.keys.sign_jwt(&claims),
    });
    ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response()
}

/// `client_secret_basic` or `client_secret_post` (RFC 6749, section 2.3.1).
fn is_the_client(provider: &IdentityProvider, headers: &HeaderMap, exchange: &Exchange) -> bool {
    let basic = headers.get(header::AUTHORIZATION).and_then(|value| {
        let text = value.to_str().ok()?.strip_prefix("Basic ")?;
        let text = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
        let (id, secret) = text.split_once(':')?;
        let decode = |text: &str| {
            form_urlencoded::parse(text.as_bytes()).next().map(|(text, _)| text.into_owned())
        };
        Some((decode(id)?, decode(secret)?))
    });
    let posted = || Some((exchange.client_id.clone()?, exchange.client_secret.clone()?));
    let expected = (&provider.0.client_id, &provider.0.client_secret);
    basic.or_else(posted).is_some_and(|(id, secret)| (&id, &secret) == expected)
}

fn refuse(status: StatusCode, error: &'static str) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], Json(json!({ "error": error }))).into_response()
}

async fn user_info(
    State(provider): State<IdentityProvider>,
    headers: HeaderMap,
) -> Result<Json<Value>, Response> {
    let token = headers.get(header::AUTHORIZATION);
    let token = token.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let now = provider.0.clock.now();
    let person = token.and_then(|token| provider.codes().person(token, now));
    person.map(|person| Json(person.claims())).ok_or_else(|| {
        let challenge = [(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")];
        (StatusCode::UNAUTHORIZED, challenge).into_response()
    })
}
