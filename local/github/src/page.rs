//! The HTML pages of a consent. Nobody is signed in at this stand-in, so the consent page has one button for each
//! account.

use axum::{http::StatusCode, response::Response};
use stand_in::page::{escape, hidden, page};

use super::{accounts::Account, authorization_request::AuthorizationRequest, scopes::Scopes};

const WHAT: &str = "GitHub";

/// The consent page: of an OAuth app, which asks for `scopes`, or of a GitHub App, which has none.
pub(super) fn consent(request: &AuthorizationRequest, scopes: Option<&Scopes>) -> Response {
    let (asked, choice) = match scopes {
        Some(scopes) => (listed(scopes), String::new()),
        None => {
            let asked = "<li>to act for you in the repositories that you choose</li>\n".to_owned();
            (asked, choices(("", "as chosen before, or none")))
        }
    };
    let accounts = people("Authorize as");
    let hidden = hidden([
        ("client_id", Some(&request.client_id)),
        ("redirect_uri", request.redirect_uri.as_ref()),
        ("scope", Some(&request.scope)),
        ("state", request.state.as_ref()),
    ]);
    let app = escape(&request.client_id);
    let main = format!(
        "<h1>Authorize {app}</h1>\n\
         <p>The app <strong>{app}</strong> asks for access to your account here:</p>\n\
         <ul>\n{asked}</ul>\n\
         <form method=\"post\" action=\"/login/oauth/authorize\">\n{hidden}\
         {choice}{accounts}\
         <p><button type=\"submit\" name=\"decision\" value=\"cancel\">Cancel</button></p>\n\
         </form>\n\
         <p><a href=\"/settings/applications\">What apps are authorized for already</a></p>\n"
    );
    page(StatusCode::OK, WHAT, &main)
}

fn listed(scopes: &Scopes) -> String {
    let asked: String =
        scopes.iter().map(|scope| format!("<li><code>{}</code></li>\n", escape(scope))).collect();
    match asked.is_empty() {
        true => "<li>public information only</li>\n".to_owned(),
        false => asked,
    }
}

/// A button for each person.
fn people(what: &str) -> String {
    let button = |account: &Account| {
        let login = escape(account.login);
        format!(
            "<p><button type=\"submit\" name=\"account\" value=\"{login}\">{what} \
             {login}</button></p>\n"
        )
    };
    Account::people().map(button).collect()
}

/// Which repositories a GitHub App is installed on; `usual` is what is chosen at first.
fn choices(usual: (&str, &str)) -> String {
    let others = [("all", "all repositories"), ("selected", "only these:")];
    let radios = [usual].into_iter().chain(others).map(|(value, label)| {
        let checked = if value == usual.0 { " checked" } else { "" };
        format!(
            "<label><input type=\"radio\" name=\"repositories\" value=\"{value}\"{checked}> \
             {label}</label>\n"
        )
    });
    let radios: String = radios.collect();
    format!(
        "<fieldset><legend>Your repositories</legend>\n{radios}\
         <input name=\"names\" placeholder=\"garden diary\" aria-label=\"Names\"></fieldset>\n"
    )
}

/// The page on which a GitHub App is installed.
pub(super) fn installation(app: &str) -> Response {
    let main = format!(
        "<h1>Install {app}</h1>\n\
         <p>The app reaches the private repositories that you choose, and writes nowhere else.</p>\n\
         <form method=\"post\">\n{choices}{people}</form>\n",
        app = escape(app),
        choices = choices(("none", "none: uninstall it")),
        people = people("Install for"),
    );
    page(StatusCode::OK, WHAT, &main)
}

/// The page after that.
pub(super) fn installed(app: &str) -> Response {
    let main = format!("<h1>{} is installed as you chose</h1>\n", escape(app));
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
