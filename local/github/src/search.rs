//! Searches: GitHub's REST documentation, "Search repositories" and "Search code". Words are looked for
//! without regard to case; of the qualifiers `repo:`, `user:`, `org:` and `language:` count here. What a
//! token may not see is not found, and naming it is an error (422).

use axum::{
    Json, Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header::ACCEPT},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    GitHub,
    accounts::{ACCOUNTS, OwnedRepository},
    content,
    files::sha,
    grants::Usage,
    paging::Paging,
    rest::{Caller, describe},
};

/// Larger files are not searched.
const MAX_FILE: usize = 384 * 1024;

/// The calls.
pub(super) fn routes() -> Router<GitHub> {
    Router::new().route("/search/repositories", get(repositories)).route("/search/code", get(code))
}

#[derive(Deserialize)]
struct Search {
    q: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

/// What is looked for, and where.
struct Wanted {
    words: Vec<String>,
    language: Option<String>,
    repositories: Vec<OwnedRepository>,
}

impl Wanted {
    /// What is wrong with the query, if it can't be searched for.
    fn read(query: &str, usage: &Usage) -> Result<Self, &'static str> {
        let login = usage.consent.account.login;
        let everything = ACCOUNTS.iter().filter(|owner| owner.demand(login).is_none());
        let everything = everything.flat_map(|owner| {
            owner.repositories.iter().map(move |repository| OwnedRepository { owner, repository })
        });
        let mut repositories: Vec<_> = everything.filter(|it| usage.reads(it)).collect();
        let (mut words, mut language) = (Vec::new(), None);
        for word in query.to_lowercase().split_whitespace() {
            match word.split_once(':') {
                Some(("repo", name)) => {
                    repositories.retain(|it| it.full_name().eq_ignore_ascii_case(name));
                }
                Some(("user" | "org", name)) => {
                    repositories.retain(|it| it.owner.login.eq_ignore_ascii_case(name));
                }
                Some(("language", name)) => language = Some(name.to_owned()),
                Some(_) => {}
                None => words.push(word.trim_matches('"').to_owned()),
            }
            if repositories.is_empty() {
                return Err(
                    "The listed users and repositories cannot be searched either because the \
                            resources do not exist or you do not have permission to view them.",
                );
            }
        }
        Ok(Self { words, language, repositories })
    }

    fn are_in(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.words.iter().all(|word| text.contains(word))
    }
}

async fn repositories(
    State(github): State<GitHub>,
    Caller(usage): Caller,
    Query(search): Query<Search>,
) -> Response {
    let login = usage.consent.account.login;
    found(&github, &usage, &search, "repositories", |wanted| {
        let is_it = |it: &&OwnedRepository| {
            let own = it.repository;
            let language = own.language.map(str::to_lowercase);
            wanted.are_in(&format!("{} {}", own.name, own.description.unwrap_or_default()))
                && (wanted.language.is_none() || wanted.language == language)
        };
        let found = wanted.repositories.iter().filter(is_it);
        let body = |it: &OwnedRepository| {
            let mut body = it.body(&github.base, login);
            body["score"] = 1.0.into();
            body["master_branch"] = "main".into();
            body
        };
        found.map(body).collect()
    })
}

async fn code(
    State(github): State<GitHub>,
    Caller(usage): Caller,
    Query(search): Query<Search>,
    asked: HeaderMap,
) -> Response {
    let accept = asked.get(ACCEPT).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let login = usage.consent.account.login;
    found(&github, &usage, &search, "code", |wanted| {
        let mut found = Vec::new();
        for it in &wanted.repositories {
            let full_name = it.full_name();
            for (path, bytes) in &content::of(&full_name).files {
                let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() < MAX_FILE);
                let Some(text) = text.filter(|text| wanted.are_in(&format!("{path} {text}")))
                else {
                    continue;
                };
                let (sha, base) = (sha(&format!("{full_name}/{path}")), &github.base);
                let api = format!("{base}repositories/{}", it.repository.id);
                let mut body = json!({
                    "name": path.rsplit('/').next(), "path": path, "sha": sha, "score": 1.0,
                    "url": format!("{api}/contents/{path}?ref=main"),
                    "git_url": format!("{api}/git/blobs/{sha}"),
                    "html_url": format!("{base}{full_name}/blob/main/{path}"),
                    "repository": it.body(base, login),
                });
                if accept.contains("text-match") {
                    body["text_matches"] = matches(wanted, text, &body["url"]);
                }
                found.push(body);
            }
        }
        found
    })
}

/// The first line with one of the words.
fn matches(wanted: &Wanted, text: &str, url: &Value) -> Value {
    let has = |line: &str, word: &str| line.to_lowercase().find(word);
    let line = text
        .lines()
        .find_map(|line| wanted.words.iter().find_map(|word| Some((line, word, has(line, word)?))));
    let of = |(line, word, at): (&str, &String, usize)| {
        json!({
            "object_url": url, "object_type": "FileContent", "property": "content", "fragment": line,
            "matches": [{ "text": word, "indices": [at, at + word.len()] }],
        })
    };
    line.into_iter().map(of).collect()
}

fn found(
    github: &GitHub,
    usage: &Usage,
    search: &Search,
    what: &str,
    find: impl FnOnce(&Wanted) -> Vec<Value>,
) -> Response {
    let mut headers = describe(usage, "");
    let query = search.q.as_deref().unwrap_or_default();
    let wanted = match Wanted::read(query, usage) {
        _ if query.trim().is_empty() => return invalid(headers, &json!({ "code": "missing" })),
        Err(message) => {
            return invalid(headers, &json!({ "code": "invalid", "message": message }));
        }
        Ok(wanted) => wanted,
    };
    let all = find(&wanted);
    let total = all.len();
    let mut list = github.base.clone();
    list.set_path(&format!("search/{what}"));
    list.query_pairs_mut().append_pair("q", query);
    let items = search.paging.page(all, list, &mut headers);
    let body = json!({ "total_count": total, "incomplete_results": false, "items": items });
    (headers, Json(body)).into_response()
}

fn invalid(headers: HeaderMap, error: &Value) -> Response {
    let mut error = error.clone();
    error["resource"] = "Search".into();
    error["field"] = "q".into();
    let body = json!({
        "message": "Validation Failed", "errors": [error],
        "documentation_url": "https://docs.github.com/v3/search/", "status": "422",
    });
    (StatusCode::UNPROCESSABLE_ENTITY, headers, Json(body)).into_response()
}
