//! Which words request which of GitHub's tools, and what is told of their results.

use serde_json::{Value, json};

use super::script::page;

/// The tools that `text` requests, with their input.
pub(super) fn calls(text: &str) -> Vec<(&'static str, Value)> {
    let all: [(&'static str, Option<Value>); 9] = [
        ("github_search_repositories", search_repositories(text)),
        ("github_search_code", search_code(text)),
        ("github_read_contents", read(text)),
        ("github_read_contents", after(text, "files of ").and_then(repository)),
        (
            "github_list_commits",
            after(text, "commits of ").and_then(repository).map(|it| paged(text, it)),
        ),
        (
            "github_read_issue",
            after(text, "read issue ").and_then(numbered).map(|it| paged(text, it)),
        ),
        ("github_comment_on_issue", comment(text)),
        ("github_list_pull_requests", after(text, "pull requests of ").and_then(repository)),
        ("github_read_pull_request", after(text, "read pull request ").and_then(numbered)),
    ];
    all.into_iter().filter_map(|(tool, input)| Some((tool, input?))).collect()
}

fn after<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    Some(text.split_once(words)?.1)
}

/// `{owner}/{repo}` and what may follow.
fn repository(text: &str) -> Option<Value> {
    let name = text.split(|c: char| c.is_whitespace() || "?:;,".contains(c)).next()?;
    let (owner, repo) = name.trim_end_matches('.').split_once('/')?;
    Some(json!({ "owner": owner, "repo": repo }))
}

/// `{number} of {owner}/{repo}`, and perhaps `from line {number}`.
fn numbered(text: &str) -> Option<Value> {
    let (number, rest) = text.split_once(" of ")?;
    let mut input = repository(rest)?;
    input["number"] = number.parse::<u64>().ok()?.into();
    Some(from_line(rest, input))
}

fn from_line(text: &str, mut input: Value) -> Value {
    let line = after(text, "from line ").map(|it| it.trim_end_matches(['.', '?']));
    if let Some(line) = line.and_then(|it| it.parse::<u64>().ok()) {
        input["from_line"] = line.into();
    }
    input
}

/// Perhaps with `page {number}`.
fn paged(text: &str, mut input: Value) -> Value {
    if let Some(page) = page(text) {
        input["page"] = page.into();
    }
    input
}

fn query(words: &str) -> Value {
    let query = words.split_once(" page ").map_or(words, |(words, _)| words);
    paged(words, json!({ "query": query.trim() }))
}

/// `search repositories for {words}`.
fn search_repositories(text: &str) -> Option<Value> {
    Some(query(after(text, "search repositories for ")?))
}

/// `search the code of {owner}/{repo} for {words}`, or `search code for {words}`.
fn search_code(text: &str) -> Option<Value> {
    if let Some(words) = after(text, "search code for ") {
        return Some(query(words));
    }
    let (repository, words) = after(text, "search the code of ")?.split_once(" for ")?;
    Some(json!({ "query": format!("{} repo:{repository}", words.trim()) }))
}

/// `read {path} in {owner}/{repo}`, and perhaps `from line {number}`.
fn read(text: &str) -> Option<Value> {
    let (path, rest) = after(text, "read ")?.split_once(" in ")?;
    let mut input = repository(rest)?;
    input["path"] = path.into();
    Some(from_line(rest, input))
}

/// `comment on issue {number} of {owner}/{repo}: {text}`.
fn comment(text: &str) -> Option<Value> {
    let rest = after(text, "comment on issue ")?;
    let mut input = numbered(rest)?;
    input["body"] = rest.split_once(": ")?.1.trim().into();
    Some(input)
}

/// What is told of the result `data`, if it is one of these tools'.
pub(super) fn told(data: &Value) -> Option<String> {
    let text = |name: &str| data[name].as_str();
    let left_out = |name: &str| {
        text(&format!("{name}LeftOut")).map(|it| format!(" (Left out: {it}.)")).unwrap_or_default()
    };
    if let Some(total) = data["total"].as_u64() {
        let names = listed(&data["repositories"], "fullName");
        return Some(match names.is_empty() {
            true => format!("I found {total}: {}.", listed(&data["files"], "path")),
            false => format!("I found {total}: {names}."),
        });
    }
    if let Some(file) = text("text") {
        let path = text("path").unwrap_or_default();
        return Some(format!("{path} says:\n{file}{}", left_out("text")));
    }
    if data["entries"].is_array() {
        return Some(format!("It holds {}.", listed(&data["entries"], "name")));
    }
    if data["commits"].is_array() {
        return Some(format!("The latest commits: {}.", listed(&data["commits"], "message")));
    }
    if data["pullRequests"].is_array() {
        return Some(format!("The pull requests: {}.", listed(&data["pullRequests"], "title")));
    }
    let (title, state) = (text("title")?, text("state")?);
    let begin = format!("“{title}” is {state}.\n{}", text("body").unwrap_or_default());
    Some(match text("diff") {
        Some(diff) => format!("{begin}\n{diff}{}", left_out("diff")),
        None => {
            format!("{begin}\nComments: {}.{}", listed(&data["comments"], "body"), left_out("diff"))
        }
    })
}

fn listed(items: &Value, name: &str) -> String {
    let items = items.as_array().into_iter().flatten();
    items.filter_map(|item| item[name].as_str()).collect::<Vec<_>>().join(", ")
}
