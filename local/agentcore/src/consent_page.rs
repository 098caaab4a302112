//! The built-in consent page, for an agent without an OAuth provider: an authorization server (RFC
//! 6749, section 4.1) that accepts every client, with two made-up people.
//!
//! It redirects only to callbacks of this stand-in, and its tokens are valid only for its user info.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use axum::{
    Form, Json, Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use stand_in::{
    page::{escape, hidden, page},
    random_token,
};
use url::Url;

use super::AgentCore;

/// How long a code can be exchanged.
const CODE_LIFETIME: Duration = Duration::from_secs(60);
/// Everybody who can consent.
const PEOPLE: [&str; 2] = ["alice", "bob"];
const WHAT: &str = "an OAuth provider";

/// The consent page, the target of its form, the token endpoint and the user info.
pub(super) fn routes() -> Router<AgentCore> {
    Router::new()
        .route("/stand-in/authorize", get(ask).post(decide))
        .route("/stand-in/token", post(exchange))
        .route("/stand-in/userinfo", get(user_info))
}

/// What a person has consented to.
#[derive(Clone)]
struct Consent {
    person: &'static str,
    scope: String,
}

/// A code that was not exchanged yet.
struct Code {
    consent: Consent,
    redirect_uri: String,
    expires: SystemTime,
}

/// All codes and tokens.
#[derive(Default)]
pub(super) struct Consents {
    codes: HashMap<String, Code>,
    tokens: HashMap<String, (Consent, SystemTime)>,
    refresh_tokens: HashMap<String, Consent>,
}

/// An authorization request.
#[derive(Deserialize)]
struct Request {
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    redirect_uri: String,
    #[serde(default)]
    scope: String,
    state: Option<String>,
}

impl Request {
    /// Returns the redirect URI, if it is a callback of this stand-in.
    fn callback(&self, core: &AgentCore) -> Option<Url> {
        let callback = Url::parse(&self.redirect_uri).ok()?;
        let state = core.state();
        let is_ours = state.providers.values().any(|it| it.callback(&core.base) == callback);
        is_ours.then_some(callback)
    }
}

async fn ask(State(core): State<AgentCore>, Query(request): Query<Request>) -> Response {
    if request.callback(&core).is_none() {
        return wrong_request();
    }
    let scopes: String = request
        .scope
        .split(' ')
        .filter(|scope| !scope.is_empty())
        .map(|scope| format!("<li><code>{}</code></li>\n", escape(scope)))
        .collect();
    let hidden = hidden([
        ("client_id", Some(&request.client_id)),
        ("redirect_uri", Some(&request.redirect_uri)),
        ("scope", Some(&request.scope)),
        ("state", request.state.as_ref()),
    ]);
    let people: String = PEOPLE
        .iter()
        .map(|person| {
            format!(
                "<p><button type=\"submit\" name=\"person\" value=\"{person}\">Allow as {person}\
                 </button></p>\n"
            )
        })
        .collect();
    let client = escape(&request.client_id);
    let main = format!(
        "<h1>May an agent act for you?</h1>\n\
         <p>The client <strong>{client}</strong> asks for these scopes:</p>\n<ul>\n{scopes}</ul>\n\
         <form method=\"post\" action=\"/stand-in/authorize\">\n{hidden}{people}\
         <p><button type=\"submit\" name=\"person\" value=\"\">Decline</button></p>\n</form>\n"
    );
    page(StatusCode::OK, WHAT, &main)
}

#[derive(Deserialize)]
struct Decision {
    #[serde(flatten)]
    request: Request,
    person: String,
}

/// Issues a code, or an error if the person declines, and redirects the browser to the callback.
async fn decide(State(core): State<AgentCore>, Form(decision): Form<Decision>) -> Response {
    let Decision { request, person } = decision;
    let Some(mut target) = request.callback(&core) else { return wrong_request() };
    let person = PEOPLE.into_iter().find(|it| *it == person);
    if let Some(person) = person {
        let code = random_token();
        target.query_pairs_mut().append_pair("code", &code);
        let consent = Consent { person, scope: request.scope };
        let redirect_uri = request.redirect_uri;
        let now = core.now();
        let mut state = core.state();
        let codes = &mut state.consents.codes;
        codes.retain(|_, code| now < code.expires);
        codes.insert(code, Code { consent, redirect_uri, expires: now + CODE_LIFETIME });
        tracing::info!(person, "a person consents at the built-in page");
    } else {
        target.query_pairs_mut().append_pair("error", "access_denied");
        tracing::info!("a person declines at the built-in page");
    }
    if let Some(state) = request.state {
        target.query_pairs_mut().append_pair("state", &state);
    }
    Redirect::to(target.as_str()).into_response()
}

#[derive(Deserialize)]
struct Exchange {
    #[serde(default)]
    grant_type: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    redirect_uri: String,
    #[serde(default)]
    refresh_token: String,
}

/// Exchanges a code or a refresh token for an access token. Every client secret is accepted.
async fn exchange(State(core): State<AgentCore>, Form(form): Form<Exchange>) -> Response {
    let (now, lifetime) = (core.now(), core.settings.access_token);
    let mut state = core.state();
    let consents = &mut state.consents;
    let consent = match form.grant_type.as_str() {
        "authorization_code" => consents
            .codes
            .remove(&form.code)
            .filter(|code| code.redirect_uri == form.redirect_uri && now < code.expires)
            .map(|code| code.consent),
        "refresh_token" => consents.refresh_tokens.remove(&form.refresh_token),
        _ => return refuse("unsupported_grant_type"),
    };
    let Some(consent) = consent else { return refuse("invalid_grant") };
    let (access_token, refresh_token) = (random_token(), random_token());
    let answer = json!({
        "access_token": access_token, "token_type": "Bearer", "expires_in": lifetime.as_secs(),
        "refresh_token": refresh_token, "scope": consent.scope,
    });
    consents.tokens.retain(|_, (_, expires)| now < *expires);
    consents.tokens.insert(access_token, (consent.clone(), now + lifetime));
    consents.refresh_tokens.insert(refresh_token, consent);
    ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response()
}

fn refuse(error: &str) -> Response {
    let headers = [(header::CACHE_CONTROL, "no-store")];
    (StatusCode::BAD_REQUEST, headers, Json(json!({ "error": error }))).into_response()
}

/// Whose token it is, and for what.
#[derive(Serialize)]
struct UserInfo {
    sub: &'static str,
    scope: String,
}

async fn user_info(
    State(core): State<AgentCore>,
    headers: HeaderMap,
) -> Result<Json<UserInfo>, Response> {
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = token.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let now = core.now();
    let state = core.state();
    let known = state.consents.tokens.get(token).filter(|(_, expires)| now < *expires);
    let (Consent { person: sub, scope }, _) = known.ok_or_else(|| {
        let challenge = [(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")];
        (StatusCode::UNAUTHORIZED, challenge).into_response()
    })?;
    Ok(Json(UserInfo { sub, scope: scope.clone() }))
}

fn wrong_request() -> Response {
    page(
        StatusCode::BAD_REQUEST,
        WHAT,
        "<h1>This request can't be answered</h1>\n\
         <p>Its redirect is not the callback of a credential provider here.</p>\n",
    )
}
