//! What real models do and no script of ours would: habits that end in an error where they are not
//! expected. A message has one if it names it, so that a test, or a curious person, sees its
//! effect.
//!
//! Sources: "ConverseStream" and `ToolUseBlock` in Amazon Bedrock's API Reference, and public reports of
//! people who run agents.

use super::{
    model_answer::ModelAnswer,
    request::{Message, Request},
};

/// Complete tool calls arrive beside the stop reason `end_turn`.
const STOPS_WITH_END_TURN: &str = "(stops with end_turn)";
/// Names and ids break the API's own pattern.
const NAMES_BADLY: &str = "(names badly)";
/// Calls of one message have the same id.
const REPEATS_IDS: &str = "(repeats ids)";
/// The input of a call is two JSON objects.
const WRITES_TWO_OBJECTS: &str = "(writes two objects)";
/// The model says of itself that its call is malformed.
const BREAKS_OFF: &str = "(breaks off)";
/// The results of this message's calls are refused.
const REFUSES_RESULTS: &str = "(refuses results)";
/// A conversation in which this was said is refused from the next turn on.
const REFUSES_THE_PAST: &str = "(refuses the past)";

/// Every request that shows this is refused, also in a tool's result.
const REFUSES_WHEREVER: &str = "(refuses wherever this is shown)";

/// A content filter withholds the answer to every request that shows this.
const IS_WITHHELD: &str = "(is withheld)";
/// It withholds the answer to the results of this message's calls, and to every later request that shows
/// the message.
const WITHHOLDS_RESULTS: &str = "(withholds results)";
/// A request of more than 20,000 characters fills the model's context window, so that nothing is said.
const FILLS_ITS_WINDOW: &str = "(fills its window)";
/// The exceptions that a stream can end with before it holds anything.
const FAILURES: [(&str, &str, &str); 5] = [
    (
        "(fails inside: validationException)",
        "validationException",
        "The model returned the following errors: this request can't be answered.",
    ),
    ("(fails inside: throttlingException)", "throttlingException", "Too many tokens, please wait."),
    (
        "(fails inside: serviceUnavailableException)",
        "serviceUnavailableException",
        "Bedrock is unable to process your request.",
    ),
    (
        "(fails inside: internalServerException)",
        "internalServerException",
        "The system encountered an unexpected error.",
    ),
    (
        "(is too long inside)",
        "validationException",
        "The model returned the following errors: Input is too long for requested model.",
    ),
];

/// The exception that the stream for `request` ends with.
pub(super) fn failure(request: &Request) -> Option<(&'static str, &'static str)> {
    let said = request.user_message()?;
    let (_, kind, message) = FAILURES.iter().find(|(habit, ..)| said.contains(habit))?;
    Some((kind, message))
}

/// What arrives of an answer that is not given to its end.
pub(super) fn cut_off(request: &Request) -> Option<ModelAnswer> {
    let asks_now = request.user_message().is_some_and(|said| said.contains(WITHHOLDS_RESULTS));
    let results_are_withheld = request.raw.contains(WITHHOLDS_RESULTS) && !asks_now;
    if request.raw.contains(IS_WITHHELD) || results_are_withheld {
        let mut answer = ModelAnswer::new("I begin to say it, and".to_owned(), Vec::new(), 1);
        answer.stop_reason = "guardrail_intervened";
        return Some(answer);
    }
    let fills = request.user_message().is_some_and(|said| said.contains(FILLS_ITS_WINDOW));
    if fills && request.raw.len() > 20_000 {
        let mut answer = ModelAnswer::new(String::new(), Vec::new(), 1);
        answer.stop_reason = "model_context_window_exceeded";
        return Some(answer);
    }
    None
}

/// The rule that `request` is said to break, if the model has a habit of refusing it.
pub(super) fn refusal(request: &Request) -> Option<String> {
    let said: Vec<String> = request.messages.iter().filter_map(Message::said_by_user).collect();
    let refuses_wherever = request.raw.contains(REFUSES_WHEREVER);
    let (now, past) = said.split_last()?;
    let has_results = request.user_message().is_none();
    let refuses_results = has_results && now.contains(REFUSES_RESULTS);
    let refuses_past = past.iter().any(|text| text.contains(REFUSES_THE_PAST));
    let rule = "The model returned the following errors: this conversation can't be continued.";
    (refuses_results || refuses_past || refuses_wherever).then(|| rule.to_owned())
}

/// Spoils `answer` as the user's last message says.
pub(super) fn spoil(request: &Request, answer: &mut ModelAnswer) {
    let Some(said) = request.user_message() else { return };
    if said.contains(STOPS_WITH_END_TURN) {
        answer.stop_reason = "end_turn";
    }
    for (at, call) in answer.calls.iter_mut().enumerate() {
        if said.contains(NAMES_BADLY) && at == 0 {
            call.id = "not an id".to_owned();
            call.tool = "$READFILE".to_owned();
        }
        if said.contains(REPEATS_IDS) {
            call.id = "x".to_owned();
        }
        if said.contains(WRITES_TWO_OBJECTS) {
            call.input = format!("{0}{0}", call.input);
        }
    }
    if said.contains(BREAKS_OFF) {
        answer.stop_reason = "malformed_tool_use";
        answer.calls.iter_mut().for_each(|call| call.input = "{\"vis".to_owned());
    }
}
