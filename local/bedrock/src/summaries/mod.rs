//! What the script tells of tool results: sentences, and lists in Markdown. What others have written is
//! quoted as it is, as real models do.

mod calendar;
mod contents;
mod lists;
mod threads;

use serde_json::Value;

use super::request::{Output, Status, ToolResult, ToolUse};

/// Tells what `result` says; `call` is what was asked for.
pub(super) fn summary(result: &ToolResult, call: Option<&ToolUse>) -> String {
    let words = result.content.iter().map(to_text).collect::<Vec<_>>().join(" ");
    // Where a model takes no status, the words say it.
    let failed = words.strip_prefix("Error: ");
    if result.status == Some(Status::Error) || failed.is_some() {
        return failure(failed.unwrap_or(&words));
    }
    let data = result.content.iter().find_map(|output| match output {
        Output::Json(data) => Some(data),
        Output::Text(_) => None,
    });
    let Some(data) = data else { return words };
    let tool = call.map_or("", |call| call.name.as_str());
    let nothing = Value::Null;
    let input = call.map_or(&nothing, |call| &call.input);
    let text = match tool {
        "github_get_profile" => profile(data),
        "github_list_repositories" => lists::own_repositories(data),
        "github_search_repositories" => lists::found_repositories(data, input),
        "github_search_code" => lists::found_code(data, input),
        "github_list_commits" => lists::commits(data, input),
        "github_list_issues" => threads::issues(data, input),
        "github_list_pull_requests" => threads::pull_requests(data, input),
        "github_read_issue" => threads::issue(data),
        "github_read_pull_request" => threads::pull_request(data),
        "github_read_contents" => contents::read(data, input),
        "github_create_issue" | "github_comment_on_issue" => created(data),
        "calendar_list_events" if data["data"].is_object() => calendar::events(data),
        "calendar_create_event" if data["data"].is_object() => calendar::added(data),
        _ => return format!("The tool answered {data}."),
    };
    format!("{text}{}", notes(data, input))
}

/// Says what is not among the results, and why.
fn notes(data: &Value, input: &Value) -> String {
    let mut notes = Vec::new();
    if data["privateLeftOut"].is_string() {
        let text = "Private ones are left out: ask for your private repositories to see them.";
        notes.push(text.to_owned());
    }
    for (name, value) in data.as_object().into_iter().flatten() {
        let (Some(what), Some(text)) = (name.strip_suffix("LeftOut"), value.as_str()) else {
            continue;
        };
        match what {
            "private" => {}
            "comments" => notes.push(format!("I left out the comments, {text}")),
            _ => notes.push(format!("I left out {}.", text.trim_end_matches('.'))),
        }
    }
    for name in ["incomplete", "endedEarly", "binary"] {
        notes.extend(data[name].as_str().map(str::to_owned));
    }
    if data["more"] == true {
        let next = input["page"].as_u64().unwrap_or(1) + 1;
        notes.push(format!("There are more: ask the same again with “page {next}”."));
    }
    notes.into_iter().map(|note| format!("\n\n{note}")).collect()
}

/// The user knows that they declined; what the result says besides is for the model.
fn failure(words: &str) -> String {
    let Some(rest) = words.strip_prefix("Not run: the user declined it.") else {
        let words = words.replace("Not run: the user declined to", "you declined to");
        return format!("I could not do that: {words}");
    };
    let reason = rest.split_once("The reason that they gave: ").map(|(_, reason)| {
        let quoted = reason.trim_end_matches('.');
        serde_json::from_str::<String>(quoted).unwrap_or_else(|_| quoted.to_owned())
    });
    match reason {
        Some(reason) => format!("I did nothing: you declined it, because “{reason}”."),
        None => "I did nothing: you declined it.".to_owned(),
    }
}

fn profile(data: &Value) -> String {
    let login = data["login"].as_str().unwrap_or("somebody without a name");
    let name = data["name"].as_str().map(|name| format!(" ({name})")).unwrap_or_default();
    let public = data["publicRepositories"].as_u64();
    let public = public.map(|it| format!(" You have {}.", counted(it, "public repository")));
    let followers = data["followers"].as_u64().filter(|it| *it > 0);
    let followers = followers.map(|it| format!(" {} follow you.", counted(it, "person")));
    let bio = data["bio"].as_str().map(|bio| format!(" You write of yourself: {bio}"));
    let more = [public, followers, bio].into_iter().flatten().collect::<String>();
    format!("You are {login}{name} at GitHub.{more}")
}

fn created(data: &Value) -> String {
    let url = data["url"].as_str().unwrap_or("its address is not known");
    match data["number"].as_u64() {
        Some(number) => format!("I created issue {number}: {url}"),
        None => format!("I created a comment: {url}"),
    }
}

/// `{owner}/{repo}` of the input.
fn place(input: &Value) -> String {
    let text = |name: &str| input[name].as_str().unwrap_or("?");
    format!("{}/{}", text("owner"), text("repo"))
}

/// `1 issue`, `2 issues`.
fn counted(count: u64, what: &str) -> String {
    match (count, what.strip_suffix('y'), what) {
        (1, ..) => format!("1 {what}"),
        (_, Some(stem), _) => format!("{count} {stem}ies"),
        (_, None, "person") => format!("{count} people"),
        _ => format!("{count} {what}s"),
    }
}

/// A link where there is an address.
fn link(text: &str, url: &Value) -> String {
    url.as_str().map_or_else(|| text.to_owned(), |url| format!("[{text}]({url})"))
}

/// A sentence, and a list of `items` if there are any.
fn listed(head: &str, items: &[String]) -> String {
    match items {
        [] => format!("{head}."),
        items => format!("{head}:\n\n- {}", items.join("\n- ")),
    }
}

fn items<'a>(data: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    data[name].as_array().into_iter().flatten()
}

/// The day of a time.
fn day(time: &Value) -> Option<&str> {
    time.as_str()?.split('T').next()
}

fn to_text(output: &Output) -> String {
    match output {
        Output::Text(text) => text.clone(),
        Output::Json(data) => data.to_string(),
    }
}
