//! The files and folders of a repository, and its commits: GitHub's REST documentation, "Get repository
//! content" (a file of more than 1 MB comes without its content) and "List commits" (409 where there is
//! nothing yet).

use std::collections::{BTreeMap, HashMap, hash_map::DefaultHasher};
use std::hash::{Hash, Hasher};

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{
    GitHub,
    accounts::{Account, OwnedRepository},
    content::{self, Commit},
    paging::Paging,
    repositories::Reached,
    rest::{describe, refuse},
};

const MEGABYTE: usize = 1024 * 1024;

/// The calls.
pub(super) fn routes() -> Router<GitHub> {
    Router::new()
        .route("/repos/{owner}/{repo}/contents", get(contents))
        .route("/repos/{owner}/{repo}/contents/{*path}", get(contents))
        .route("/repositories/{id}/contents", get(contents))
        .route("/repositories/{id}/contents/{*path}", get(contents))
        .route("/repos/{owner}/{repo}/commits", get(commits))
        .route("/repositories/{id}/commits", get(commits))
}

/// A made-up hash of what it is of.
pub(super) fn sha(of: &str) -> String {
    let part = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, of).hash(&mut hasher);
        hasher.finish()
    };
    format!("{:016x}{:016x}{:08x}", part(0), part(1), part(2) >> 32)
}

/// The hash of a commit.
pub(super) fn commit_sha(full_name: &str, commit: &Commit) -> String {
    sha(&format!("{full_name}@{}", commit.at))
}

/// The parameters of "Get repository content".
#[derive(Deserialize)]
struct At {
    #[serde(rename = "ref")]
    branch: Option<String>,
}

async fn contents(
    State(github): State<GitHub>,
    Reached { usage, found }: Reached,
    Path(path): Path<HashMap<String, String>>,
    Query(at): Query<At>,
) -> Response {
    let headers = describe(&usage, "repo");
    let path = path.get("path").map(String::as_str).unwrap_or_default().trim_matches('/');
    let content = content::of(&found.full_name());
    if content.files.is_empty() {
        return refuse(StatusCode::NOT_FOUND, headers, "This repository is empty.");
    }
    if let Some(branch) = at.branch.filter(|branch| branch != "main") {
        let message = format!("No commit found for the ref {branch}");
        return refuse(StatusCode::NOT_FOUND, headers, &message);
    }
    if let Some((_, bytes)) = content.files.iter().find(|(name, _)| *name == path) {
        let mut body = found.entry(&github.base, path, Some(bytes.len()));
        let is_sent = bytes.len() <= MEGABYTE;
        body["encoding"] = if is_sent { "base64" } else { "none" }.into();
        let lines = STANDARD.encode(if is_sent { bytes } else { &[][..] });
        let lines = lines.as_bytes().chunks(60).map(String::from_utf8_lossy);
        body["content"] = lines.flat_map(|line| [line, "\n".into()]).collect::<String>().into();
        return (headers, Json(body)).into_response();
    }
    // Each name in this folder, with its size if it is a file.
    let mut entries = BTreeMap::new();
    for (name, bytes) in &content.files {
        let inside = if path.is_empty() { Some(*name) } else { in_folder(name, path) };
        match inside.map(|it| it.split_once('/').map_or((it, Some(bytes.len())), |it| (it.0, None)))
        {
            Some((name, size)) => entries.insert(name, size),
            None => continue,
        };
    }
    if entries.is_empty() {
        return refuse(StatusCode::NOT_FOUND, headers, "Not Found");
    }
    let folder = if path.is_empty() { String::new() } else { format!("{path}/") };
    let entry =
        |(name, size): (&str, _)| found.entry(&github.base, &format!("{folder}{name}"), size);
    (headers, Json(entries.into_iter().map(entry).collect::<Vec<_>>())).into_response()
}

fn in_folder<'a>(name: &'a str, folder: &str) -> Option<&'a str> {
    name.strip_prefix(folder)?.strip_prefix('/')
}

impl OwnedRepository {
    /// A file, or a folder, which has no size, as a folder lists it.
    fn entry(&self, base: &Url, path: &str, size: Option<usize>) -> Value {
        let full_name = self.full_name();
        let (kind, git, web) = match size {
            Some(_) => ("file", "blobs", "blob"),
            None => ("dir", "trees", "tree"),
        };
        let sha = sha(&format!("{full_name}/{path}"));
        let api = format!("{base}repos/{full_name}");
        let url = format!("{api}/contents/{path}?ref=main");
        let git = format!("{api}/git/{git}/{sha}");
        let html = format!("{base}{full_name}/{web}/main/{path}");
        let raw = size.map(|_| format!("{base}raw/{full_name}/main/{path}"));
        json!({
            "type": kind, "size": size.unwrap_or_default(), "path": path, "sha": sha,
            "name": path.rsplit('/').next(), "url": url, "git_url": git, "html_url": html,
            "download_url": raw, "_links": { "self": url, "git": git, "html": html },
        })
    }

    /// A commit, after `parent` if it is not the first.
    fn commit(&self, base: &Url, commit: &Commit, parent: Option<&Commit>) -> Value {
        let full_name = self.full_name();
        let api = format!("{base}repos/{full_name}");
        let id = |commit: &Commit| commit_sha(&full_name, commit);
        let (own, account) = (id(commit), Account::named(commit.author));
        let user = account.map(|it| it.owner(base));
        let who = json!({
            "name": account.map(|it| it.name), "email": format!("{}@users.example", commit.author),
            "date": commit.at,
        });
        let tree = sha(&own);
        let parents = parent.map(id).map(|sha| {
            json!({
                "sha": sha, "url": format!("{api}/commits/{sha}"),
                "html_url": format!("{base}{full_name}/commit/{sha}"),
            })
        });
        json!({
            "sha": own, "node_id": format!("C_{own}"), "url": format!("{api}/commits/{own}"),
            "html_url": format!("{base}{full_name}/commit/{own}"),
            "comments_url": format!("{api}/commits/{own}/comments"),
            "commit": {
                "url": format!("{api}/git/commits/{own}"), "author": who, "committer": who,
                "message": commit.message, "comment_count": 0,
                "tree": { "sha": tree, "url": format!("{api}/git/trees/{tree}") },
                "verification": {
                    "verified": false, "reason": "unsigned", "signature": null, "payload": null,
                    "verified_at": null,
                },
            },
            "author": user, "committer": user, "parents": parents.into_iter().collect::<Vec<_>>(),
        })
    }
}

/// The parameters of "List commits" that this stand-in reads.
#[derive(Deserialize)]
struct Listing {
    #[serde(flatten)]
    paging: Paging,
    sha: Option<String>,
    path: Option<String>,
}

async fn commits(
    State(github): State<GitHub>,
    Reached { usage, found }: Reached,
    Query(listing): Query<Listing>,
) -> Response {
    let mut headers = describe(&usage, "repo");
    let all = &content::of(&found.full_name()).commits;
    if all.is_empty() {
        return refuse(StatusCode::CONFLICT, headers, "Git Repository is empty.");
    }
    if listing.sha.as_deref().is_some_and(|branch| branch != "main") {
        return refuse(StatusCode::NOT_FOUND, headers, "Not Found");
    }
    let is_wanted = |commit: &Commit| {
        let changed = |wanted: &str| {
            commit.files.iter().any(|file| *file == wanted || in_folder(file, wanted).is_some())
        };
        listing.path.as_deref().is_none_or(changed)
    };
    let bodies = all.iter().enumerate().filter(|(_, commit)| is_wanted(commit));
    let bodies = bodies.map(|(at, commit)| found.commit(&github.base, commit, all.get(at + 1)));
    let mut list = github.base.clone();
    list.set_path(&format!("repositories/{}/commits", found.repository.id));
    let own = [("sha", &listing.sha), ("path", &listing.path)];
    let own = own.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
    list.query_pairs_mut().extend_pairs(own);
    let shown = listing.paging.page(bodies.collect(), list, &mut headers);
    (headers, Json(shown)).into_response()
}
