//! The HTML pages of a consent. Nobody is signed in at this stand-in, so the consent page has one button for each
//! account.

use axum::{http::StatusCode, response::Response};
use stand_in::page::{escape, page};

use super::{accounts::Account, authorization_request::AuthorizationRequest, scopes::Scopes};

const WHAT: &str = "GitHub";

/// The consent page.
pub(super) fn consent(request: &AuthorizationRequest, scopes: &Scopes) -> Response {
    let mut asked: String =
        scopes.iter().map(|scope| format!("<li><code>{}</code></li>\n", escape(scope))).collect();
    if asked.is_empty() {
        asked = "<li>public information only</li>\n".to_owned();
    }
    let accounts: String = Account::people()
        .map(|account| {
            let login = escape(account.login);
            format!(
                "<p><button type=\"submit\" name=\"account\" value=\"{login}\">Authorize as \
                 {login}</button></p>\n"
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
         <p>The app <strong>{app}</strong> asks for access to your account here:</p>\n\
         <ul>\n{asked}</ul>\n\
         <form method=\"post\" action=\"/login/oauth/authorize\">\n{hidden}\
         {accounts}\
         <p><button type=\"submit\" name=\"decision\" value=\"cancel\">Cancel</button></p>\n\
         </form>\n"
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

/// The page of a single sign-on for an app.
pub(super) fn signed_on(organization: &str) -> Response {
    let organization = escape(organization);
    let main = format!(
        "<h1>Single sign-on</h1>\n\
         <p>The app may act for you at <strong>{organization}</strong> now.</p>\n"
    );
    page(StatusCode::OK, WHAT, &main)
}

/// The page for a sign-on that nobody asked for.
pub(super) fn no_sign_on() -> Response {
    page(StatusCode::NOT_FOUND, WHAT, "<h1>Nobody asked for this sign-on</h1>\n")
}
