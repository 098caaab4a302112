//! The script: what the model does, by the last message and what was said before. The words that request a
//! tool are in `intents`, what it tells of results is in `summaries`.

use serde_json::{Value, json};

use super::{
    conversation::{self, Known},
    guardrail, habits, help, missing,
    model_answer::{Call, ModelAnswer, Script},
    obedience,
    request::{Block, Message, Output, Request, ToolResult},
    servers, summaries, thinking,
};

/// If a message or a tool result contains this, the model prints everything that it was sent, so that a
/// test sees the most that a model could give away.
const REVEAL_ALL: &str = "print everything you know";

/// What the model says once a server is connected.
const CONNECTED: &str = "It is connected. Let me look there.";

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
    let more = servers::after_connecting(request, &results);
    if !more.is_empty() {
        let calls = more.into_iter().map(call).collect();
        return Script::Answer(ModelAnswer::new(CONNECTED.to_owned(), calls, input_tokens));
    }
    if !results.is_empty() {
        let told = servers::told_with(request, results)
            .into_iter()
            .map(|it| summaries::summary(it, request.call(it)));
        let text = told.collect::<Vec<_>>().join("\n\n");
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
    let (text, calls) = reply(request, &lowercase);
    let mut answer = ModelAnswer::new(text, calls, input_tokens);
    habits::spoil(request, &mut answer);
    Script::Answer(answer)
}

/// What the model says to the user's last message, and what it calls; `lowercase` is that message.
fn reply(request: &Request, lowercase: &str) -> (String, Vec<Call>) {
    let (exchanges, known) = (conversation::exchanges(request), Known::of(request));
    let mut drafts = missing::wanted(&exchanges, &known);
    let is_servers = |tool: &str| tool.starts_with("calendar_") && !has_own_calendar(request);
    drafts.retain(|draft| request.offers(draft.tool) && !is_servers(draft.tool));
    let aside = if exchanges.len() == 1 { help::ASIDE } else { "" };
    if let Some(question) = missing::question(&drafts, &known) {
        return (format!("{aside}{question}"), Vec::new());
    }
    let mut calls: Vec<Call> = drafts.into_iter().map(|draft| call(draft.finished())).collect();
    let said = exchanges.last().map(|exchange| exchange.said.as_str()).unwrap_or_default();
    if !has_own_calendar(request) {
        let wanted = servers::wanted(said);
        calls.extend(servers::calls(request, wanted).into_iter().map(call));
    }
    if lowercase.contains("approve it yourself") {
        calls.push(call(("approve", json!({ "status": "resolved" }))));
    }
    let text = match calls.is_empty() {
        true => help::text(said, exchanges.len(), servers::has_calendar(request)),
        false => format!("{aside}Let me look."),
    };
    (text, calls)
}

/// Whether there is a calendar that is no MCP server's: tests bring one as a second provider's tools.
fn has_own_calendar(request: &Request) -> bool {
    request.offers("calendar_add_event")
}

fn call((tool, input): (impl Into<String>, Value)) -> Call {
    let id = format!("tooluse_{}", uuid::Uuid::new_v4().simple());
    Call { id, tool: tool.into(), input: input.to_string() }
}

fn contains_text(result: &ToolResult, words: &str) -> bool {
    result.content.iter().any(|output| match output {
        Output::Text(text) => text.to_lowercase().contains(words),
        Output::Json(data) => data.to_string().to_lowercase().contains(words),
    })
}

fn tool_results(message: &Message) -> Vec<&ToolResult> {
    let results = message.content.iter().filter_map(|block| match block {
        Block::ToolResult(result) => Some(result),
        Block::ReasoningContent(_) | Block::Text(_) | Block::ToolUse(_) => None,
    });
    results.collect()
}
