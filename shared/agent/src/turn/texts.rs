//! What the model is told of a call that was not made, or whose outcome is unknown; and what the user
//! is told of it, where that must not be left to the model.

use std::collections::BTreeSet;

use serde_json::Value;
use session::{Block, Message, ToolOutput, ToolResult, ToolStatus};

use crate::scopes::{Scopes, joined};

pub(super) const TOO_MANY_CALLS: &str =
    "I stopped here: this took too many steps. Ask me to go on, or for a smaller part of it.";

/// For the user: no model's choice of words may hide it.
pub(super) fn may_have_happened(providers: &BTreeSet<String>) -> Option<String> {
    let providers: Vec<&str> = providers.iter().map(String::as_str).collect();
    let provider = providers.join(" and ");
    (!providers.is_empty()).then(|| format!(
        "Something that you asked for was interrupted, and it is not known whether it was done. Look \
         at {provider} before you ask for it again."
    ))
}

/// For the user, who alone can do something about it.
pub(super) fn authorization_is_dead(provider: &str) -> String {
    format!(
        "{provider} does not accept the authorization that is stored for you, and no other one could be \
         had. Try again in a few minutes. If that does not help, revoke this application's access in \
         the settings of your account at {provider}, and ask again, or tell the operator of this service."
    )
}

/// For the user, who has disconnected before.
pub(super) fn no_new_consent(provider: &str) -> String {
    format!(
        "You have disconnected {provider}, and no new consent could be asked for. Try again in a few \
         minutes. If that does not help, revoke this application's access in the settings of your \
         account at {provider}, and ask again, or tell the operator of this service."
    )
}

pub(super) fn not_reconnected(id: &str, provider: &str) -> ToolResult {
    let text = format!(
        "Not run: the user has disconnected {provider}, and no new consent could be asked for. The \
         user is told what they can do."
    );
    error(id, &text)
}

/// The user disconnected while the turn was at work.
pub(super) fn disconnected(id: &str, provider: &str) -> ToolResult {
    error(id, &format!("Not run: the user has disconnected {provider}.{ASK_FIRST}"))
}

pub(super) fn no_usable_token(id: &str) -> ToolResult {
    error(
        id,
        "Not run: the provider does not accept the authorization that is stored for the user, and no \
         other one could be had. The user is told what they can do.",
    )
}

/// The token allows less than the call needs.
pub(super) fn too_weak(id: &str, needed: &Scopes, allowed: &Scopes) -> ToolResult {
    let (needed, allowed) = (joined(needed), joined(allowed));
    let text =
        format!("Not run: it needs the scopes {needed}, and the user has allowed {allowed} only.");
    error(id, &text)
}

/// How many characters of a reason the model is told.
const LONGEST_REASON: usize = 500;

/// For the model.
const ASK_FIRST: &str = " Do not try again unless the user asks for it.";

/// The calls of several messages in one turn could not be read.
pub(super) const TOO_MANY_MISTAKES: &str = "I stopped here: the language model called tools in a \
     form that can't be read, more than once. Ask again, perhaps in other words.";

/// For the user.
pub(super) const WITHOUT_HISTORY: &str = "(The language model could not take what was said before, \
     so this answer was made without it.)";

pub(super) fn unreadable_input(id: &str, why: &str) -> ToolResult {
    error(id, &format!("Not run: {why}. Call it again with one JSON object as its input."))
}

/// The reason quotes the model's own input only.
pub(super) fn wrong_input(id: &str, why: &str) -> ToolResult {
    error(
        id,
        &format!("Not run. The input is wrong: {why}. The tool's schema says how it has to be."),
    )
}

/// What was done in a turn, where the model has no words for it: one line for each call.
pub(super) fn own_report(turn: &[Message]) -> String {
    let name = |id: &str| {
        let call = turn.iter().flat_map(Message::tool_uses).find(|call| call.tool_use_id == id)?;
        Some(call.name.as_str())
    };
    let line = |block: &Block| {
        let Block::ToolResult(result) = block else { return None };
        Some(format!("- {}: {}", name(&result.tool_use_id)?, outcome(result)))
    };
    let blocks = turn.iter().flat_map(|message| &message.content);
    let lines: Vec<String> = blocks.filter_map(line).collect();
    if lines.is_empty() {
        return "(The language model could not go on with this. Nothing was done.)".to_owned();
    }
    format!(
        "(The language model could not go on. This is what came of its calls, in this service's own \
         words.)\n{}",
        lines.join("\n")
    )
}

fn outcome(result: &ToolResult) -> String {
    let text = result.content.iter().find_map(|output| match output {
        // What only the model needs to be told is left out.
        ToolOutput::Text(text) => Some(text.replace(ASK_FIRST, "")),
        ToolOutput::Json(data) => data["url"].as_str().map(|url| format!("done, {url}")),
    });
    match (text, result.status) {
        (Some(text), _) => text,
        (None, ToolStatus::Success) => "done".to_owned(),
        (None, ToolStatus::Error) => "failed".to_owned(),
    }
}

pub(super) fn no_such_tool(id: &str) -> ToolResult {
    error(id, "There is no such tool.")
}

/// `why` is a sentence of ours.
pub(super) fn server_unknown(id: &str, why: &str) -> ToolResult {
    error(id, &format!("Not run: {why}"))
}

/// The user does not want to tell a server what it asks.
pub(super) fn input_declined(id: &str, server: &str) -> ToolResult {
    error(id, &format!("Not run: the user declined what {server} asks of them.{ASK_FIRST}"))
}

pub(super) fn input_missing(id: &str, server: &str) -> ToolResult {
    error(id, &format!("Not run: {server} asks the user something, and has no answer yet."))
}

pub(super) fn asks_too_often(id: &str, server: &str) -> ToolResult {
    error(id, &format!("Not run: {server} has asked the user too often.{ASK_FIRST}"))
}

pub(super) fn nobody_to_ask(id: &str, server: &str) -> ToolResult {
    let text = format!(
        "Not run: {server} wants to know something of the user first, which can't be asked here. Call it \
         with all that it needs, or ask the user to do it in the application itself."
    );
    error(id, &text)
}

/// Ends a turn that is one call of a client's, so that it is saved as a whole turn.
pub(super) const CALL_IS_DONE: &str = "(This was one call of a client.)";

pub(super) fn too_many_at_once(id: &str) -> ToolResult {
    error(id, "Not run: at most 8 calls of one message are run. Ask again for this one.")
}

pub(super) fn not_authorized(id: &str) -> ToolResult {
    error(id, "Not run: the user has not authorized it yet.")
}

pub(super) fn authorization_declined(id: &str) -> ToolResult {
    error(id, "Not run: the user declined to authorize it.")
}

pub(super) fn not_confirmed(id: &str) -> ToolResult {
    error(id, "Not run: the user has not confirmed it.")
}

/// The user's `reason` is quoted, because it is data and no instruction of ours.
pub(super) fn declined(id: &str, reason: Option<&str>) -> ToolResult {
    let why = reason.map(quoted).filter(|reason| reason.len() > 2);
    let why = why.map_or_else(String::new, |why| format!(" The reason that they gave: {why}."));
    error(id, &format!("Not run: the user declined it.{ASK_FIRST}{why}"))
}

/// As a JSON string, shortened, and without what nobody can see.
fn quoted(text: &str) -> String {
    let visible = text.chars().filter(|c| *c == '\n' || !invisible::is_invisible(*c));
    let text: String = visible.collect::<String>().trim().chars().take(LONGEST_REASON).collect();
    Value::from(text).to_string()
}

/// A call that was under way, or had not begun, when the user stopped the turn.
pub(super) fn stopped_call(id: &str) -> ToolResult {
    error(id, &format!("Not run: the user stopped the turn.{ASK_FIRST}"))
}

/// The model's last words, of which there were `said` so far.
pub(super) fn stopped(said: &str) -> String {
    match said.trim() {
        "" => "(Stopped before there was an answer.)".to_owned(),
        said => format!("{said}\n\n(Stopped here.)"),
    }
}

pub(super) fn outcome_unknown(id: &str) -> ToolResult {
    error(
        id,
        "It is not known whether this was done: it was interrupted. It may have been. Do not try \
         again unless the user asks for it.",
    )
}

fn error(id: &str, text: &str) -> ToolResult {
    ToolResult::new(id, ToolStatus::Error, text)
}
