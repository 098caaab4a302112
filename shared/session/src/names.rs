//! Names and ids of tool calls as every model takes them back.
//!
//! Amazon Bedrock API Reference, "ToolUseBlock": both have 1 to 64 of `A-Z a-z 0-9 _ -`. Models write
//! others, and so do other programs.

const MAX_LENGTH: usize = 64;

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// Whether every model takes `text` as a tool's name or a call's id.
#[must_use]
pub fn is_tool_name(text: &str) -> bool {
    (1..=MAX_LENGTH).contains(&text.len()) && text.chars().all(is_allowed)
}

/// `name` as every model takes it; unchanged if it is so already.
#[must_use]
pub fn fit_tool_name(name: &str) -> String {
    fitted(name, MAX_LENGTH)
}

/// The id that is nearest to `id` among those that every model takes, with `suffix` at its end.
pub(crate) fn fit_tool_use_id(id: &str, suffix: &str) -> String {
    fitted(id, MAX_LENGTH.saturating_sub(suffix.len())) + suffix
}

fn fitted(text: &str, longest: usize) -> String {
    let text: String =
        text.chars().map(|c| if is_allowed(c) { c } else { '_' }).take(longest).collect();
    if text.is_empty() { "unnamed".to_owned() } else { text }
}
