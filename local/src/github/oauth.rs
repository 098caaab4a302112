//! The web application flow of GitHub's OAuth apps.
//!
//! Source: GitHub's "Authorizing OAuth apps" and its troubleshooting pages for the errors. Unlike
//! GitHub, which lets an app be redirected below its callback, the redirect must be the registered
//! callback itself; and whatever is wrong with it is told to the person, never sent there.

use axum::{
    Form, Json, Router,
    extract::{Query, State},
    http::{HeaderMap, header::ACCEPT},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    GitHub,
    accounts::Account,
    grants::{Consent, Issued, Refusal},
    page,
    scopes::Scopes,
};

/// The page, its form's target, and the token endpoint.
pub(super) fn routes() -> Router<GitHub> {
    Router::new()
        .route("/login/oauth/authorize", get(ask).post(decide))
        .route("/login/oauth/access_token", post(exchange))
}

/// What an app asks for.
#[derive(Deserialize)]
pub(super) struct Request {
    #[serde(default)]
    pub(super) client_id: String,
    pub(super) redirect_uri: Option<String>,
    #[serde(default)]
    pub(super) scope: String,
    pub(super) state: Option<String>,
}

/// The page where a person decides.
async fn ask(State(github): State<GitHub>, Query(request): Query<Request>) -> Response {
    let known =
        github.grants().callback(&request.client_id, request.redirect_uri.as_deref()).is_some();
    if known {
        page::consent(&request, &Scopes::parse(&request.scope))
    } else {
        page::wrong_request()
    }
}

/// The decision: the app's request again, and what the person chose.
#[derive(Deserialize)]
struct Decision {
    #[serde(flatten)]
    request: Request,
    #[serde(default)]
    account: String,
    #[serde(default)]
    decision: String,
}

/// Takes the decision and sends the browser back to the app.
async fn decide(State(github): State<GitHub>, Form(decision): Form<Decision>) -> Response {
    let request = decision.request;
    let now = github.now();
    let mut grants = github.grants();
    let callback = grants.callback(&request.client_id, request.redirect_uri.as_deref()).cloned();
    let (Some(mut target), Some(account)) = (callback, Account::named(&decision.account)) else {
        return page::wrong_request();
    };
    match decision.decision.as_str() {
        "authorize" => {
            let consent = Consent { account, scopes: Scopes::parse(&request.scope) };
            let code = grants.issue_code(&request.client_id, consent, now);
            target.query_pairs_mut().append_pair("code", &code);
        }
        "cancel" => {
            target
                .query_pairs_mut()
                .append_pair("error", "access_denied")
                .append_pair("error_description", "The user has denied your application access.");
        }
        _ => return page::wrong_request(),
    }
    if let Some(state) = &request.state {
        target.query_pairs_mut().append_pair("state", state);
    }
    tracing::info!(account = account.login, "stand-in for GitHub: the consent page was answered");
    Redirect::to(target.as_str()).into_response()
}

/// What an app exchanges.
#[derive(Deserialize)]
struct Exchange {
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    client_secret: String,
    #[serde(default)]
    code: String,
    redirect_uri: Option<String>,
}

/// A code for a token. Errors have status 200, as GitHub's do.
async fn exchange(
    State(github): State<GitHub>,
    headers: HeaderMap,
    Form(form): Form<Exchange>,
) -> Response {
    let now = github.now();
    let app = (form.client_id.as_str(), form.client_secret.as_str());
    let outcome = github.grants().redeem(app, &form.code, form.redirect_uri.as_deref(), now);
    let answer = match outcome {
        Ok(Issued { access_token, scopes }) => json!({
            "access_token": access_token, "scope": scopes.join(","), "token_type": "bearer",
        }),
        Err(refusal) => explain(&refusal),
    };
    let accepts = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accepts.contains("application/json") {
        Json(answer).into_response()
    } else {
        Form(answer).into_response()
    }
}

/// GitHub's error codes and texts.
fn explain(refusal: &Refusal) -> Value {
    let (error, description) = match refusal {
        Refusal::IncorrectClientCredentials => (
            "incorrect_client_credentials",
            "The client_id and/or client_secret passed are incorrect.",
        ),
        Refusal::BadVerificationCode => {
            ("bad_verification_code", "The code passed is incorrect or expired.")
        }
        Refusal::RedirectUriMismatch => (
            "redirect_uri_mismatch",
            "The redirect_uri MUST match the registered callback URL for this application.",
        ),
    };
    json!({ "error": error, "error_description": description })
}
