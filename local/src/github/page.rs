//! The pages that a person sees: plain, escaped, and saying what they are not.

use axum::{http::StatusCode, response::Response};
use service::page::escape;

use super::{accounts::ACCOUNTS, oauth::Request, scopes::Scopes};
use crate::page::page;

const WHAT: &str = "GitHub";

/// Asks a person to allow an app its scopes.
pub(super) fn consent(request: &Request, scopes: &Scopes) -> Response {
    let mut asked: String =
        scopes.iter().map(|scope| format!("<li><code>{}</code></li>\n", escape(scope))).collect();
    if asked.is_empty() {
        asked = "<li>public information only</li>\n".to_owned();
    }
    let accounts: String = ACCOUNTS
        .iter()
        .enumerate()
        .map(|(index, account)| {
            let login = escape(account.login);
            let checked = if index == 0 { " checked" } else { "" };
            format!(
                "<p><label><input type=\"radio\" name=\"account\" value=\"{login}\"{checked}> \
                 {login}</label></p>\n"
            )
        })
        .collect();
    let hidden: String = [
        ("client_id", Some(&request.client_id)),
        ("redirect_uri", request.redirect_uri.as_ref()),
        ("scope", Some(&request.scope)),
        ("state", request.state.as_ref()),
    ]
    .into_iter()
    .filter_map(|(name, value)| {
        let value = escape(value?);
        Some(format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">\n"))
    })
    .collect();
    let app = escape(&request.client_id);
    let main = format!(
        "<h1>Authorize {app}</h1>\n\
         <p>The app <strong>{app}</strong> asks for access to your account:</p>\n\
         <ul>\n{asked}</ul>\n\
         <form method=\"post\" action=\"/login/oauth/authorize\">\n{hidden}\
         <fieldset>\n<legend>Your account</legend>\n{accounts}</fieldset>\n\
         <p><button type=\"submit\" name=\"decision\" value=\"authorize\">Authorize</button>\n\
         <button type=\"submit\" name=\"decision\" value=\"cancel\">Cancel</button></p>\n\
         </form>\n"
    );
    page(StatusCode::OK, WHAT, &main)
}

/// Says that an app sent the browser here with a request that can't be answered.
pub(super) fn wrong_request() -> Response {
    page(
        StatusCode::BAD_REQUEST,
        WHAT,
        "<h1>This request can't be answered</h1>\n\
         <p>The app is unknown, its redirect is not the callback that was registered, or the \
         form was not sent by this page.</p>\n",
    )
}
