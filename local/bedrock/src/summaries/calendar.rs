//! What the script tells of a calendar.

use serde_json::Value;

/// The events of a list, each on a line.
pub(super) fn events(data: &Value) -> String {
    let events = data["data"]["events"].as_array().map(Vec::as_slice).unwrap_or_default();
    if events.is_empty() {
        return "There is nothing in your calendar.".to_owned();
    }
    let lines: Vec<String> = events.iter().map(|event| format!("- {}", told(event))).collect();
    format!("In your calendar:\n\n{}", lines.join("\n"))
}

/// An event that was added.
pub(super) fn added(data: &Value) -> String {
    format!("I added {}.", told(&data["data"]))
}

fn told(event: &Value) -> String {
    let text = |name: &str| event[name].as_str().unwrap_or_default();
    let time = |name: &str| text(name).replacen('T', " ", 1).replacen(":00Z", "", 1);
    format!("**{}**, {} to {} (UTC)", text("title"), time("start"), time("end"))
}
