//! The HTML pages. Nobody is signed in at this stand-in, so the consent page has one button for each account,
//! and the front page shows everybody's events.

use axum::{Router, extract::State, http::StatusCode, response::Response, routing::get};
use stand_in::page::{escape, hidden, page};

use super::{
    Calendar,
    authorization::AuthorizationRequest,
    events::{Event, write_time},
    people::{PEOPLE, Person},
    scopes::{Scope, Scopes},
};

const WHAT: &str = "a calendar";

/// The front page.
pub(super) fn routes() -> Router<Calendar> {
    Router::new().route("/", get(front))
}

/// What this is, and everybody's events.
async fn front(State(calendar): State<Calendar>) -> Response {
    let entry = |event: &Event| {
        let guests = match event.guests.is_empty() {
            true => String::new(),
            false => format!(", with {}", escape(&event.guests.join(", "))),
        };
        let title = escape(&event.title);
        let (start, end) = (write_time(event.start), write_time(event.end));
        format!("<li><strong>{title}</strong>: {start} to {end}{guests}</li>\n")
    };
    let list = |(person, events): (Person, Vec<Event>)| {
        let entries: String = events.iter().map(entry).collect();
        format!("<h2>{}</h2>\n<ul>\n{entries}</ul>\n", escape(person.login()))
    };
    let lists: String = calendar.events().all().map(list).collect();
    let resource = escape(&calendar.resource());
    let main = format!(
        "<h1>Calendars</h1>\n\
         <p>An MCP server at <code>{resource}</code> and its own authorization server. Nobody \
         signs in here, so that everybody's events are shown.</p>\n{lists}"
    );
    page(StatusCode::OK, WHAT, &main)
}

/// The page on which a person allows an app what it asks for, or does not.
pub(super) fn consent(request: &AuthorizationRequest, scopes: &Scopes) -> Response {
    let hidden = hidden([
        ("client_id", Some(&request.client_id)),
        ("redirect_uri", Some(&request.redirect_uri)),
        ("response_type", Some(&request.response_type)),
        ("scope", Some(&request.scope)),
        ("state", request.state.as_ref()),
        ("code_challenge", request.code_challenge.as_ref()),
        ("code_challenge_method", request.code_challenge_method.as_ref()),
        ("resource", request.resource.as_ref()),
    ]);
    let asked = |scope: Scope| {
        format!("<li>{} <small><code>{}</code></small></li>\n", scope.in_words(), scope.name())
    };
    let asked: String = scopes.iter().map(asked).collect();
    let button = |person: Person| {
        let login = escape(person.login());
        format!(
            "<p><button type=\"submit\" name=\"account\" value=\"{login}\">Allow as \
             {login}</button></p>\n"
        )
    };
    let buttons: String = PEOPLE.into_iter().map(button).collect();
    let app = escape(&request.client_id);
    let main = format!(
        "<h1>Allow {app} to use your calendar?</h1>\n\
         <p>The app <strong>{app}</strong> asks to</p>\n<ul>\n{asked}</ul>\n\
         <form method=\"post\" action=\"/authorize\">\n{hidden}{buttons}\
         <p><button type=\"submit\" name=\"decision\" value=\"deny\">Deny</button></p>\n</form>\n"
    );
    page(StatusCode::OK, WHAT, &main)
}

/// The page for a request that is invalid and can't be sent back to the app.
pub(super) fn wrong_request() -> Response {
    page(
        StatusCode::BAD_REQUEST,
        WHAT,
        "<h1>This request can't be answered</h1>\n\
         <p>The app is unknown, its redirect is not the callback that was registered, or the \
         form was not sent by this page.</p>\n",
    )
}
