//! What the visitor sees, or a program reads.

use std::time::Duration;

use edge::{
    AgentName, Icon, Kind, Named, Page, Problem, Reply,
    page::BACK,
    reply,
    returned::{Connection, ConsentResult},
};
use http::StatusCode;

use crate::outcome::Outcome;

const RETRY: Duration = Duration::from_secs(5);

/// Tells the conversation's own page, in the same browser, to try to go on.
const TELL_THE_CONVERSATION: &str = include_str!("connected.js");
/// Takes the session and the state out of the address that the browser shows and remembers.
const CLEAR_THE_ADDRESS: &str = include_str!("not_signed_in.js");

/// The page of an outcome, for `visitor`, if somebody is signed in; a problem's is told who by its route.
///
/// # Errors
/// The problem of every outcome that is no connection: its page says which request it was.
pub(crate) fn page(
    outcome: Outcome,
    visitor: Option<&Named>,
    agent: &AgentName,
) -> Result<Reply, Problem> {
    if let Err(problem) = connection(outcome, agent) {
        let problem = problem.headed(outcome.heading());
        return Err(match outcome {
            // The conversation's page then asks whether the consent is there.
            Outcome::Unclear => problem.with_script(TELL_THE_CONVERSATION),
            Outcome::NotSignedIn => problem.with_script(CLEAR_THE_ADDRESS),
            _ => problem,
        });
    }
    let page = Page {
        agent: Some(agent),
        icon: Icon::Done,
        heading: outcome.heading(),
        text: &outcome.explanation(agent),
        next: BACK,
        visitor,
        request_id: None,
        script: Some(TELL_THE_CONVERSATION),
        question: None,
    };
    Ok(page.into_reply(StatusCode::OK))
}

/// The page for a result link that this browser can't prove to be its own: anyone can send such a
/// link.
pub(crate) fn nothing_happened(visitor: &Named, agent: &AgentName) -> Reply {
    let page = Page {
        agent: Some(agent),
        icon: Icon::Note,
        heading: "Nothing has happened here",
        text: "This page tells how a consent ended, for a few minutes and in the browser in which it \
               was given. Whether you are connected shows in the conversation.",
        next: BACK,
        visitor: Some(visitor),
        request_id: None,
        script: None,
        question: None,
    };
    page.into_reply(StatusCode::OK)
}

/// The outcome for a program.
///
/// # Errors
/// The problem of every outcome that is no connection.
pub(crate) fn document(outcome: Outcome, agent: &AgentName) -> Result<Reply, Problem> {
    let (result, detail) = (connection(outcome, agent)?, outcome.explanation(agent));
    reply::json(StatusCode::OK, &ConsentResult { result, detail })
}

/// How the visitor is connected, or the problem that the outcome is.
fn connection(outcome: Outcome, agent: &AgentName) -> Result<Connection, Problem> {
    outcome.result().map_err(|(kind, code)| {
        let problem = Problem::new(kind, outcome.explanation(agent)).code(code);
        match kind {
            // The same visit may succeed in a moment.
            Kind::UpstreamUnavailable => problem.retry_after(RETRY),
            _ => problem,
        }
    })
}
