//! Lists of repositories, of finds in code, of commits.

use serde_json::Value;

use super::{counted, day, items, link, listed, place};

pub(super) fn own_repositories(data: &Value) -> String {
    let all: Vec<String> = items(data, "repositories").map(repository).collect();
    let count = counted(all.len() as u64, "repository");
    let which = if data["more"] == true { "Here are" } else { "You have" };
    listed(&format!("{which} {count} at GitHub"), &all)
}

pub(super) fn found_repositories(data: &Value, input: &Value) -> String {
    let all: Vec<String> = items(data, "repositories").map(repository).collect();
    let count = counted(data["total"].as_u64().unwrap_or_default(), "repository");
    listed(&format!("I found {count} for “{}”", words(input)), &all)
}

fn repository(it: &Value) -> String {
    let name = link(it["fullName"].as_str().unwrap_or("one without a name"), &it["url"]);
    let description = it["description"].as_str().map(|text| format!(": {text}"));
    let stars = it["stars"].as_u64().filter(|it| *it > 0).map(|it| counted(it, "star"));
    let signs = [
        (it["private"] == true).then(|| "private".to_owned()),
        (it["archived"] == true).then(|| "archived".to_owned()),
        it["language"].as_str().map(str::to_owned),
        stars,
    ];
    let signs = signs.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let signs = if signs.is_empty() { signs } else { format!(" ({signs})") };
    format!("{name}{}{signs}", description.unwrap_or_default())
}

pub(super) fn found_code(data: &Value, input: &Value) -> String {
    let file = |it: &Value| {
        let repository = it["repository"].as_str().unwrap_or("?");
        let fragment = it["fragment"].as_str().and_then(|text| line_with(text, &words(input)));
        let fragment = fragment.map(|line| format!(": `{}`", line.replace('`', "'")));
        let path = link(it["path"].as_str().unwrap_or("?"), &it["url"]);
        format!("{path} of {repository}{}", fragment.unwrap_or_default())
    };
    let all: Vec<String> = items(data, "files").map(file).collect();
    let count = counted(data["total"].as_u64().unwrap_or_default(), "file");
    listed(&format!("I found {count} with “{}”", words(input)), &all)
}

/// The line of a fragment that has the first of the words that were looked for.
fn line_with<'a>(fragment: &'a str, words: &str) -> Option<&'a str> {
    let word = words.split_whitespace().next()?.to_lowercase();
    let mut lines = fragment.lines().filter(|line| !line.trim().is_empty());
    lines.find(|line| line.to_lowercase().contains(&word)).map(str::trim)
}

fn words(input: &Value) -> String {
    input["query"].as_str().unwrap_or_default().to_owned()
}

pub(super) fn commits(data: &Value, input: &Value) -> String {
    let commit = |it: &Value| {
        let sha: String = it["sha"].as_str().unwrap_or_default().chars().take(7).collect();
        let message =
            it["message"].as_str().and_then(|it| it.lines().next()).unwrap_or("no message");
        let by = it["login"].as_str().or_else(|| it["author"].as_str()).unwrap_or("somebody");
        let day = day(&it["date"]).map(|day| format!(" on {day}")).unwrap_or_default();
        format!("`{sha}` {message} ({by}{day})")
    };
    let all: Vec<String> = items(data, "commits").map(commit).collect();
    if all.is_empty() {
        return format!("{} has no commits here.", place(input));
    }
    listed(&format!("The latest commits of {}", place(input)), &all)
}
