//! Tools of MCP servers: what a message asks of a calendar, a call that a message writes out, and
//! connecting a server first, as a model does that is shown nothing else of it.
//!
//! `(calls NAME {…})` in a message calls the tool with this input.

use serde_json::{Deserializer, Value, json};

use super::{
    request::{Block, Message, Output, Request, Role, ToolResult},
    wordings::Words,
};

const WRITTEN_OUT: &str = "(calls ";
const CONNECT: &str = "connect_";
/// What a message says that asks for the calendar.
const CALENDAR: &[&str] = &[
    "my calendar",
    "my events",
    "my appointments",
    "my schedule",
    "what do i have today",
    "what do i have tomorrow",
    "am i free",
];
/// … and before the title of a new event.
const NEW_EVENT: &[&str] =
    &["an event: ", "a new event: ", "an appointment: ", "to my calendar: ", "in my calendar: "];

/// The tools that `text` wants of servers, with their input.
pub(super) fn wanted(text: &str) -> Vec<(String, Value)> {
    let mut calls = written_out(text);
    let words = Words::of(text);
    if let Some(event) = words.after(NEW_EVENT) {
        calls.push(("calendar_create_event".to_owned(), event_input(event)));
    } else if words.has(CALENDAR) {
        calls.push(("calendar_list_events".to_owned(), json!({})));
    }
    calls
}

/// Those of `wanted` that are to be made now: a tool that is not there is replaced by the one that connects
/// its server.
pub(super) fn calls(request: &Request, wanted: Vec<(String, Value)>) -> Vec<(String, Value)> {
    let mut calls: Vec<(String, Value)> = Vec::new();
    for (tool, input) in wanted {
        let server = tool.split('_').next().unwrap_or_default();
        let connect = format!("{CONNECT}{server}");
        let call = match request.offers(&connect) {
            _ if request.offers(&tool) => (tool, input),
            true => (connect, json!({})),
            false if server == "calendar" => continue,
            // A model may call what it is not shown.
            false => (tool, input),
        };
        if !calls.contains(&call) {
            calls.push(call);
        }
    }
    calls
}

/// Once a server is connected: what the user's last words want of it, and was not called yet.
pub(super) fn after_connecting(request: &Request, results: &[&ToolResult]) -> Vec<(String, Value)> {
    let is_connected = |result: &&&ToolResult| {
        let connected = |it: &Output| matches!(it, Output::Json(it) if it["connected"].is_string());
        result.content.iter().any(connected)
    };
    if results.iter().find(is_connected).is_none() {
        return Vec::new();
    }
    let words = |message: &&Message| message.role == Role::User && !message.text().is_empty();
    let Some(at) = request.messages.iter().rposition(|it| words(&it)) else { return Vec::new() };
    let turn = &request.messages[at..];
    let is_called = |tool: &str| {
        let mut blocks = turn.iter().flat_map(|message| &message.content);
        blocks.any(|block| matches!(block, Block::ToolUse(it) if it.name == tool))
    };
    let mut left = wanted(&turn[0].text());
    left.retain(|(tool, _)| request.offers(tool) && !is_called(tool));
    left
}

/// What is to be told of: `results`, and if a server was connected in this turn, what other calls of the turn
/// had returned before.
pub(super) fn told_with<'a>(
    request: &'a Request,
    results: Vec<&'a ToolResult>,
) -> Vec<&'a ToolResult> {
    let is_connect = |result: &&ToolResult| {
        request.call(result).is_some_and(|call| call.name.starts_with(CONNECT))
    };
    let words = |message: &Message| message.role == Role::User && !message.text().is_empty();
    let turn = request.messages.iter().rposition(words).unwrap_or_default();
    let blocks = request.messages[turn..].iter().flat_map(|message| &message.content);
    let all: Vec<&ToolResult> = blocks
        .filter_map(|block| match block {
            Block::ToolResult(result) => Some(result),
            _ => None,
        })
        .collect();
    if !all.iter().any(is_connect) || all.len() == results.len() {
        return results;
    }
    all.into_iter().filter(|result| !is_connect(result)).collect()
}

/// Whether there is a calendar, connected or not.
pub(super) fn has_calendar(request: &Request) -> bool {
    request.offers("calendar_list_events") || request.offers("connect_calendar")
}

fn written_out(text: &str) -> Vec<(String, Value)> {
    let calls = text.split(WRITTEN_OUT).skip(1).filter_map(|call| {
        let (tool, input) = call.split_once(' ')?;
        let input = Deserializer::from_str(input).into_iter().next()?.ok()?;
        Some((tool.to_owned(), input))
    });
    calls.collect()
}

/// `TITLE on 2026-12-24 at 10:00`, one hour long.
fn event_input(text: &str) -> Value {
    let text = text.trim().trim_end_matches(['.', '!']);
    let parts = || {
        let (title, when) = text.rsplit_once(" on ")?;
        let (day, time) = when.split_once(" at ")?;
        let hour: u32 = time.split(':').next()?.parse().ok()?;
        let minute = time.split_once(':').map_or("00", |(_, minute)| minute);
        let at = |hour: u32| format!("{day}T{hour:02}:{minute}:00Z");
        Some(json!({ "title": title, "start": at(hour), "end": at(hour + 1) }))
    };
    parts().unwrap_or_else(|| json!({ "title": text }))
}
