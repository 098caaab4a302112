//! Files and folders.

use serde_json::Value;

use super::{counted, items, link, listed, place};

pub(super) fn read(data: &Value, input: &Value) -> String {
    let path = data["path"].as_str().or_else(|| input["path"].as_str());
    if data["entries"].is_array() {
        return folder(
            data,
            &path.map_or_else(|| place(input), |it| format!("{it} of {}", place(input))),
        );
    }
    let path = path.unwrap_or("The file");
    let name = link(path, &data["url"]);
    match data["text"].as_str() {
        Some(text) => {
            let kind = path.rsplit_once('.').map_or("", |(_, extension)| extension);
            format!("{name} of {} says:\n\n{}", place(input), fenced(text, kind))
        }
        None => format!("{name} of {} is there.", place(input)),
    }
}

fn folder(data: &Value, place: &str) -> String {
    let entry = |it: &Value| {
        let name = it["name"].as_str().unwrap_or("?");
        match (it["type"].as_str(), it["bytes"].as_u64()) {
            (Some("dir"), _) => format!("{name}/"),
            (_, Some(bytes)) => format!("{name} ({})", counted(bytes, "byte")),
            _ => name.to_owned(),
        }
    };
    let all: Vec<String> = items(data, "entries").map(entry).collect();
    let count = counted(data["of"].as_u64().unwrap_or(all.len() as u64), "entry");
    let list = listed(&format!("{place} holds {count}"), &all);
    match data["moreFromLine"].as_u64() {
        Some(line) => format!("{list}\n\nThere are more: ask the same again “from line {line}”."),
        None => list,
    }
}

/// A block of text as it is, in a fence that is longer than any in it.
pub(super) fn fenced(text: &str, kind: &str) -> String {
    let runs = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(runs.max(2) + 1);
    let kind: String = kind.chars().filter(char::is_ascii_alphanumeric).collect();
    let end = if text.ends_with('\n') { "" } else { "\n" };
    format!("{fence}{kind}\n{text}{end}{fence}")
}
