//! What the visitor sees, or a program reads.

use edge::{
    AgentName, Named, Problem, Reply,
    page::{Page, escape},
    reply,
    returned::ConsentResult,
};
use http::{HeaderMap, StatusCode, header};

use crate::outcome::Outcome;

/// Tells the conversation's own page, in the same browser, to try to go on.
const TELL_THE_CONVERSATION: &str = include_str!("connected.js");
/// Takes the session and the state out of the address that the browser shows and remembers.
const CLEAR_THE_ADDRESS: &str = include_str!("not_signed_in.js");

/// The page of an outcome, with the status that fits.
pub(crate) fn page(outcome: Outcome, visitor: Option<&Named>, agent: &AgentName) -> Reply {
    let title = outcome.heading();
    let main = main(title, &outcome.explanation(agent), visitor);
    let script = match outcome {
        // The conversation's page then asks whether the consent is there.
        Outcome::Connected | Outcome::AlreadyConnected | Outcome::Unclear => TELL_THE_CONVERSATION,
        Outcome::NotSignedIn => CLEAR_THE_ADDRESS,
        _ => "",
    };
    Page { title, main: &main, script }.into_reply(outcome.status())
}

/// The page for a result link that this browser can't prove to be its own: anyone can send such a
/// link.
pub(crate) fn nothing_happened(visitor: &Named) -> Reply {
    let title = "Nothing has happened here";
    let text = "This page tells how a consent ended, for a few minutes and in the browser in which it \
                was given. Whether you are connected shows in the conversation.";
    let main = main(title, text, Some(visitor));
    Page { title, main: &main, script: "" }.into_reply(StatusCode::OK)
}

fn main(title: &str, text: &str, visitor: Option<&Named>) -> String {
    let visitor = visitor.map(Named::html);
    let visitor = visitor.map(|name| format!("<p class=\"quiet\">Signed in as {name}.</p>\n"));
    format!(
        "<h1>{}</h1>\n<p>{}</p>\n{}<p><a href=\"/\">Back to the conversation</a></p>",
        escape(title),
        escape(text),
        visitor.unwrap_or_default()
    )
}

/// The outcome for a program.
pub(crate) fn document(outcome: Outcome, agent: &AgentName) -> Result<Reply, Problem> {
    let detail = outcome.explanation(agent);
    match outcome.result() {
        Ok(result) => reply::json(StatusCode::OK, &ConsentResult { result, detail }),
        Err((kind, code)) => Err(Problem::new(kind, detail).code(code)),
    }
}

/// Whether the caller is a program: it asks for JSON, and not for a page.
pub(crate) fn wants_document(headers: &HeaderMap) -> bool {
    let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let accepts: Vec<&str> = accepts.collect();
    let names = |media_type: &str| accepts.iter().any(|accept| accept.contains(media_type));
    names("application/json") && !names("text/html")
}
