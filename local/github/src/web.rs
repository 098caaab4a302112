//! The pages that `html_url`s lead to, for the person who runs this stand-in. Nobody signs in here, so that
//! everyone sees what is private, too.

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::get,
};
use serde_json::Value;
use stand_in::page::{escape, page};

use super::{
    GitHub,
    accounts::{Account, OwnedRepository},
    content::{self, Commit, Content},
    files::commit_sha,
    rest,
};

const WHAT: &str = "GitHub";
/// A larger file is not shown.
const MEGABYTE: usize = 1024 * 1024;

/// The pages.
pub(super) fn routes() -> Router<GitHub> {
    Router::new()
        .route("/{owner}", get(account))
        .route("/{owner}/{repo}", get(repository))
        .route("/{owner}/{repo}/issues/{number}", get(thread))
        .route("/{owner}/{repo}/pull/{number}", get(thread))
        .route("/{owner}/{repo}/blob/main/{*path}", get(contents))
        .route("/{owner}/{repo}/tree/main/{*path}", get(contents))
        .route("/{owner}/{repo}/commit/{sha}", get(commit))
}

fn found(owner: &str, repo: &str) -> Option<(String, &'static Content)> {
    let full_name = Account::named(owner)?.owned(repo)?.full_name();
    let content = content::of(&full_name);
    Some((full_name, content))
}

fn shown(main: &str) -> Response {
    page(StatusCode::OK, WHAT, main)
}

fn nothing() -> Response {
    let main = "<h1>There is no such page</h1>\n<p>Issues are kept until this stand-in ends.</p>\n";
    page(StatusCode::NOT_FOUND, WHAT, main)
}

fn link(to: &str, text: &str) -> String {
    format!("<a href=\"/{}\">{}</a>", escape(to), escape(text))
}

/// A list, if there is anything in it.
fn listed(heading: &str, items: impl Iterator<Item = String>) -> String {
    let items: String = items.map(|item| format!("<li>{item}</li>\n")).collect();
    match items.is_empty() {
        true => String::new(),
        false => format!("<h2>{heading}</h2>\n<ul>\n{items}</ul>\n"),
    }
}

fn written(text: &str) -> String {
    format!("<p style=\"white-space: pre-wrap\">{}</p>\n", escape(text))
}

fn code(text: &str) -> String {
    format!("<pre style=\"overflow: auto\">{}</pre>\n", escape(text))
}

/// An account, or what no page and no call has: the API answers that in its own way.
async fn account(Path(owner): Path<String>) -> Response {
    let Some(account) = Account::named(&owner) else { return rest::not_found().await };
    let repositories = account.repositories.iter().map(|repository| {
        let name = OwnedRepository { owner: account, repository }.full_name();
        link(&name, &name)
    });
    let (login, name) = (escape(account.login), escape(account.name));
    let repositories = listed("Repositories", repositories);
    shown(&format!("<h1>{login}</h1>\n<p>{name}</p>\n{repositories}"))
}

async fn repository(
    State(github): State<GitHub>,
    Path((owner, repo)): Path<(String, String)>,
) -> Response {
    let Some(it) = Account::named(&owner).and_then(|owner| owner.owned(&repo)) else {
        return rest::not_found().await;
    };
    let full_name = it.full_name();
    let content = content::of(&full_name);
    let files = content.files.iter().map(|(path, _)| {
        let to = format!("{full_name}/blob/main/{path}");
        link(&to, path)
    });
    let commits = content.commits.iter().map(|commit| {
        let to = format!("{full_name}/commit/{}", commit_sha(&full_name, commit));
        link(&to, commit.message.lines().next().unwrap_or_default())
    });
    let issues = github.issues().all(&full_name);
    let issues = issues.iter().enumerate().map(|(at, issue)| {
        let kind = if issue["pull_request"].is_object() { "pull" } else { "issues" };
        let to = format!("{full_name}/{kind}/{}", at + 1);
        link(&to, issue["title"].as_str().unwrap_or_default())
    });
    let about = if it.repository.private { "Private. " } else { "" };
    let main = format!(
        "<h1>{}</h1>\n{}{}{}{}",
        escape(&full_name),
        written(&format!("{about}{}", it.repository.description.unwrap_or_default())),
        listed("Files", files),
        listed("Commits", commits),
        listed("Issues and pull requests", issues),
    );
    shown(&main)
}

/// A file, or what is in a folder.
async fn contents(Path((owner, repo, path)): Path<(String, String, String)>) -> Response {
    let Some((full_name, content)) = found(&owner, &repo) else { return nothing() };
    let heading = format!("<p>{}</p>\n<h1>{}</h1>\n", link(&full_name, &full_name), escape(&path));
    if let Some((_, bytes)) = content.files.iter().find(|(name, _)| *name == path) {
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= MEGABYTE);
        let text = text.map_or_else(|| written("It is too large, or no text."), code);
        return shown(&format!("{heading}{text}"));
    }
    let inside = format!("{}/", path.trim_end_matches('/'));
    let files = content.files.iter().filter(|(name, _)| name.starts_with(&inside));
    let files = files.map(|(name, _)| link(&format!("{full_name}/blob/main/{name}"), name));
    match listed("Files", files) {
        none if none.is_empty() => nothing(),
        files => shown(&format!("{heading}{files}")),
    }
}

async fn commit(Path((owner, repo, sha)): Path<(String, String, String)>) -> Response {
    let Some((full_name, content)) = found(&owner, &repo) else { return nothing() };
    let is_it = |it: &&Commit| commit_sha(&full_name, it) == sha;
    let Some(commit) = content.commits.iter().find(is_it) else { return nothing() };
    let (title, rest) = commit.message.split_once('\n').unwrap_or((commit.message, ""));
    let files = commit.files.iter().map(|path| escape(path));
    let main = format!(
        "<p>{}</p>\n<h1>{}</h1>\n{}<p>By <strong>{}</strong> at {}.</p>\n{}",
        link(&full_name, &full_name),
        escape(title),
        written(rest.trim()),
        escape(commit.author),
        escape(commit.at),
        listed("Changed", files),
    );
    shown(&main)
}

/// An issue or a pull request, with its comments and its diff.
async fn thread(
    State(github): State<GitHub>,
    Path((owner, repo, number)): Path<(String, String, usize)>,
) -> Response {
    let Some((full_name, content)) = found(&owner, &repo) else { return nothing() };
    let issues = github.issues();
    let Some(issue) = issues.get(&full_name, number) else { return nothing() };
    let text = |value: &Value| escape(value.as_str().unwrap_or_default());
    let comments = issues.comments(&full_name, number).iter().map(|it| {
        format!(
            "<div id=\"issuecomment-{}\"><p><strong>{}</strong> at {}:</p>\n{}</div>\n",
            it["id"],
            text(&it["user"]["login"]),
            text(&it["created_at"]),
            written(it["body"].as_str().unwrap_or_default()),
        )
    });
    let comments: String = comments.collect();
    let change = content.threads.get(number.wrapping_sub(1)).and_then(|thread| thread.change);
    let diff = change.and_then(|change| change.diff).map(code).unwrap_or_default();
    let body = match issue["body"].as_str().unwrap_or_default() {
        "" => "<p><em>No description.</em></p>\n".to_owned(),
        body => written(body),
    };
    let labels: Vec<String> =
        issue["labels"].as_array().into_iter().flatten().map(|it| text(&it["name"])).collect();
    let main = format!(
        "<p>{repository}</p>\n<h1>{title} <small>#{number}</small></h1>\n\
         <p>Opened by <strong>{author}</strong> at {time}. {labels}</p>\n{body}{diff}{comments}",
        repository = link(&full_name, &full_name),
        title = text(&issue["title"]),
        author = text(&issue["user"]["login"]),
        time = text(&issue["created_at"]),
        labels = labels.join(", "),
    );
    shown(&main)
}
