//! Revoking credentials that were found somewhere, and the security log, in which their owners see it.
//!
//! Source: GitHub's REST documentation, "Revoke a list of credentials" (anonymous requests only, 60 an
//! hour, at most 1,000 credentials in each), and its changelog of 2026-03-26 (an app's tokens; the
//! owner is told). GitHub's text for a request with an `Authorization` is not documented, and
//! neither is what it answers to credentials that it does not know: here 422, if it knows none of them.

use std::time::{Duration, SystemTime};

use axum::{
    Json, Router,
    extract::{State, rejection::JsonRejection},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use stand_in::STEP;

use super::{
    GitHub,
    issues::rfc3339,
    page,
    rest::{rate_limit, refuse, unnamed},
};

/// How many requests an address has in an hour.
const MAX_REQUESTS: u32 = 60;
const HOUR: Duration = Duration::from_secs(60 * 60);
/// How many credentials one request may have.
const MAX_CREDENTIALS: usize = 1_000;

/// The call, and the page of the security log.
pub(super) fn routes() -> Router<GitHub> {
    Router::new()
        .route("/credentials/revoke", post(revoke))
        .route("/settings/security-log", get(security_log))
}

/// What was revoked, and how often that was asked for. Everybody who reaches this stand-in has the
/// address of this machine, so that one number is that of an address.
#[derive(Default)]
pub(super) struct Revocations {
    window_start: Option<SystemTime>,
    used: u32,
    /// What is written in the owners' security logs: the account, the kind of credential, and when.
    log: Vec<(&'static str, &'static str, String)>,
}

impl Revocations {
    /// Counts a request. Returns how many there were in this hour, and when that ends.
    fn count(&mut self, now: SystemTime) -> (u32, SystemTime) {
        let is_over = |start: &SystemTime| now >= *start + HOUR;
        let start = self.window_start.filter(|start| !is_over(start)).unwrap_or_else(|| {
            self.used = 0;
            now
        });
        self.window_start = Some(start);
        self.used = self.used.saturating_add(1);
        (self.used, start + HOUR)
    }
}

impl Revocations {
    /// Writes to the security log of `account` that `kind` was revoked.
    pub(super) fn note(&mut self, account: &'static str, kind: &'static str, at: String) {
        self.log.push((account, kind, at));
    }
}

#[derive(Deserialize)]
struct Credentials {
    credentials: Vec<String>,
}

/// `POST /credentials/revoke`.
async fn revoke(
    State(github): State<GitHub>,
    headers: HeaderMap,
    body: Result<Json<Value>, JsonRejection>,
) -> Response {
    if let Some(refusal) = unnamed(&headers) {
        return refusal;
    }
    let now = github.now();
    let (used, resets) = github.revocations().count(now);
    let limit = rate_limit(MAX_REQUESTS, used, resets);
    if headers.contains_key(AUTHORIZATION) {
        let message = "This endpoint can only be accessed without authentication.";
        return refuse(StatusCode::FORBIDDEN, limit, message);
    }
    if used > MAX_REQUESTS {
        return refuse(StatusCode::FORBIDDEN, limit, "API rate limit exceeded for 127.0.0.1.");
    }
    let Ok(Json(body)) = body else {
        return refuse(StatusCode::BAD_REQUEST, limit, "Problems parsing JSON");
    };
    let credentials = match checked(body) {
        Ok(credentials) => credentials,
        Err(error) => return invalid(limit, error),
    };
    let all = credentials.iter().filter_map(|it| github.grants().revoke(it, now));
    let revoked: Vec<_> = all.collect();
    if revoked.is_empty() {
        return invalid(limit, "No credential is known.");
    }
    for (account, kind) in revoked {
        tracing::info!(target: STEP, step = "credential_revoked", account, kind, "revoked");
        github.revocations().note(account, kind, rfc3339(now));
    }
    (StatusCode::ACCEPTED, limit).into_response()
}

fn checked(body: Value) -> Result<Vec<String>, &'static str> {
    let body = serde_json::from_value(body);
    let Credentials { credentials } = body.map_err(|_| "credentials is no array of strings.")?;
    if !(1..=MAX_CREDENTIALS).contains(&credentials.len()) {
        return Err("credentials has to have 1 to 1000 items.");
    }
    let kinds = ["ghp_", "github_pat_", "gho_", "ghu_", "ghr_"];
    let is_known = |it: &String| kinds.iter().any(|kind| it.starts_with(kind));
    match credentials.iter().all(is_known) {
        true => Ok(credentials),
        false => Err("credentials has an item of an unknown type."),
    }
}

fn invalid(headers: HeaderMap, error: &str) -> Response {
    let body = json!({
        "message": "Validation Failed",
        "errors": [error],
        "documentation_url":
            "https://docs.github.com/rest/credentials/revoke#revoke-a-list-of-credentials",
        "status": "422",
    });
    (StatusCode::UNPROCESSABLE_ENTITY, headers, Json(body)).into_response()
}

/// The page: of everybody, because nobody signs in here.
async fn security_log(State(github): State<GitHub>) -> Response {
    page::security_log(&github.revocations().log)
}
