//! Issues and pull requests.

use serde_json::Value;

use super::{contents::fenced, counted, day, items, link, listed, place};

pub(super) fn issues(data: &Value, input: &Value) -> String {
    list(data, input, ("issues", "issue"))
}

pub(super) fn pull_requests(data: &Value, input: &Value) -> String {
    list(data, input, ("pullRequests", "pull request"))
}

fn list(data: &Value, input: &Value, (name, what): (&str, &str)) -> String {
    let state = match input["state"].as_str() {
        None | Some("open") => "open ",
        Some("closed") => "closed ",
        Some(_) => "",
    };
    let all: Vec<String> = items(data, name).map(line).collect();
    let count = counted(all.len() as u64, &format!("{state}{what}"));
    let has = if data["more"] == true { "has, among others," } else { "has" };
    listed(&format!("{} {has} {count}", place(input)), &all)
}

fn line(it: &Value) -> String {
    let comments = it["comments"].as_u64().filter(|it| *it > 0).map(|it| counted(it, "comment"));
    let about = [state(it), by(it), day(&it["updatedAt"]).map(str::to_owned), comments];
    let about = about.into_iter().flatten().collect::<Vec<_>>().join(", ");
    format!("{} {} ({about})", number(it), title(it))
}

fn title(it: &Value) -> &str {
    it["title"].as_str().unwrap_or("without a title")
}

fn number(it: &Value) -> String {
    let number = it["number"].as_u64().map_or_else(|| "#?".to_owned(), |it| format!("#{it}"));
    link(&number, &it["url"])
}

fn state(it: &Value) -> Option<String> {
    let state = it["state"].as_str()?;
    let is_merged = it["merged"] == true || it["mergedAt"].is_string();
    Some(match (is_merged, it["draft"] == true) {
        (true, _) => "merged".to_owned(),
        (_, true) => format!("{state}, a draft"),
        _ => state.to_owned(),
    })
}

fn by(it: &Value) -> Option<String> {
    Some(format!("by {}", it["author"].as_str().unwrap_or("somebody who is gone")))
}

/// The title, what is known about it, and its text.
fn head(it: &Value, more: Vec<String>) -> String {
    let mut about: Vec<String> = [state(it), by(it)].into_iter().flatten().collect();
    about.extend(day(&it["createdAt"]).map(|day| format!("on {day}")));
    about.extend((it["locked"] == true).then(|| "locked".to_owned()));
    about.extend(more);
    let body = it["body"].as_str().filter(|body| !body.trim().is_empty()).unwrap_or("(no text)");
    let quoted = body.trim_end().replace('\n', "\n> ");
    format!("{} **{}** ({})\n\n> {quoted}", number(it), title(it), about.join(", "))
}

pub(super) fn issue(data: &Value) -> String {
    let comment = |it: &Value| {
        let author = it["author"].as_str().unwrap_or("somebody who is gone");
        let day = day(&it["createdAt"]).map(|day| format!(", {day}")).unwrap_or_default();
        let body = it["body"].as_str().unwrap_or_default().trim_end().replace('\n', "\n  ");
        let left_out = it["bodyLeftOut"].as_str().map(|it| format!(" (I left out {it}.)"));
        format!("**{author}**{day}: {body}{}", left_out.unwrap_or_default())
    };
    let comments: Vec<String> = items(data, "comments").map(comment).collect();
    let head = head(data, Vec::new());
    match comments.len() {
        0 if data["commentsLeftOut"].is_string() => head,
        0 => format!("{head}\n\nNobody has commented on it."),
        count => listed(&format!("{head}\n\n{}", counted(count as u64, "comment")), &comments),
    }
}

pub(super) fn pull_request(data: &Value) -> String {
    let text = |name: &str| data[name].as_str().unwrap_or("?");
    let lines = |name: &str| data[name].as_u64().unwrap_or_default();
    let files = counted(lines("changedFiles"), "file");
    let size = format!("+{} −{} in {files}", lines("additions"), lines("deletions"));
    let from = format!("from {} into {}", text("from"), text("into"));
    let head = head(data, vec![from, size]);
    match data["diff"].as_str().filter(|diff| !diff.trim().is_empty()) {
        Some(diff) => format!("{head}\n\n{}", fenced(diff, "diff")),
        None => head,
    }
}
