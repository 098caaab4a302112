//! One repository, by its name or its id, and whether a call reaches it.
//!
//! Source: GitHub's REST documentation, "Get a repository"; its troubleshooting page: what a token may not
//! see is answered with 404, not 403, and that it lacks a scope then shows in
//! `x-accepted-oauth-scopes` alone; "Best practices for using the REST API": a renamed repository is
//! answered with 301, and with 307 to what changes something. The texts of 403 are those that users
//! report.

use std::collections::HashMap;

use axum::{
    Json, Router,
    extract::{FromRequestParts, Path, State},
    http::{HeaderValue, Method, StatusCode, header::LOCATION, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::json;

use super::{
    GitHub,
    accounts::{Account, Demand, OwnedRepository},
    grants::Usage,
    rest::{Caller, describe, refuse},
    sign_on,
};

/// The calls.
pub(super) fn routes() -> Router<GitHub> {
    Router::new()
        .route("/repos/{owner}/{repo}", get(repository))
        .route("/repositories/{id}", get(repository))
}

async fn repository(State(github): State<GitHub>, Reached { usage, found }: Reached) -> Response {
    let body = found.whole_body(&github.base, usage.consent.account.login);
    (describe(&usage, "repo"), Json(body)).into_response()
}

/// A repository that the call reaches, which names it in its path.
pub(super) struct Reached {
    pub(super) usage: Usage,
    pub(super) found: OwnedRepository,
}

impl FromRequestParts<GitHub> for Reached {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, github: &GitHub) -> Result<Self, Response> {
        let Caller(usage) = Caller::from_request_parts(parts, github).await?;
        let path = Path::<HashMap<String, String>>::from_request_parts(parts, github).await;
        let Path(path) = path.map_err(IntoResponse::into_response)?;
        let named = |name: &str| path.get(name).map(String::as_str).unwrap_or_default();
        let found = match path.get("id") {
            Some(id) => id.parse().ok().and_then(OwnedRepository::with_id),
            None => Account::named(named("owner")).and_then(|it| it.owned(named("repo"))),
        };
        let shown = found.filter(|it| usage.reads(it));
        let not_found = || refuse(StatusCode::NOT_FOUND, describe(&usage, "repo"), "Not Found");
        let found = shown.ok_or_else(not_found)?;
        if found.repository.former_name.is_some_and(|it| it.eq_ignore_ascii_case(named("repo"))) {
            return Err(moved(github, &usage, &found, parts));
        }
        if usage.app.as_ref().is_some_and(|app| !app.allow(&found, &parts.method)) {
            let text = "Resource not accessible by integration";
            return Err(refuse(StatusCode::FORBIDDEN, describe(&usage, ""), text));
        }
        match found.owner.demand(usage.consent.account.login) {
            // It is about OAuth apps.
            Some(Demand::Approval) if usage.app.is_some() => Ok(Self { usage, found }),
            Some(demand) => demanded(github, usage, found, demand),
            None => Ok(Self { usage, found }),
        }
    }
}

/// Sends the client to the repository's id, under which the rest of the path is the same.
fn moved(github: &GitHub, usage: &Usage, found: &OwnedRepository, parts: &Parts) -> Response {
    let rest: String = parts.uri.path().split('/').skip(4).map(|it| format!("/{it}")).collect();
    let query = parts.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let location = format!("{}repositories/{}{rest}{query}", github.base, found.repository.id);
    let (status, message) = match parts.method {
        Method::GET => (StatusCode::MOVED_PERMANENTLY, "Moved Permanently"),
        _ => (StatusCode::TEMPORARY_REDIRECT, "Temporary Redirect"),
    };
    let mut headers = describe(usage, "repo");
    headers.extend(HeaderValue::from_str(&location).map(|value| (LOCATION, value)));
    let body = json!({
        "message": message, "url": location,
        "documentation_url": "https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api",
    });
    (status, headers, Json(body)).into_response()
}

#[expect(clippy::result_large_err, reason = "the error is the whole response")]
fn demanded(
    github: &GitHub,
    usage: Usage,
    found: OwnedRepository,
    demand: Demand,
) -> Result<Reached, Response> {
    let mut headers = describe(&usage, "repo");
    let text = match demand {
        Demand::SingleSignOn => {
            let mut sign_ons = github.sign_ons();
            if sign_ons.has(&usage.token, found.owner) {
                drop(sign_ons);
                return Ok(Reached { usage, found });
            }
            let link = sign_ons.ask(&usage.token, found.owner, &github.base);
            headers.extend(link.map(|link| (sign_on::HEADER, link)));
            "Resource protected by organization SAML enforcement. You must grant your OAuth token \
             access to this organization."
                .to_owned()
        }
        Demand::Approval => format!(
            "Although you appear to have the correct authorization credentials, the `{}` \
             organization has enabled OAuth App access restrictions, meaning that data access to \
             third-parties is limited. For more information on these restrictions, including how \
             to enable this app, visit \
             https://docs.github.com/articles/restricting-access-to-your-organization-s-data/",
            found.owner.login
        ),
    };
    Err(refuse(StatusCode::FORBIDDEN, headers, &text))
}
