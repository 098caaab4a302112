//! A repository and its issues: the writing part of the REST API, and an HTML page for each issue that
//! was created, for the person who runs this stand-in.
//!
//! Source: GitHub's REST documentation, "Get a repository", "Create an issue" and "List
//! repository issues", and its troubleshooting page: what a token may not see is answered with
//! 404, not 403. That a token lacks a scope then shows in `x-accepted-oauth-scopes` alone.

use std::{
    collections::HashMap,
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    GitHub,
    accounts::{Account, Repository},
    grants::Usage,
    page,
    rest::{Caller, describe, refuse},
};
use stand_in::PRIVATE_STEP;

/// The calls.
pub(super) fn routes() -> Router<GitHub> {
    Router::new()
        .route("/repos/{owner}/{repo}", get(repository))
        .route("/repos/{owner}/{repo}/issues", get(list).post(create))
        .route("/{owner}/{repo}/issues/{number}", get(show))
}

/// Every repository's issues, by full name.
#[derive(Default)]
pub(super) struct Issues(HashMap<String, Vec<Value>>);

/// A repository that a token may see.
struct VisibleRepository {
    owner: &'static Account,
    repository: &'static Repository,
}

impl VisibleRepository {
    fn full_name(&self) -> String {
        format!("{}/{}", self.owner.login, self.repository.name)
    }
}

type Names = Path<(String, String)>;

/// `GET /repos/{owner}/{repo}`.
async fn repository(
    State(github): State<GitHub>,
    Caller(usage): Caller,
    Path(names): Names,
) -> Response {
    match find(&usage, &names) {
        Ok(VisibleRepository { owner, repository }) => {
            let repository = owner.repository(&github.base, repository);
            (describe(&usage, "repo"), Json(repository)).into_response()
        }
        Err(not_found) => not_found,
    }
}

/// `GET /repos/{owner}/{repo}/issues`, all on one page, the newest first.
async fn list(State(github): State<GitHub>, Caller(usage): Caller, Path(names): Names) -> Response {
    let visible = match find(&usage, &names) {
        Ok(visible) => visible,
        Err(not_found) => return not_found,
    };
    let issues = github.issues().0.get(&visible.full_name()).cloned().unwrap_or_default();
    let newest_first: Vec<Value> = issues.into_iter().rev().collect();
    (describe(&usage, "repo"), Json(newest_first)).into_response()
}

/// The members of "Create an issue" that this stand-in reads.
#[derive(Deserialize)]
struct NewIssue {
    title: Option<String>,
    body: Option<String>,
}

/// `POST /repos/{owner}/{repo}/issues`: in any repository that the user may see, with a scope for it.
async fn create(
    State(github): State<GitHub>,
    Caller(usage): Caller,
    Path(names): Names,
    Json(issue): Json<NewIssue>,
) -> Response {
    let visible = match find(&usage, &names) {
        Ok(visible) => visible,
        Err(not_found) => return not_found,
    };
    let headers = describe(&usage, "public_repo, repo");
    if !usage.consent.scopes.allow("public_repo") {
        return refuse(StatusCode::NOT_FOUND, headers, "Not Found");
    }
    let Some(title) = issue.title.filter(|title| !title.trim().is_empty()) else {
        return invalid(headers);
    };
    let full_name = visible.full_name();
    let mut issues = github.issues();
    let issues = issues.0.entry(full_name.clone()).or_default();
    let number = issues.len() + 1;
    let now = rfc3339(github.now());
    let base = &github.base;
    let issue = json!({
        "id": 3_000 + number, "node_id": format!("I_{number}"), "number": number,
        "url": format!("{base}repos/{full_name}/issues/{number}"),
        "repository_url": format!("{base}repos/{full_name}"),
        "html_url": format!("{base}{full_name}/issues/{number}"),
        "state": "open", "locked": false, "title": title, "body": issue.body,
        "user": usage.consent.account.owner(base), "labels": [], "assignee": null,
        "assignees": [], "milestone": null, "comments": 0, "closed_at": null,
        "created_at": now, "updated_at": now, "author_association": "OWNER",
    });
    issues.push(issue.clone());
    let account = usage.consent.account.login;
    let repository = full_name;
    tracing::info!(target: PRIVATE_STEP, step = "issue_created", account, repository, number, "created");
    (StatusCode::CREATED, headers, Json(issue)).into_response()
}

/// An issue's page, at its `html_url`.
async fn show(
    State(github): State<GitHub>,
    Path((owner, repo, number)): Path<(String, String, usize)>,
) -> Response {
    let full_name = format!("{owner}/{repo}");
    let issues = github.issues();
    let issue = number.checked_sub(1).and_then(|at| issues.0.get(&full_name)?.get(at));
    issue.map_or_else(page::no_issue, |issue| page::issue(&full_name, issue))
}

/// Returns the repository of these names, if the token may see it: a private one needs its owner's
/// token with `repo`.
#[expect(clippy::result_large_err, reason = "the error is the whole response")]
fn find(usage: &Usage, (owner, repo): &(String, String)) -> Result<VisibleRepository, Response> {
    let owner = Account::named(owner);
    let visible =
        owner.and_then(|owner| Some(VisibleRepository { owner, repository: owner.owned(repo)? }));
    let consent = &usage.consent;
    let may_see = |it: &VisibleRepository| {
        let is_own = it.owner.login == consent.account.login;
        !it.repository.private || (is_own && consent.scopes.allow("repo"))
    };
    visible
        .filter(may_see)
        .ok_or_else(|| refuse(StatusCode::NOT_FOUND, describe(usage, "repo"), "Not Found"))
}

fn invalid(headers: HeaderMap) -> Response {
    let body = json!({
        "message": "Validation Failed",
        "errors": [{ "resource": "Issue", "code": "missing_field", "field": "title" }],
        "documentation_url": "https://docs.github.com/rest/issues/issues#create-an-issue",
        "status": "422",
    });
    (StatusCode::UNPROCESSABLE_ENTITY, headers, Json(body)).into_response()
}

fn rfc3339(time: SystemTime) -> String {
    let time = time.max(UNIX_EPOCH);
    OffsetDateTime::from(time).format(&Rfc3339).unwrap_or_default()
}
