//! One issue and its comments: GitHub's REST documentation, "Get an issue", "List issue comments" and
//! "Create an issue comment". A pull request is an issue, too. Nobody but who may push comments on one that
//! is locked; the texts of refusals are those that users report.

use std::collections::HashMap;

use axum::{
    Json, Router,
    extract::{Path, Query, State, rejection::JsonRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{
    GitHub,
    accounts::{Account, OwnedRepository},
    issues::{TOO_MANY, refusal, rfc3339},
    paging::Paging,
    repositories::Reached,
    rest::{describe, refuse},
};
use stand_in::PRIVATE_STEP;

/// GitHub's own limit of a comment.
const MAX_BODY: usize = 65_536;

/// The calls.
pub(super) fn routes() -> Router<GitHub> {
    let comments = || get(list).post(create);
    Router::new()
        .route("/repos/{owner}/{repo}/issues/{number}", get(one))
        .route("/repositories/{id}/issues/{number}", get(one))
        .route("/repos/{owner}/{repo}/issues/{number}/comments", comments())
        .route("/repositories/{id}/issues/{number}/comments", comments())
}

fn number(path: &HashMap<String, String>) -> usize {
    path.get("number").and_then(|number| number.parse().ok()).unwrap_or_default()
}

async fn one(
    State(github): State<GitHub>,
    Reached { usage, found }: Reached,
    Path(path): Path<HashMap<String, String>>,
) -> Response {
    let headers = describe(&usage, "repo");
    match github.issues().get(&found.full_name(), number(&path)) {
        Some(issue) => (headers, Json(issue)).into_response(),
        None => refuse(StatusCode::NOT_FOUND, headers, "Not Found"),
    }
}

/// `GET …/comments`, the oldest first.
async fn list(
    State(github): State<GitHub>,
    Reached { usage, found }: Reached,
    Path(path): Path<HashMap<String, String>>,
    Query(paging): Query<Paging>,
) -> Response {
    let mut headers = describe(&usage, "repo");
    let (full_name, number) = (found.full_name(), number(&path));
    let issues = github.issues();
    if issues.get(&full_name, number).is_none() {
        return refuse(StatusCode::NOT_FOUND, headers, "Not Found");
    }
    let mut address = github.base.clone();
    address.set_path(&format!("repositories/{}/issues/{number}/comments", found.repository.id));
    let shown = paging.page(issues.comments(&full_name, number).to_vec(), address, &mut headers);
    (headers, Json(shown)).into_response()
}

/// The member of "Create an issue comment".
#[derive(Deserialize)]
struct NewComment {
    body: Option<String>,
}

/// `POST …/comments`.
async fn create(
    State(github): State<GitHub>,
    reached: Reached,
    Path(path): Path<HashMap<String, String>>,
    comment: Result<Json<NewComment>, JsonRejection>,
) -> Response {
    let Reached { usage, found } = &reached;
    let headers = describe(usage, "public_repo, repo");
    let (full_name, number) = (found.full_name(), number(&path));
    let account = usage.consent.account;
    if let Some((status, text)) = refusal(&reached) {
        return refuse(status, headers, text);
    }
    let mut issues = github.issues();
    let Some(issue) = issues.get(&full_name, number) else {
        return refuse(StatusCode::NOT_FOUND, headers, "Not Found");
    };
    if issue["locked"] == true && !found.is_of(account.login) {
        let text = "Unable to create comment because issue is locked.";
        return refuse(StatusCode::FORBIDDEN, headers, text);
    }
    let Ok(Json(NewComment { body })) = comment else {
        return refuse(StatusCode::BAD_REQUEST, headers, "Problems parsing JSON");
    };
    let body = body.unwrap_or_default();
    if body.trim().is_empty() {
        return invalid(headers, "Body cannot be blank");
    }
    if body.chars().count() > MAX_BODY {
        return invalid(headers, "body is too long (maximum is 65536 characters)");
    }
    if !issues.may_create(account.id, github.now()) {
        return refuse(StatusCode::FORBIDDEN, headers, TOO_MANY);
    }
    let now = rfc3339(github.now());
    let id = issues.comments(&full_name, number).len() + 1;
    let comment = found.comment(&github.base, (number, id), Some(account), (&now, &body));
    issues.add_comment(&full_name, number, comment.clone());
    let (account, repository) = (account.login, full_name);
    tracing::info!(target: PRIVATE_STEP, step = "comment_created", account, repository, number, "created");
    (StatusCode::CREATED, headers, Json(comment)).into_response()
}

fn invalid(headers: HeaderMap, message: &str) -> Response {
    let body = json!({
        "message": "Validation Failed",
        "errors": [{
            "resource": "IssueComment", "code": "unprocessable", "field": "data", "message": message,
        }],
        "documentation_url": "https://docs.github.com/rest/issues/comments#create-an-issue-comment",
        "status": "422",
    });
    (StatusCode::UNPROCESSABLE_ENTITY, headers, Json(body)).into_response()
}

impl OwnedRepository {
    /// Comment `at` of issue `number`, by `author`, who may be gone.
    pub(super) fn comment(
        &self,
        base: &Url,
        (number, at): (usize, usize),
        author: Option<&Account>,
        (now, text): (&str, &str),
    ) -> Value {
        let full_name = self.full_name();
        let id = number * 1_000 + at;
        let api = format!("{base}repos/{full_name}/issues");
        json!({
            "id": id, "node_id": format!("IC_{id}"), "url": format!("{api}/comments/{id}"),
            "html_url": format!("{base}{full_name}/issues/{number}#issuecomment-{id}"),
            "issue_url": format!("{api}/{number}"), "body": text,
            "user": author.map(|it| it.owner(base)), "created_at": now, "updated_at": now,
            "author_association": "NONE",
        })
    }
}
