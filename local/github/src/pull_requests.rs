//! The pull requests of a repository: GitHub's REST documentation, "List pull requests" and "Get a pull
//! request", whose media type may ask for a diff. There is none of more than 20,000 lines (406).

use std::collections::HashMap;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{ACCEPT, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};
use url::Url;

use super::{
    GitHub, MEDIA_TYPE,
    accounts::{Account, OwnedRepository},
    bodies::add,
    content::{self, Change, Thread},
    files::sha,
    issues::Listing,
    repositories::Reached,
    rest::{describe, refuse},
};

/// The calls.
pub(super) fn routes() -> Router<GitHub> {
    Router::new()
        .route("/repos/{owner}/{repo}/pulls", get(list))
        .route("/repositories/{id}/pulls", get(list))
        .route("/repos/{owner}/{repo}/pulls/{number}", get(one))
        .route("/repositories/{id}/pulls/{number}", get(one))
}

/// `GET …/pulls`, the newest first.
async fn list(
    State(github): State<GitHub>,
    Reached { usage, found }: Reached,
    Query(listing): Query<Listing>,
) -> Response {
    let mut headers = describe(&usage, "repo");
    let wanted = listing.state.as_deref().unwrap_or("open");
    let is_wanted = |thread: &Thread| wanted == "all" || (wanted == "closed") == thread.closed;
    let (login, base) = (usage.consent.account.login, &github.base);
    let all = found.pull_requests().filter(|(_, thread, _)| is_wanted(thread));
    let mut bodies: Vec<Value> = all.map(|it| found.pull_request(base, login, it)).collect();
    bodies.reverse();
    let mut address = base.clone();
    address.set_path(&format!("repositories/{}/pulls", found.repository.id));
    if let Some(state) = &listing.state {
        address.query_pairs_mut().append_pair("state", state);
    }
    let shown = listing.paging.page(bodies, address, &mut headers);
    (headers, Json(shown)).into_response()
}

async fn one(
    State(github): State<GitHub>,
    Reached { usage, found }: Reached,
    Path(path): Path<HashMap<String, String>>,
    asked: HeaderMap,
) -> Response {
    let mut headers = describe(&usage, "repo");
    let number: Option<usize> = path.get("number").and_then(|number| number.parse().ok());
    let Some(it) = found.pull_requests().find(|it| Some(it.0) == number) else {
        return refuse(StatusCode::NOT_FOUND, headers, "Not Found");
    };
    let accept = asked.get(ACCEPT).and_then(|it| it.to_str().ok()).unwrap_or_default();
    if !accept.contains("diff") {
        let mut body = found.pull_request(&github.base, usage.consent.account.login, it);
        found.complete(&mut body, it);
        return (headers, Json(body)).into_response();
    }
    let Some(diff) = it.2.diff else {
        let text = "Sorry, the diff exceeded the maximum number of lines (20000)";
        return refuse(StatusCode::NOT_ACCEPTABLE, headers, text);
    };
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/vnd.github.diff; charset=utf-8"),
    );
    headers.insert(MEDIA_TYPE, HeaderValue::from_static("github.v3; param=diff"));
    (headers, diff).into_response()
}

type PullRequest = (usize, &'static Thread, Change);

impl OwnedRepository {
    fn pull_requests(&self) -> impl Iterator<Item = PullRequest> {
        let threads = content::of(&self.full_name()).threads.iter().enumerate();
        threads.filter_map(|(at, thread)| Some((at + 1, thread, thread.change?)))
    }

    /// A pull request as a list has it and `login` sees it.
    fn pull_request(
        &self,
        base: &Url,
        login: &str,
        (number, thread, change): PullRequest,
    ) -> Value {
        let full_name = self.full_name();
        let api = format!("{base}repos/{full_name}");
        let (url, issue) = (format!("{api}/pulls/{number}"), format!("{api}/issues/{number}"));
        let web = format!("{base}{full_name}/pull/{number}");
        let author = thread.author.and_then(Account::named).map(|it| it.owner(base));
        let (owner, closed_at) = (self.owner.owner(base), thread.closed.then_some(thread.at));
        let head = sha(&format!("{full_name}#{number}"));
        let side = |branch: &str, sha: &str| {
            json!({
                "label": format!("{}:{branch}", self.owner.login), "ref": branch, "sha": sha,
                "user": owner, "repo": self.body(base, login),
            })
        };
        let link = |to: String| json!({ "href": to });
        let statuses = format!("{api}/statuses/{head}");
        let mut body = json!({
            "id": 5_000 + number, "node_id": format!("PR_{number}"), "number": number, "url": url,
            "html_url": web, "diff_url": format!("{web}.diff"), "patch_url": format!("{web}.patch"),
            "issue_url": issue, "commits_url": format!("{url}/commits"),
            "review_comments_url": format!("{url}/comments"),
            "review_comment_url": format!("{api}/pulls/comments{{/number}}"),
            "comments_url": format!("{issue}/comments"), "statuses_url": statuses,
        });
        let links = json!({
            "self": link(url.clone()), "html": link(web), "issue": link(issue.clone()),
            "comments": link(format!("{issue}/comments")), "statuses": link(statuses),
            "commits": link(format!("{url}/commits")),
            "review_comments": link(format!("{url}/comments")),
            "review_comment": link(format!("{api}/pulls/comments{{/number}}")),
        });
        let more = json!({
            "state": if thread.closed { "closed" } else { "open" }, "locked": thread.locked,
            "title": thread.title, "body": thread.body, "user": author,
            "labels": thread.labels.iter().map(|name| self.label(base, name)).collect::<Vec<_>>(),
            "milestone": null, "active_lock_reason": null, "assignee": null, "assignees": [],
            "requested_reviewers": [], "requested_teams": [], "draft": false, "auto_merge": null,
            "created_at": thread.at, "updated_at": thread.at, "closed_at": closed_at,
            "merged_at": change.merged.then_some(thread.at), "author_association": "NONE",
            "merge_commit_sha": change.merged.then(|| sha(&head)),
            "head": side(change.branch, &head), "base": side("main", &sha(&full_name)),
            "_links": links,
        });
        add(&mut body, more);
        body
    }

    /// Adds what a list leaves out.
    fn complete(&self, body: &mut Value, (_, thread, change): PullRequest) {
        let lines = |first| {
            let lines = change.diff.unwrap_or_default().lines();
            lines.filter(|it| it.starts_with(first) && !it.starts_with(&[first; 3][..])).count()
        };
        body["merged"] = change.merged.into();
        body["mergeable"] = (!thread.closed).then_some(true).into();
        body["mergeable_state"] = if thread.closed { "unknown" } else { "clean" }.into();
        body["merged_by"] = Value::Null;
        if change.merged {
            body["merged_by"] = body["base"]["user"].clone();
        }
        body["comments"] = thread.comments.len().into();
        body["review_comments"] = 0.into();
        body["maintainer_can_modify"] = false.into();
        body["commits"] = 1.into();
        body["additions"] = lines('+').into();
        body["deletions"] = lines('-').into();
        body["changed_files"] = 1.into();
    }
}
