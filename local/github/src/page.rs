//! The HTML pages. Nobody is signed in at this stand-in, so the consent page has one button for each
//! account.

use axum::{http::StatusCode, response::Response};
use stand_in::page::{escape, page};

use serde_json::Value;

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

/// The page of an issue of the repository `full_name`, with its comments.
pub(super) fn issue(full_name: &str, issue: &Value, comments: &[Value]) -> Response {
    let text = |value: &Value| escape(value.as_str().unwrap_or_default());
    let body = match issue["body"].as_str().unwrap_or_default() {
        "" => "<em>No description.</em>".to_owned(),
        body => escape(body),
    };
    let comment = |it: &Value| {
        format!(
            "<p id=\"issuecomment-{}\"><strong>{}</strong> at {}:</p>\n\
             <p style=\"white-space: pre-wrap\">{}</p>\n",
            it["id"],
            text(&it["user"]["login"]),
            text(&it["created_at"]),
            text(&it["body"])
        )
    };
    let comments: String = comments.iter().map(comment).collect();
    let main = format!(
        "<p>{repository}</p>\n<h1>{title} <small>#{number}</small></h1>\n\
         <p>Opened by <strong>{author}</strong> at {time}.</p>\n\
         <p style=\"white-space: pre-wrap\">{body}</p>\n{comments}",
        repository = escape(full_name),
        title = text(&issue["title"]),
        number = issue["number"],
        author = text(&issue["user"]["login"]),
        time = text(&issue["created_at"]),
    );
    page(StatusCode::OK, WHAT, &main)
}

/// The page for an issue that does not exist.
pub(super) fn no_issue() -> Response {
    page(
        StatusCode::NOT_FOUND,
        WHAT,
        "<h1>There is no such issue</h1>\n<p>Issues are kept until this stand-in ends.</p>\n",
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

/// The page with what was revoked: of whose account, what, and when.
pub(super) fn security_log(revoked: &[(&str, &str, String)]) -> Response {
    let mut entries: String = revoked
        .iter()
        .map(|(account, kind, at)| {
            let account = escape(account);
            format!("<li><strong>{account}</strong>: {kind} was revoked at {at}</li>\n")
        })
        .collect();
    if entries.is_empty() {
        entries = "<li>nothing</li>\n".to_owned();
    }
    page(StatusCode::OK, WHAT, &format!("<h1>Security log</h1>\n<ul>\n{entries}</ul>\n"))
}
