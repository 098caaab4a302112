//! What the visitor sees, or a program reads.

use http::{HeaderMap, StatusCode, header};
use serde_json::json;
use service::{
    Problem, Reply,
    page::{Page, escape},
    reply,
};

use crate::outcome::Outcome;

/// Tells the conversation's own page, in the same browser, to try to go on.
const TELL_THE_CONVERSATION: &str = include_str!("connected.js");
/// Takes the session and the state out of the address that the browser shows and remembers.
const CLEAR_THE_ADDRESS: &str = include_str!("not_signed_in.js");

/// The page of an outcome, with the status that fits.
pub(crate) fn page(outcome: Outcome) -> Reply {
    let (title, text) = outcome.words();
    let (heading, text) = (escape(title), escape(text));
    let main = format!(
        "<h1>{heading}</h1>\n<p>{text}</p>\n<p><a href=\"/\">Back to the conversation</a></p>"
    );
    let script = match outcome {
        // Which finds out for itself.
        Outcome::Connected | Outcome::AlreadyConnected | Outcome::Unclear => TELL_THE_CONVERSATION,
        Outcome::NotSignedIn => CLEAR_THE_ADDRESS,
        _ => "",
    };
    Page { title, main: &main, script }.into_reply(outcome.status())
}

/// The outcome for a program.
pub(crate) fn document(outcome: Outcome) -> Result<Reply, Problem> {
    let (_, text) = outcome.words();
    match outcome.problem() {
        None => reply::json(StatusCode::OK, &json!({ "result": outcome.code(), "detail": text })),
        Some(kind) => Err(Problem::new(kind, text).code(outcome.code())),
    }
}

/// Whether the caller is a program: it asks for JSON, and not for a page.
pub(crate) fn wants_document(headers: &HeaderMap) -> bool {
    let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let accepts: Vec<&str> = accepts.collect();
    let names = |media_type: &str| accepts.iter().any(|accept| accept.contains(media_type));
    names("application/json") && !names("text/html")
}
