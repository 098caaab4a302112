//! The sign-in page: one button for each person who does not take part in attacks alone.

use axum::{http::StatusCode, response::Response};
use stand_in::page::{escape, hidden, page};

use super::{authentication_request::AuthenticationRequest, people::PEOPLE};

const WHAT: &str = "an identity provider";

/// The sign-in page for the client's `request`.
pub(super) fn sign_in(request: &AuthenticationRequest) -> Response {
    let hidden = hidden(request.parameters());
    let people: String = PEOPLE
        .iter()
        .filter(|person| person.has_button)
        .map(|person| {
            format!(
                "<p><button type=\"submit\" name=\"user\" value=\"{}\">Sign in as {}</button></p>\n",
                person.id, person.name
            )
        })
        .collect();
    let main = format!(
        "<h1>Who are you?</h1>\n<form method=\"post\" action=\"/authorize\">\n{hidden}{people}</form>\n\
         <p>There is no password. To be both at once, use a second browser or a private window.</p>\n"
    );
    page(StatusCode::OK, WHAT, &main)
}

/// The page for a request that is invalid and can't be sent back to the client.
pub(super) fn wrong_request(why: &str) -> Response {
    let main = format!("<h1>You can't sign in</h1>\n<p>{}</p>\n", escape(why));
    page(StatusCode::BAD_REQUEST, WHAT, &main)
}
