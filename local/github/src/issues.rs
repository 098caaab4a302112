//! The issues of a repository: the writing part of the REST API, and an HTML page for each issue that
//! was created, for the person who runs this stand-in.
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
    extract::{Path, Query, State, rejection::JsonRejection},
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
    accounts::Account,
    page,
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
        .route("/{owner}/{repo}/issues/{number}", get(show))
}

/// Every repository's issues by full name, and when each account created some.
pub(super) struct Issues {
    by_repository: HashMap<String, Vec<Value>>,
    created: HashMap<u64, Vec<SystemTime>>,
}

impl Issues {
    /// An issue whose author is gone and a pull request, both without text; no other.
    pub(super) fn new(base: &Url) -> Self {
        let mut by_repository = HashMap::new();
        if let Some(bare) = Account::named("octo-carol").and_then(|carol| carol.owned("bare")) {
            let at = "2024-02-03T04:05:06Z";
            let issue = bare.issue(base, 1, None, ("By a ghost", None, at));
            let mut change = bare.issue(base, 2, Some(bare.owner), ("A change", None, at));
            let web = format!("{base}octo-carol/bare/pull/2");
            change["pull_request"] = json!({
                "url": format!("{base}repos/octo-carol/bare/pulls/2"), "html_url": web,
                "diff_url": format!("{web}.diff"), "patch_url": format!("{web}.patch"),
            });
            by_repository.insert(bare.full_name(), vec![issue, change]);
        }
        Self { by_repository, created: HashMap::new() }
    }

    /// Counts an issue of this account, if it has not created too many.
    fn may_create(&mut self, account: u64, now: SystemTime) -> bool {
        let created = self.created.entry(account).or_default();
        created.retain(|at| now < *at + MINUTE);
        let may = created.len() < MAX_CREATED;
        if may {
            created.push(now);
        }
        may
    }
}

/// The parameters of "List repository issues" that this stand-in reads.
#[derive(Deserialize)]
struct Listing {
    #[serde(flatten)]
    paging: Paging,
    state: Option<String>,
}

/// `GET …/issues`, the newest first; all of them are open.
async fn list(
    State(github): State<GitHub>,
    Reached { usage, found }: Reached,
    Query(listing): Query<Listing>,
) -> Response {
    let mut headers = describe(&usage, "repo");
    if !found.repository.has_issues {
        return refuse(StatusCode::GONE, headers, DISABLED);
    }
    let is_wanted = listing.state.as_deref() != Some("closed");
    let issues = github.issues().by_repository.get(&found.full_name()).cloned();
    let issues = issues.filter(|_| is_wanted).unwrap_or_default();
    let newest_first: Vec<Value> = issues.into_iter().rev().collect();
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
const TOO_MANY: &str = "You have exceeded a secondary rate limit and have been temporarily blocked \
     from content creation. Please retry your request again later.";

/// Why nothing may be created there.
fn refusal(Reached { usage, found }: &Reached) -> Option<(StatusCode, &'static str)> {
    if !usage.may("public_repo") {
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

/// An issue's page, at its `html_url`.
async fn show(
    State(github): State<GitHub>,
    Path((owner, repo, number)): Path<(String, String, usize)>,
) -> Response {
    let full_name = format!("{owner}/{repo}");
    let issues = github.issues();
    let issue = number.checked_sub(1).and_then(|at| issues.by_repository.get(&full_name)?.get(at));
    issue.map_or_else(page::no_issue, |issue| page::issue(&full_name, issue))
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

fn rfc3339(time: SystemTime) -> String {
    let time = time.max(UNIX_EPOCH);
    OffsetDateTime::from(time).format(&Rfc3339).unwrap_or_default()
}
