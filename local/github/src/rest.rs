//! The part of GitHub's REST API that the tools call.
//!
//! Source: GitHub's REST documentation: "Getting started" (a User-Agent is required), "Using
//! pagination", "Rate limits", "Scopes for OAuth apps" (the `x-oauth-scopes` headers) and the
//! pages of both calls. Which scopes a call reports as accepted is not documented for each;
//! `repo` and `user` are taken from its examples.

use std::{
    cmp::Reverse,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Json, Router,
    extract::{FromRequestParts, Query, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{AUTHORIZATION, USER_AGENT},
        request::Parts,
    },
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{
    GitHub,
    accounts::{Demand, OwnedRepository, Repository},
    grants::{REQUESTS_PER_WINDOW, Usage},
    installations::needed,
    paging::Paging,
    sign_on,
};

/// The calls.
pub(super) fn routes() -> Router<GitHub> {
    Router::new()
        .route("/user", get(user))
        .route("/user/repos", get(repositories))
        .fallback(not_found)
}

/// `GET /user`.
async fn user(State(github): State<GitHub>, Caller(usage): Caller) -> Response {
    let private = usage.may("read:user");
    let profile = usage.consent.account.profile(&github.base, private);
    (describe(&usage, "user"), Json(profile)).into_response()
}

/// The parameters of `GET /user/repos`.
#[derive(Deserialize)]
struct Listing {
    #[serde(flatten)]
    paging: Paging,
    visibility: Option<String>,
    sort: Option<String>,
    direction: Option<String>,
}

/// `GET /user/repos`: only a token with `repo` gets private ones, or a GitHub App's where it is installed. What belongs to an organization that
/// has not let the app in is left out; where a sign-on would help, a header says so.
async fn repositories(
    State(github): State<GitHub>,
    Caller(usage): Caller,
    Query(listing): Query<Listing>,
) -> Response {
    let login = usage.consent.account.login;
    let wanted: Option<bool> = match listing.visibility.as_deref() {
        Some("public") => Some(false),
        Some("private") => Some(true),
        _ => None,
    };
    let may_see = |it: &OwnedRepository| {
        usage.reads(it) && wanted.is_none_or(|wanted| wanted == it.repository.private)
    };
    let mut headers = describe(&usage, "repo");
    let mut seen = Vec::new();
    let mut missing = Vec::new();
    for owner in usage.consent.account.reachable() {
        match owner.demand(login) {
            Some(Demand::SingleSignOn) if !github.sign_ons().has(&usage.token, owner) => {
                missing.push(owner.id.to_string());
            }
            Some(Demand::Approval) if usage.app.is_none() => {}
            _ => {
                let all = owner.repositories.iter();
                let all = all.map(|repository| OwnedRepository { owner, repository });
                seen.extend(all.filter(|it| it.is_of(login)).filter(may_see));
            }
        }
    }
    if !missing.is_empty() {
        let text = format!("partial-results; organizations={}", missing.join(","));
        headers.extend(text.parse().map(|value| (sign_on::HEADER, value)));
    }
    sort(&mut seen, &listing);
    let list = listing.address(&github.base);
    let shown = listing.paging.page(seen, list, &mut headers);
    let shown: Vec<Value> = shown.iter().map(|it| it.body(&github.base, login)).collect();
    (headers, Json(shown)).into_response()
}

impl Listing {
    /// The address of this list without its pages.
    fn address(&self, base: &Url) -> Url {
        let mut list = base.clone();
        list.set_path("user/repos");
        let own = [
            ("visibility", &self.visibility),
            ("sort", &self.sort),
            ("direction", &self.direction),
        ];
        let own = own.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
        list.query_pairs_mut().extend_pairs(own);
        list
    }
}

/// Sorts by name, or by a date with the latest first; `direction` reverses either order.
fn sort(repositories: &mut [OwnedRepository], listing: &Listing) {
    let by_date: Option<fn(&Repository) -> &'static str> = match listing.sort.as_deref() {
        Some("created") => Some(|it| it.created_at),
        Some("updated" | "pushed") => Some(|it| it.pushed_at),
        _ => None,
    };
    match by_date {
        Some(date) => repositories.sort_by_key(|it| Reverse(date(it.repository))),
        None => repositories.sort_by_key(|it| it.repository.name.as_str()),
    }
    let default = if by_date.is_some() { "desc" } else { "asc" };
    if listing.direction.as_deref().is_some_and(|direction| direction != default) {
        repositories.reverse();
    }
}

/// Every other path.
pub(super) async fn not_found() -> Response {
    refuse(StatusCode::NOT_FOUND, HeaderMap::new(), "Not Found")
}

/// The caller: a valid token, within its rate limit, from a client with a `User-Agent`.
pub(super) struct Caller(pub(super) Usage);

impl FromRequestParts<GitHub> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, github: &GitHub) -> Result<Self, Response> {
        if let Some(refusal) = unnamed(&parts.headers) {
            return Err(refusal);
        }
        let now = github.now();
        let anonymous = || rate_limit(60, 1, now + Duration::from_secs(60 * 60));
        let refuse_401 = |message| refuse(StatusCode::UNAUTHORIZED, anonymous(), message);
        let authorization = parts.headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok());
        let (_, token) = authorization
            .and_then(|it| it.split_once(' '))
            .filter(|(kind, _)| ["bearer", "token"].contains(&kind.to_lowercase().as_str()))
            .ok_or_else(|| refuse_401("Requires authentication"))?;
        let usage = github.grants().use_token(token.trim(), now);
        let mut usage = usage.ok_or_else(|| refuse_401("Bad credentials"))?;
        if let Some(app) = &mut usage.app {
            app.needed = needed(&parts.method, parts.uri.path());
        }
        if usage.used > REQUESTS_PER_WINDOW {
            let message =
                format!("API rate limit exceeded for user ID {}.", usage.consent.account.id);
            return Err(refuse(StatusCode::FORBIDDEN, describe(&usage, ""), &message));
        }
        Ok(Self(usage))
    }
}

/// The refusal of a client that does not say what it is.
pub(super) fn unnamed(headers: &HeaderMap) -> Option<Response> {
    let is_named = headers.get(USER_AGENT).is_some_and(|agent| !agent.is_empty());
    let text = "Request forbidden by administrative rules. Please make sure your request has a \
                User-Agent header.";
    (!is_named).then(|| (StatusCode::FORBIDDEN, text).into_response())
}

/// The headers about the token's scopes and the scopes that the call accepts, or about the permissions that
/// it needs of a GitHub App, and the rate limit.
pub(super) fn describe(usage: &Usage, accepted: &str) -> HeaderMap {
    let mut headers = rate_limit(REQUESTS_PER_WINDOW, usage.used, usage.resets);
    let texts = match &usage.app {
        None => vec![
            ("x-oauth-scopes", usage.consent.scopes.join(", ")),
            ("x-accepted-oauth-scopes", accepted.to_owned()),
        ],
        Some(app) if app.needed.is_empty() => Vec::new(),
        Some(app) => vec![("x-accepted-github-permissions", app.needed.join("; "))],
    };
    for (name, text) in texts {
        if let Ok(text) = HeaderValue::from_str(&text) {
            headers.insert(name, text);
        }
    }
    headers
}

/// The headers of a rate limit.
pub(super) fn rate_limit(limit: u32, used: u32, resets: SystemTime) -> HeaderMap {
    let resets = resets.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let numbers = [
        ("x-ratelimit-limit", limit.into()),
        ("x-ratelimit-remaining", limit.saturating_sub(used).into()),
        ("x-ratelimit-used", used.min(limit).into()),
        ("x-ratelimit-reset", resets),
    ];
    let mut headers = HeaderMap::new();
    for (name, number) in numbers {
        headers.insert(name, number.into());
    }
    headers.insert("x-ratelimit-resource", HeaderValue::from_static("core"));
    headers
}

/// An error response in GitHub's format.
pub(super) fn refuse(status: StatusCode, headers: HeaderMap, message: &str) -> Response {
    let body = json!({
        "message": message,
        "documentation_url": "https://docs.github.com/rest",
        "status": status.as_u16().to_string(),
    });
    (status, headers, Json(body)).into_response()
}
