//! However much GitHub sends, a tool's result stays small.

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::StatusCode;
use tests::{Fate, Seen};

use super::*;

/// The largest result that may reach the model, in bytes of JSON.
const MOST: usize = 80_000;

/// Each tool, and what alice says to have it called.
const CALLS: [(&str, &str); 12] = [
    ("github_get_profile", "Who am I?"),
    ("github_list_repositories", "Which repositories do I have?"),
    ("github_search_repositories", "Please search repositories for chess"),
    ("github_read_contents", "Please read README.md in octo-bob/chess"),
    ("github_search_code", "Please search code for politely"),
    ("github_list_commits", "Which are the commits of octo-bob/chess?"),
    ("github_list_issues", "What are the issues of octo-bob/chess?"),
    ("github_read_issue", "Please read issue 1 of octo-bob/chess"),
    ("github_list_pull_requests", "And the pull requests of octo-bob/chess?"),
    ("github_read_pull_request", "Please read pull request 1 of octo-bob/chess"),
    ("github_create_issue", "create an issue in octo-alice/garden: Water"),
    ("github_comment_on_issue", "comment on issue 1 of octo-alice/weather-station: Dry"),
];

/// Everything of it is long, and nobody sees the half of it; the other half takes two bytes in JSON.
fn object(length: usize) -> Value {
    let long = "\u{1}\"".repeat(length / 2);
    let quotes = format!("\u{1}{}", "\"".repeat(4 * length));
    let person = json!({ "login": long });
    let commit = json!({ "message": long, "author": { "name": long, "date": long } });
    json!({
        "login": long, "name": long, "bio": long, "full_name": long, "description": long,
        "title": quotes, "body": quotes, "state": long, "user": person, "author": person,
        "html_url": long, "sha": long, "path": long, "commit": commit, "language": long,
        "head": { "label": long }, "base": { "label": long, "ref": long },
        "repository": { "full_name": long }, "text_matches": [{ "fragment": long }],
        "type": "file", "encoding": "base64", "content": STANDARD.encode("\u{1}\"\"\"\"\"\n".repeat(100_000)),
    })
}

/// More than was asked for, with more in each than GitHub takes.
fn huge(seen: &Seen) -> Fate {
    let ok = |body: String| Fate::Answered(StatusCode::OK, Vec::new(), body);
    let list = || {
        let mut one = object(300);
        one["content"] = Value::Null;
        vec![one; 30]
    };
    // A list of many, which GitHub makes of smaller things.
    let short = || {
        let long = "\u{1}".repeat(800);
        vec![json!({ "full_name": long, "description": long, "updated_at": long }); 100]
    };
    let accept = seen.headers.get("accept").and_then(|it| it.to_str().ok()).unwrap_or_default();
    let path = seen.path.as_str();
    if seen.method == Method::POST {
        return Fate::Answered(StatusCode::CREATED, Vec::new(), object(2_000).to_string());
    }
    // What a writer looks at, so that it has something to show.
    if path.starts_with("/repos/octo-alice/") {
        return Fate::Arrives;
    }
    if accept.contains("diff") {
        return ok("+\u{1}\"\"\"\"\"\n".repeat(200_000));
    }
    if path.starts_with("/search/") {
        let found = json!({ "total_count": 1, "incomplete_results": false, "items": list() });
        return ok(found.to_string());
    }
    match path.rsplit('/').next() {
        Some("repos") => ok(json!(short()).to_string()),
        Some("issues" | "comments" | "pulls" | "commits") => ok(json!(list()).to_string()),
        _ => ok(object(5_000).to_string()),
    }
}

/// The tools that the model was offered last.
fn offered(body: &Value) -> Vec<String> {
    let tools = body["toolConfig"]["tools"].as_array().expect("tools").iter();
    let name = |tool: &Value| tool["toolSpec"]["name"].as_str().map(str::to_owned);
    tools.filter_map(name).collect()
}

/// Mallory fills everything with as much as there is room for, and with characters that become longer when
/// they are shown.
#[tokio::test(flavor = "multi_thread")]
async fn m5_the_result_of_every_tool_is_bounded_however_much_github_sends() {
    let alice = Obedient::after("Which private repositories do I have?").await;
    for (tool, said) in CALLS {
        // Whose account it is, a writer asks first; a profile alone is what is asked for.
        let is_profile = tool == "github_get_profile";
        alice.proxies.github.rule(move |seen| match seen.path == "/user" && !is_profile {
            true => Fate::Arrives,
            false => huge(seen),
        });
        let answer = ok(alice.alice.say(tool, said)).await;
        if answer["status"] == "interrupted" {
            alice.answer(tool, &answer, "resolved").await;
        }
        let seen = alice.proxies.bedrock.seen().pop().expect("a request");
        let body: Value = serde_json::from_str(&seen.body).expect("JSON");
        let names: Vec<&str> = CALLS.iter().map(|(tool, _)| *tool).collect();
        assert_eq!(offered(&body), names, "every tool is tried");
        let last = body["messages"].as_array().and_then(|all| all.last()).expect("a message");
        let result = &last["content"][0]["toolResult"];
        assert!(result["content"][0]["json"].is_object(), "{tool} succeeds: {result}");
        let length = result["content"].to_string().len();
        assert!(length < MOST, "{tool}: {length}");
        assert!(!seen.body.contains("\\u0001") && !seen.body.contains('\u{1}'), "{tool}");
    }
}
