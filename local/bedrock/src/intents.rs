//! What a message asks for: which tools, and as much of their input as it says.

use serde_json::{Map, Value, json};

use super::{
    conversation::Known,
    phrases::{
        CODE_QUERY, COMMENT, COMMITS, CREATE, ISSUES, PROFILE, PULL_REQUESTS, READ, REPOSITORIES,
        REPOSITORY_QUERY, SEARCH_CODE, SEARCH_REPOSITORIES, SHOW,
    },
    wordings::{Words, free_text},
};

/// A tool call of which something may be missing.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) tool: &'static str,
    pub(super) input: Map<String, Value>,
    /// What was said where a repository would be named, if it is no `OWNER/NAME`.
    pub(super) unclear: Option<String>,
}

/// The calls that `text` asks for, in an order that does not depend on that of its words.
pub(super) fn of(text: &str, known: &Known) -> Vec<Draft> {
    if Words::of(text).has(COMMENT) {
        return vec![comment(text, known)];
    }
    text.split(';').flat_map(|clause| clause_calls(clause, known)).collect()
}

fn clause_calls(text: &str, known: &Known) -> Vec<Draft> {
    let words = Words::of(text);
    if words.has(CREATE) || (words.has(&["issue in "]) && text.contains(": ")) {
        let (head, title) = free_text(text);
        // What was said is the title, and no other wish.
        let mut draft = about_a_repository("github_create_issue", &Words::of(&head), known);
        if let Some(place) = stated(&head) {
            name(&mut draft, place, known);
        }
        put(&mut draft, "title", title.map(Value::from));
        return vec![draft];
    }
    let mut drafts = Vec::new();
    let about = about_something(&words, known);
    if words.has(PROFILE) && (about.is_none() || words.has(&["who am i"])) {
        drafts.push(draft("github_get_profile"));
    }
    if about.is_none() && words.has(REPOSITORIES) {
        drafts.push(repositories(&words));
    }
    // Tests bring these as a second provider's tools; for those of an MCP server see `servers`.
    if words.has(&["my calendar"]) {
        drafts.push(draft("calendar_list_events"));
    }
    if let Some(title) = words.after(&["an event: "]) {
        let mut event = draft("calendar_add_event");
        put(&mut event, "title", Some(title.into()));
        drafts.push(event);
    }
    drafts.extend(about);
    drafts
}

/// The repository after `issue in`, as it stands there: a wrong one is passed on as well, because a real model
/// does so, and the tool has to refuse it.
fn stated(head: &str) -> Option<&str> {
    let (_, place) = head.rsplit_once("issue in ")?;
    place.split_whitespace().next().filter(|place| place.contains('/'))
}

/// The one call about a search, or about what is in a repository.
fn about_something(words: &Words, known: &Known) -> Option<Draft> {
    let number = words.number();
    if words.has(SEARCH_CODE) {
        return Some(search_code(words, known));
    }
    if words.has(SEARCH_REPOSITORIES) {
        let mut draft = draft("github_search_repositories");
        put(&mut draft, "query", words.after(REPOSITORY_QUERY).and_then(query));
        put(&mut draft, "page", words.counted("page ").map(Value::from));
        return Some(draft);
    }
    if words.has(PULL_REQUESTS) {
        return Some(match number {
            Some(number) => numbered("github_read_pull_request", words, known, number),
            None => list("github_list_pull_requests", words, known),
        });
    }
    if words.has(ISSUES) || (number.is_some() && words.text.contains('#')) {
        return Some(match number {
            Some(number) => numbered("github_read_issue", words, known, number),
            None if words.has(&[
                "read issue",
                "read an issue",
                "show an issue",
                "show the issue ",
            ]) =>
            {
                about_a_repository("github_read_issue", words, known)
            }
            None => list("github_list_issues", words, known),
        });
    }
    if words.has(COMMITS) {
        return Some(list("github_list_commits", words, known));
    }
    read(words, known)
}

fn repositories(words: &Words) -> Draft {
    let mut draft = draft("github_list_repositories");
    let visibility = if words.has(&["private ones"]) {
        Some("all")
    } else if words.has(&["private"]) {
        Some("private")
    } else {
        words.has(&["public repo", "public project", "public ones"]).then_some("public")
    };
    put(&mut draft, "visibility", visibility.map(Value::from));
    put(&mut draft, "page", words.counted("page ").map(Value::from));
    draft
}

fn list(tool: &'static str, words: &Words, known: &Known) -> Draft {
    let mut draft = about_a_repository(tool, words, known);
    let state = if words.has(&[
        "all issues",
        "all the issues",
        "all pull",
        "all the pull",
        "open and closed",
    ]) {
        Some("all")
    } else {
        words.has(&["closed", "merged", "done issues"]).then_some("closed")
    };
    put(&mut draft, "state", state.filter(|_| tool != "github_list_commits").map(Value::from));
    put(&mut draft, "page", words.counted("page ").map(Value::from));
    draft
}

fn numbered(tool: &'static str, words: &Words, known: &Known, number: u64) -> Draft {
    let mut draft = about_a_repository(tool, words, known);
    put(&mut draft, "number", Some(number.into()));
    put(&mut draft, "page", words.counted("page ").map(Value::from));
    put(&mut draft, "from_line", words.counted("from line ").map(Value::from));
    draft
}

fn comment(text: &str, known: &Known) -> Draft {
    let (head, body) = free_text(text);
    let words = Words::of(&head);
    let mut draft = about_a_repository("github_comment_on_issue", &words, known);
    put(&mut draft, "number", words.number().map(Value::from));
    put(&mut draft, "body", body.map(Value::from));
    draft
}

fn read(words: &Words, known: &Known) -> Option<Draft> {
    let mut draft = about_a_repository("github_read_contents", words, known);
    let place = words.place(|name| !known.named(name).is_empty());
    let path = words.path(place);
    let is_asked_for = words.has(READ) || (words.has(SHOW) && path.is_some());
    let names_something = place.is_some()
        || path.is_some()
        || words.has(&["readme", "the file", "files", "in the repo", "in this repo", "folder"]);
    if !is_asked_for || !names_something {
        return None;
    }
    let readme = words.has(&["readme"]).then_some("README.md");
    put(&mut draft, "path", path.or(readme).map(Value::from));
    put(&mut draft, "from_line", words.counted("from line ").map(Value::from));
    Some(draft)
}

fn search_code(words: &Words, known: &Known) -> Draft {
    let mut draft = draft("github_search_code");
    let looked_for = words.after(CODE_QUERY).unwrap_or_default();
    let end = [" in the code", " in all code", " in my code", " used", " page "];
    let end = end.iter().filter_map(|end| looked_for.find(end)).min().unwrap_or(looked_for.len());
    let mut looked_for = &looked_for[..end];
    let place = words.place(|name| !known.named(name).is_empty());
    if let Some(place) = place.filter(|it| words.has(&["code of ", "code in "]) || it.contains('/'))
    {
        name(&mut draft, place, known);
        let before =
            [" in ", " of "].iter().filter_map(|it| looked_for.find(&format!("{it}{place}")));
        looked_for = &looked_for[..before.min().unwrap_or(looked_for.len())];
    }
    put(&mut draft, "query", query(looked_for));
    put(&mut draft, "page", words.counted("page ").map(Value::from));
    draft
}

/// Words to search for, without what follows them.
fn query(words: &str) -> Option<Value> {
    let words = words.split_once(" page ").map_or(words, |(words, _)| words);
    let words =
        words.trim().trim_end_matches(['?', '.', '!']).trim_matches(['"', '“', '”', '`', '\'']);
    (!words.is_empty()).then(|| words.into())
}

fn about_a_repository(tool: &'static str, words: &Words, known: &Known) -> Draft {
    let mut draft = draft(tool);
    if let Some(place) = words.place(|name| !known.named(name).is_empty()) {
        name(&mut draft, place, known);
    }
    draft
}

/// Says which repository is meant: `OWNER/NAME`, or the name of one that the conversation has shown.
pub(super) fn name(draft: &mut Draft, place: &str, known: &Known) {
    let full = match (place.contains('/'), known.named(place).as_slice()) {
        (true, _) => place,
        (false, [one]) => one,
        (false, _) => {
            draft.unclear = Some(place.to_owned());
            return;
        }
    };
    let Some((owner, repo)) = full.split_once('/') else { return };
    draft.unclear = None;
    put(draft, "owner", Some(owner.into()));
    put(draft, "repo", Some(repo.into()));
}

fn draft(tool: &'static str) -> Draft {
    Draft { tool, input: Map::new(), unclear: None }
}

fn put(draft: &mut Draft, member: &str, value: Option<Value>) {
    if let Some(value) = value {
        draft.input.insert(member.to_owned(), value);
    }
}

impl Draft {
    /// The tool's input. A search has its repository among its words.
    pub(super) fn finished(mut self) -> (&'static str, Value) {
        if self.tool == "github_search_code"
            && let (Some(owner), Some(repo)) =
                (self.input.remove("owner"), self.input.remove("repo"))
        {
            let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
            let query = self.input.get("query").map(text).unwrap_or_default();
            let query = format!("{query} repo:{}/{}", text(&owner), text(&repo));
            self.input.insert("query".to_owned(), json!(query));
        }
        (self.tool, self.input.into())
    }
}
