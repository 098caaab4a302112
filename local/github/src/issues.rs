//! The issues of a repository, of which pull requests are some.
//!
//! Source: GitHub's REST documentation, "Create an issue" and "List repository issues"; "Rate limits for
//! the REST API": at most 80 requests a minute create something. That a list is answered with 410, too,
//! where issues are switched off is what users report (ossf/allstar, issue 64).

use std::{
    collections::HashMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Json, Router,
    extract::{Query, State, rejection::JsonRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use url::Url;

use super::{
    GitHub,
    accounts::{ACCOUNTS, Account, OwnedRepository},
    content,
    paging::Paging,
    repositories::Reached,
    rest::{describe, refuse},
};
use stand_in::PRIVATE_STEP;

/// How many issues an account may create in a minute.
const MAX_CREATED: usize = 80;
const MINUTE: Duration = Duration::from_secs(60);
/// GitHub's own limit of a title.
const MAX_TITLE: usize = 256;

/// The calls.
pub(super) fn routes() -> Router<GitHub> {
    Router::new()
        .route("/repos/{owner}/{repo}/issues", get(list).post(create))
        .route("/repositories/{id}/issues", get(list).post(create))
}

/// Every repository's issues by full name, the comments on each, and when each account created some.
pub(super) struct Issues {
    by_repository: HashMap<String, Vec<Value>>,
    comments: HashMap<(String, usize), Vec<Value>>,
    created: HashMap<u64, Vec<SystemTime>>,
}

impl Issues {
    /// What people have written before.
    pub(super) fn new(base: &Url) -> Self {
        let mut issues = Self {
            by_repository: HashMap::new(),
            comments: HashMap::new(),
            created: HashMap::new(),
        };
        for owner in ACCOUNTS.iter() {
            for repository in &owner.repositories {
                issues.begin(base, OwnedRepository { owner, repository });
            }
        }
        issues
    }

    fn begin(&mut self, base: &Url, found: OwnedRepository) {
        let full_name = found.full_name();
        for (at, thread) in content::of(&full_name).threads.iter().enumerate() {
            let (number, author) = (at + 1, thread.author.and_then(Account::named));
            let text = (thread.title, thread.body, thread.at);
            let mut issue = found.issue(base, number, author, text);
            issue["locked"] = thread.locked.into();
            issue["labels"] = thread.labels.iter().map(|name| found.label(base, name)).collect();
            if thread.closed {
                issue["state"] = "closed".into();
                issue["closed_at"] = thread.at.into();
            }
            if thread.change.is_some() {
                let web = format!("{base}{full_name}/pull/{number}");
                issue["pull_request"] = json!({
                    "url": format!("{base}repos/{full_name}/pulls/{number}"), "html_url": web,
                    "diff_url": format!("{web}.diff"), "patch_url": format!("{web}.patch"),
                });
            }
            self.by_repository.entry(full_name.clone()).or_default().push(issue);
            for (at, (author, when, text)) in thread.comments.iter().enumerate() {
                let author = author.and_then(Account::named);
                let comment = found.comment(base, (number, at + 1), author, (when, text));
                self.add_comment(&full_name, number, comment);
            }
        }
    }

    /// All issues of a repository, the oldest first.
    pub(super) fn all(&self, full_name: &str) -> Vec<Value> {
        self.by_repository.get(full_name).cloned().unwrap_or_default()
    }

    /// Issue `number` of a repository.
    pub(super) fn get(&self, full_name: &str, number: usize) -> Option<&Value> {
        self.by_repository.get(full_name)?.get(number.checked_sub(1)?)
    }

    /// The comments on it, the oldest first.
    pub(super) fn comments(&self, full_name: &str, number: usize) -> &[Value] {
        self.comments.get(&(full_name.to_owned(), number)).map_or(&[], Vec::as_slice)
    }

    /// Adds a comment to an issue.
    pub(super) fn add_comment(&mut self, full_name: &str, number: usize, comment: Value) {
        let all = self.comments.entry((full_name.to_owned(), number)).or_default();
        let at = comment["created_at"].clone();
        all.push(comment);
        let count = all.len();
        let issues = self.by_repository.get_mut(full_name);
        if let Some(issue) = issues.and_then(|it| it.get_mut(number.checked_sub(1)?)) {
            issue["comments"] = count.into();
            issue["updated_at"] = at;
        }
    }

    /// Counts an issue or a comment of this account, if it has not created too many.
    pub(super) fn may_create(&mut self, account: u64, now: SystemTime) -> bool {
        let created = self.created.entry(account).or_default();
        created.retain(|at| now < *at + MINUTE);
        let may = created.len() < MAX_CREATED;
        if may {
            created.push(now);
        }
        may
    }
}

/// The parameters of "List repository issues" and "List pull requests" that this stand-in reads.
#[derive(Deserialize)]
pub(super) struct Listing {
    #[serde(flatten)]
    pub(super) paging: Paging,
    pub(super) state: Option<String>,
}

/// `GET …/issues`, the newest first.
async fn list(
    State(github): State<GitHub>,
    Reached { usage, found }: Reached,
    Query(listing): Query<Listing>,
) -> Response {
    let mut headers = describe(&usage, "repo");
    if !found.repository.has_issues {
        return refuse(StatusCode::GONE, headers, DISABLED);
    }
    let wanted = listing.state.as_deref().unwrap_or("open");
    let issues = github.issues().all(&found.full_name()).into_iter().rev();
    let newest_first: Vec<Value> =
        issues.filter(|issue| wanted == "all" || issue["state"] == wanted).collect();
    let mut address = github.base.clone();
    address.set_path(&format!("repositories/{}/issues", found.repository.id));
    if let Some(state) = &listing.state {
        address.query_pairs_mut().append_pair("state", state);
    }
    let shown = listing.paging.page(newest_first, address, &mut headers);
    (headers, Json(shown)).into_response()
}

/// GitHub's text where issues are switched off.
const DISABLED: &str = "Issues has been disabled in this repository.";

/// The members of "Create an issue" that this stand-in reads.
#[derive(Deserialize)]
struct NewIssue {
    title: Option<String>,
    body: Option<String>,
}

/// `POST …/issues`: in any repository that the user may see, with a scope for it.
async fn create(
    State(github): State<GitHub>,
    reached: Reached,
    issue: Result<Json<NewIssue>, JsonRejection>,
) -> Response {
    let Reached { usage, found } = &reached;
    let headers = describe(usage, "public_repo, repo");
    let account = usage.consent.account;
    if let Some((status, text)) = refusal(&reached) {
        return refuse(status, headers, text);
    }
    let Ok(Json(NewIssue { title, body })) = issue else {
        return refuse(StatusCode::BAD_REQUEST, headers, "Problems parsing JSON");
    };
    let title = match title.as_deref().map(str::trim).unwrap_or_default() {
        "" => return invalid(headers, json!({ "code": "missing_field" })),
        long if long.chars().count() > MAX_TITLE => {
            let message = "title is too long (maximum is 256 characters)";
            return invalid(headers, json!({ "code": "custom", "message": message }));
        }
        title => title,
    };
    let mut issues = github.issues();
    if !issues.may_create(account.id, github.now()) {
        return refuse(StatusCode::FORBIDDEN, headers, TOO_MANY);
    }
    let full_name = found.full_name();
    let all = issues.by_repository.entry(full_name.clone()).or_default();
    let number = all.len() + 1;
    let now = rfc3339(github.now());
    let text = (title, body.as_deref(), now.as_str());
    let issue = found.issue(&github.base, number, Some(account), text);
    all.push(issue.clone());
    let (account, repository) = (account.login, full_name);
    tracing::info!(target: PRIVATE_STEP, step = "issue_created", account, repository, number, "created");
    (StatusCode::CREATED, headers, Json(issue)).into_response()
}

/// GitHub's text of the secondary limit, which comes without `retry-after`.
pub(super) const TOO_MANY: &str = "You have exceeded a secondary rate limit and have been temporarily blocked \
     from content creation. Please retry your request again later.";

/// Why nothing may be created there.
pub(super) fn refusal(Reached { usage, found }: &Reached) -> Option<(StatusCode, &'static str)> {
    if usage.app.is_none() && !usage.may("public_repo") {
        return Some((StatusCode::NOT_FOUND, "Not Found"));
    }
    if found.owner.blocks.contains(&usage.consent.account.login) {
        return Some((StatusCode::FORBIDDEN, "Blocked"));
    }
    if found.repository.archived {
        return Some((StatusCode::FORBIDDEN, "Repository was archived so is read-only."));
    }
    (!found.repository.has_issues).then_some((StatusCode::GONE, DISABLED))
}

fn invalid(headers: HeaderMap, mut error: Value) -> Response {
    error["resource"] = "Issue".into();
    error["field"] = "title".into();
    let body = json!({
        "message": "Validation Failed",
        "errors": [error],
        "documentation_url": "https://docs.github.com/rest/issues/issues#create-an-issue",
        "status": "422",
    });
    (StatusCode::UNPROCESSABLE_ENTITY, headers, Json(body)).into_response()
}

pub(super) fn rfc3339(time: SystemTime) -> String {
    let time = time.max(UNIX_EPOCH);
    OffsetDateTime::from(time).format(&Rfc3339).unwrap_or_default()
}
