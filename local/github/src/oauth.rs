//! The web application flow of GitHub's OAuth apps and GitHub Apps.
//!
//! Source: GitHub's "Authorizing OAuth apps", "Refreshing user access tokens" and its
//! troubleshooting pages for the errors; github/github-mcp-server's issue 2901 for where its
//! metadata (RFC 8414) are. Unlike GitHub, which lets an app be redirected below its callback, the
//! redirect must be the registered callback itself. An error about the redirect is shown to the
//! person and never sent there.

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
    authorization_request::AuthorizationRequest,
    grants::{AppKind, Consent, GrantRefusal, Issued},
    installations::Choice,
    page,
    scopes::Scopes,
};
use stand_in::STEP;

/// The consent page, the target of its form, the token endpoint and the metadata.
pub(super) fn routes() -> Router<GitHub> {
    Router::new()
        .route("/login/oauth/authorize", get(ask).post(decide))
        .route("/login/oauth/access_token", post(exchange))
        .route("/.well-known/oauth-authorization-server/login/oauth", get(metadata))
}

/// The authorization server metadata (RFC 8414).
async fn metadata(State(github): State<GitHub>) -> Json<Value> {
    let base = &github.base;
    Json(json!({
        "issuer": format!("{base}login/oauth"),
        "authorization_endpoint": format!("{base}login/oauth/authorize"),
        "token_endpoint": format!("{base}login/oauth/access_token"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
    }))
}

/// Shows the consent page.
async fn ask(
    State(github): State<GitHub>,
    Query(request): Query<AuthorizationRequest>,
) -> Response {
    let known =
        github.grants().callback(&request.client_id, request.redirect_uri.as_deref()).is_some();
    if !known {
        return page::wrong_request();
    }
    match github.grants().kind(&request.client_id) {
        // "scope" means nothing there.
        Some(AppKind::GitHubApp) => page::consent(&request, None),
        _ => page::consent(&request, Some(&Scopes::parse(&request.scope))),
    }
}

/// The form of the consent page: the app's request again, and the account that allows it, or `cancel`.
#[derive(Deserialize)]
struct Decision {
    #[serde(flatten)]
    request: AuthorizationRequest,
    #[serde(flatten)]
    choice: Choice,
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
    let Some(mut target) = callback else { return page::wrong_request() };
    match (decision.decision.as_str(), person(&decision.account)) {
        ("", Some(account)) => {
            if let Some(installations) = grants.installations(&request.client_id)
                && decision.choice.apply(account, installations).is_none()
            {
                return page::wrong_request();
            }
            let consent = Consent { account, scopes: Scopes::parse(&request.scope) };
            let code = grants.issue_code(&request.client_id, consent, now);
            target.query_pairs_mut().append_pair("code", &code);
            let (account, app, scopes) = (account.login, &request.client_id, &request.scope);
            tracing::info!(target: STEP, step = "authorized", account, app, scopes, "authorized");
        }
        ("cancel", _) => {
            tracing::info!(target: STEP, step = "declined", "nobody authorizes the app");
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
    Redirect::to(target.as_str()).into_response()
}

fn person(login: &str) -> Option<&'static Account> {
    Account::person(login)
}

/// A token request.
#[derive(Deserialize)]
struct Exchange {
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    client_secret: String,
    grant_type: Option<String>,
    #[serde(default)]
    code: String,
    redirect_uri: Option<String>,
    #[serde(default)]
    refresh_token: String,
}

/// Exchanges a code or a refresh token for an access token. Errors have status 200, as GitHub's do.
async fn exchange(
    State(github): State<GitHub>,
    headers: HeaderMap,
    Form(form): Form<Exchange>,
) -> Response {
    let now = github.now();
    let app = (form.client_id.as_str(), form.client_secret.as_str());
    let outcome = match form.grant_type.as_deref() {
        Some("refresh_token") => github.grants().refresh(app, &form.refresh_token, now),
        _ => github.grants().redeem(app, &form.code, form.redirect_uri.as_deref(), now),
    };
    let answer = outcome.map_or_else(|refusal| explain(&refusal), |issued| describe(&issued));
    let accepts = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accepts.contains("application/json") {
        Json(answer).into_response()
    } else {
        Form(answer).into_response()
    }
}

/// The token endpoint's response.
fn describe(issued: &Issued) -> Value {
    let scope = issued.scopes.as_ref().map_or_else(String::new, |scopes| scopes.join(","));
    let mut answer = json!({
        "access_token": issued.access_token, "scope": scope, "token_type": "bearer",
    });
    if let Some(refresh) = &issued.refresh {
        answer["expires_in"] = refresh.access_token_expires_in.as_secs().into();
        answer["refresh_token"] = refresh.token.as_str().into();
        answer["refresh_token_expires_in"] = refresh.expires_in.as_secs().into();
    }
    answer
}

/// GitHub's error codes and texts.
fn explain(refusal: &GrantRefusal) -> Value {
    let (error, description) = match refusal {
        GrantRefusal::IncorrectClientCredentials => (
            "incorrect_client_credentials",
            "The client_id and/or client_secret passed are incorrect.",
        ),
        GrantRefusal::BadVerificationCode => {
            ("bad_verification_code", "The code passed is incorrect or expired.")
        }
        GrantRefusal::BadRefreshToken => {
            ("bad_refresh_token", "The refresh token passed is incorrect or expired.")
        }
        GrantRefusal::RedirectUriMismatch => (
            "redirect_uri_mismatch",
            "The redirect_uri MUST match the registered callback URL for this application.",
        ),
    };
    json!({ "error": error, "error_description": description })
}
