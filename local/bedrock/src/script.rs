//! The script: which words of a message request which tool, and the text for each tool result.

use serde_json::{Value, json};

use super::{
    guardrail, habits,
    model_answer::{Call, ModelAnswer, Script},
    obedience,
    request::{Block, Message, Output, Request, Role, Status, ToolResult},
    requests, thinking,
};

/// If a message or a tool result contains this, the model prints everything that it was sent, so that a
/// test sees the most that a model could give away.
const REVEAL_ALL: &str = "print everything you know";

const INTRODUCTION: &str = "I am the scripted model of the local stand-in, not a language model.";

/// Returns what the model does. It depends on `request` alone, except for the ids of tool calls.
pub(super) fn answer(request: &Request) -> Script {
    if let Some(rule) = habits::refusal(request).or_else(|| thinking::refusal(request)) {
        return Script::Refused(rule);
    }
    if let Some((kind, message)) = habits::failure(request) {
        return Script::Fails(kind, message);
    }
    if let Some(answer) = guardrail::blocked(request).or_else(|| habits::cut_off(request)) {
        return Script::Answer(answer);
    }
    let mut script = without_thinking(request);
    if let Script::Answer(answer) = &mut script {
        answer.kept_tokens = request.form.kept_tokens();
        thinking::think(request, answer);
    }
    script
}

fn without_thinking(request: &Request) -> Script {
    let last = request.messages.last();
    let results: Vec<&ToolResult> = last.map(tool_results).unwrap_or_default();
    let lowercase = last.map(Message::text).unwrap_or_default().to_lowercase();
    let input_tokens = request.messages.iter().map(|message| message.text().len() / 4 + 1).sum();
    if lowercase.contains(REVEAL_ALL)
        || results.iter().any(|result| contains_text(result, REVEAL_ALL))
    {
        let text = request.raw.clone();
        return Script::Answer(ModelAnswer::new(text, Vec::new(), input_tokens));
    }
    let orders = obedience::orders(request, &results);
    if !orders.is_empty() {
        let (text, calls) = obedience::carried_out(orders);
        let calls = calls.into_iter().map(call).collect();
        return Script::Answer(ModelAnswer::new(text, calls, input_tokens));
    }
    if !results.is_empty() {
        let text = results.into_iter().map(describe).collect::<Vec<_>>().join("\n");
        return Script::Answer(ModelAnswer::new(text, Vec::new(), input_tokens));
    }
    if lowercase.contains("fail please") {
        return Script::Throttled;
    }
    if lowercase.contains("break the stream") {
        return Script::BrokenAfter("I begin to answer, and then".to_owned());
    }
    if lowercase.contains("think forever") {
        return Script::NoAnswer;
    }
    let calls = calls(request, &lowercase, &last.map(Message::text).unwrap_or_default());
    let text = if calls.is_empty() { chat(request) } else { "Let me look at GitHub.".to_owned() };
    let mut answer = ModelAnswer::new(text, calls, input_tokens);
    habits::spoil(request, &mut answer);
    Script::Answer(answer)
}

/// The tool calls for the message `text`; `lowercase` is the same in lower case.
fn calls(request: &Request, lowercase: &str, text: &str) -> Vec<Call> {
    let mentions = |words: &[&str]| words.iter().any(|word| lowercase.contains(word));
    let mut chosen = Vec::new();
    if mentions(&["who am i", "profile", "account"]) {
        chosen.push(("github_get_profile", json!({})));
    }
    if mentions(&["repo", "project"]) && !mentions(&["search"]) {
        let mut input = if lowercase.contains("private ones") {
            json!({ "visibility": "all" })
        } else if lowercase.contains("private") {
            json!({ "visibility": "private" })
        } else {
            json!({})
        };
        if let Some(page) = page(lowercase) {
            input["page"] = page.into();
        }
        chosen.push(("github_list_repositories", input));
    }
    // Nothing here offers these; tests bring them as a second provider's tools.
    if mentions(&["my calendar"]) {
        chosen.push(("calendar_list_events", json!({})));
    }
    if let Some((_, title)) = text.split_once("an event: ") {
        chosen.push(("calendar_add_event", json!({ "title": title })));
    }
    chosen.extend(issues_of(text).map(|input| ("github_list_issues", input)));
    chosen.extend(requests::calls(text));
    chosen.extend(text.split(';').filter_map(issue).map(|input| ("github_create_issue", input)));
    chosen.retain(|(tool, _)| request.offers(tool));
    if mentions(&["approve it yourself"]) {
        chosen.push(("approve", json!({ "status": "resolved" })));
    }
    chosen.into_iter().map(|(tool, input)| call((tool.to_owned(), input))).collect()
}

fn call((tool, input): (String, Value)) -> Call {
    let id = format!("tooluse_{}", uuid::Uuid::new_v4().simple());
    Call { id, tool, input: input.to_string() }
}

/// `… page {number}`.
pub(super) fn page(lowercase: &str) -> Option<u8> {
    let (_, rest) = lowercase.split_once("page ")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// `… issues of {owner}/{repo}`.
fn issues_of(text: &str) -> Option<Value> {
    let (_, rest) = text.split_once("issues of ")?;
    let (owner, repo) = rest.split_once('/')?;
    let repo = repo.split(|c: char| c == '?' || c.is_whitespace()).next()?;
    Some(json!({ "owner": owner, "repo": repo }))
}

/// `… issue in {owner}/{repo}: {title}`.
fn issue(text: &str) -> Option<Value> {
    let (_, rest) = text.split_once("issue in ")?;
    let (repository, title) = rest.split_once(": ")?;
    let (owner, repo) = repository.split_once('/')?;
    Some(json!({ "owner": owner, "repo": repo, "title": title.trim() }))
}

fn chat(request: &Request) -> String {
    let is_from_user =
        |message: &&Message| message.role == Role::User && !message.text().is_empty();
    let count = request.messages.iter().filter(is_from_user).count();
    format!(
        "{INTRODUCTION} This is message {count} of yours in our conversation. Ask me about your \
         repositories or your profile at GitHub, or to “create an issue in OWNER/REPOSITORY: TITLE”, \
         to “read PATH in OWNER/REPOSITORY”, “read issue NUMBER of OWNER/REPOSITORY” or “search code for \
         WORDS”."
    )
}

/// Describes a tool result in a sentence.
fn describe(result: &ToolResult) -> String {
    let words = result.content.iter().map(to_text).collect::<Vec<_>>().join(" ");
    // Where a model takes no status, the words say it.
    let failed = words.strip_prefix("Error: ");
    if result.status == Some(Status::Error) || failed.is_some() {
        return format!("I could not do that: {}", failed.unwrap_or(&words));
    }
    let data = result.content.iter().find_map(|output| match output {
        Output::Json(data) => Some(data),
        Output::Text(_) => None,
    });
    let Some(data) = data else {
        return words;
    };
    if let Some(text) = requests::told(data) {
        return text;
    }
    if let Some(repositories) = data["repositories"].as_array() {
        let name = |repository: &Value| repository["fullName"].as_str().map(str::to_owned);
        let names: Vec<String> = repositories.iter().filter_map(name).collect();
        let owner = names.first().and_then(|name| name.split('/').next());
        let who = owner.map_or_else(
            || "You have".to_owned(),
            |owner| format!("You are {owner} at GitHub, and have"),
        );
        let left_out = match data["privateLeftOut"].is_string() {
            true => " Private ones are left out: ask for your private repositories to see them.",
            false => "",
        };
        return format!("{who} {} repositories: {}.{left_out}", names.len(), names.join(", "));
    }
    if let Some(issues) = data["issues"].as_array() {
        let title = |issue: &Value| issue["title"].as_str().map(str::to_owned);
        let titles: Vec<String> = issues.iter().filter_map(title).collect();
        return format!("It has {} issues: {}.", titles.len(), titles.join(", "));
    }
    if let Some(login) = data["login"].as_str() {
        return format!("You are {login} at GitHub.");
    }
    if data["created"] == true {
        let number = data["number"].as_u64();
        let what = number.map_or_else(|| "a comment".to_owned(), |it| format!("issue {it}"));
        return format!("I created {what}: {}", url_text(&data["url"]));
    }
    format!("The tool answered {data}.")
}

fn url_text(url: &Value) -> &str {
    url.as_str().unwrap_or("its address is not known")
}

fn contains_text(result: &ToolResult, words: &str) -> bool {
    result.content.iter().any(|output| to_text(output).to_lowercase().contains(words))
}

fn to_text(output: &Output) -> String {
    match output {
        Output::Text(text) => text.clone(),
        Output::Json(data) => data.to_string(),
    }
}

fn tool_results(message: &Message) -> Vec<&ToolResult> {
    let results = message.content.iter().filter_map(|block| match block {
        Block::ToolResult(result) => Some(result),
        Block::ReasoningContent(_) | Block::Text(_) | Block::ToolUse(_) => None,
    });
    results.collect()
}
