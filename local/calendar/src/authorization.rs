//! The authorization endpoint: from an app's request over the person's decision to a code.
//!
//! Source: RFC 6749, sections 4.1.1 to 4.1.2.1. An error about the app or its redirect is shown to the person and
//! never sent there; every other error is sent back to the app. RFC 8707: a `resource` is the MCP server
//! or `invalid_target`.

use axum::{
    Form, Router,
    extract::{
        Query, State,
        rejection::{FormRejection, QueryRejection},
    },
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use serde::Deserialize;
use stand_in::{STEP, is_of_another_site};
use url::Url;

use super::{Calendar, grants::Consent, page, people::Person, pkce::Challenge, scopes::Scopes};

/// The consent page and the target of its form.
pub(super) fn routes() -> Router<Calendar> {
    Router::new().route("/authorize", get(ask).post(decide))
}

/// What a browser brings, and what the form sends again.
#[derive(Deserialize)]
pub(super) struct AuthorizationRequest {
    #[serde(default)]
    pub(super) client_id: String,
    #[serde(default)]
    pub(super) redirect_uri: String,
    #[serde(default)]
    pub(super) response_type: String,
    #[serde(default)]
    pub(super) scope: String,
    pub(super) state: Option<String>,
    pub(super) code_challenge: Option<String>,
    pub(super) code_challenge_method: Option<String>,
    pub(super) resource: Option<String>,
}

/// A request that a person can decide about.
struct Checked {
    callback: Url,
    scopes: Scopes,
    challenge: Option<Challenge>,
}

/// Why they can't.
enum AuthorizationRefusal {
    /// The browser is sent nowhere.
    Shown,
    /// The app is told, with an error and its description.
    SentBack(Url, &'static str, &'static str),
}

fn check(
    calendar: &Calendar,
    request: &AuthorizationRequest,
) -> Result<Checked, AuthorizationRefusal> {
    let grants = calendar.grants();
    let callback = grants.callback(&request.client_id, &request.redirect_uri);
    let callback = callback.ok_or(AuthorizationRefusal::Shown)?.clone();
    let refuse = |error, description| {
        Err(AuthorizationRefusal::SentBack(callback.clone(), error, description))
    };
    match request.response_type.as_str() {
        "code" => {}
        "" => return refuse("invalid_request", "response_type is missing."),
        _ => return refuse("unsupported_response_type", "response_type has to be code."),
    }
    if !calendar.is_own_resource(request.resource.as_deref()) {
        return refuse("invalid_target", "The resource is not the MCP server of this calendar.");
    }
    let Some(scopes) = Scopes::parse(&request.scope) else {
        return refuse("invalid_scope", "The scopes are events.read and events.write.");
    };
    let method = request.code_challenge_method.as_deref();
    match Challenge::parse(request.code_challenge.as_deref(), method) {
        Ok(challenge) => Ok(Checked { callback, scopes, challenge }),
        Err(description) => refuse("invalid_request", description),
    }
}

impl AuthorizationRefusal {
    fn into_response(self, state: Option<&str>) -> Response {
        match self {
            Self::Shown => page::wrong_request(),
            Self::SentBack(callback, error, description) => {
                let parameters = [("error", error), ("error_description", description)];
                send_back(callback, &parameters, state)
            }
        }
    }
}

fn send_back(mut callback: Url, parameters: &[(&str, &str)], state: Option<&str>) -> Response {
    let state = state.map(|state| ("state", state));
    callback.query_pairs_mut().extend_pairs(parameters).extend_pairs(state);
    Redirect::to(callback.as_str()).into_response()
}

/// Shows the consent page.
async fn ask(
    State(calendar): State<Calendar>,
    request: Result<Query<AuthorizationRequest>, QueryRejection>,
) -> Response {
    // A parameter that is there twice, for example.
    let Ok(Query(request)) = request else { return page::wrong_request() };
    match check(&calendar, &request) {
        Ok(checked) => page::consent(&request, &checked.scopes),
        Err(refusal) => refusal.into_response(request.state.as_deref()),
    }
}

/// The form of the consent page: the app's request again, and the account that allows it, or `deny`.
#[derive(Deserialize)]
struct Decision {
    #[serde(flatten)]
    request: AuthorizationRequest,
    #[serde(default)]
    account: String,
    #[serde(default)]
    decision: String,
}

/// Takes the decision and sends the browser back to the app.
async fn decide(
    State(calendar): State<Calendar>,
    headers: HeaderMap,
    form: Result<Form<Decision>, FormRejection>,
) -> Response {
    let Ok(Form(Decision { request, account, decision })) = form else {
        return page::wrong_request();
    };
    if is_of_another_site(&headers) {
        return page::wrong_request();
    }
    let state = request.state.as_deref();
    let Checked { callback, scopes, challenge } = match check(&calendar, &request) {
        Ok(checked) => checked,
        Err(refusal) => return refusal.into_response(state),
    };
    match (decision.as_str(), Person::named(&account)) {
        ("", Some(person)) => {
            let (account, app, names) = (person.login(), &request.client_id, scopes.join());
            let step = "calendar_authorized";
            tracing::info!(target: STEP, step, account, app, scopes = names, "authorized");
            let consent = Consent { client_id: request.client_id.clone(), person, scopes };
            let code = calendar.grants().issue_code(consent, challenge, calendar.now());
            send_back(callback, &[("code", &code)], state)
        }
        ("deny", _) => {
            tracing::info!(target: STEP, step = "calendar_declined", "nobody authorizes the app");
            let description = "The person has said no.";
            let parameters = [("error", "access_denied"), ("error_description", description)];
            send_back(callback, &parameters, state)
        }
        _ => page::wrong_request(),
    }
}
