//! The pages that a person sees: plain, escaped, and saying what they are not.

use axum::response::{Html, IntoResponse};

use super::{accounts::ACCOUNTS, oauth::Request, scopes::Scopes};

/// Nothing is loaded, nothing runs, nobody frames it. (`form-action` is left out: browsers apply
/// it to the redirect after the form as well.)
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

/// Asks a person to allow an app its scopes.
pub(super) fn consent(request: &Request, scopes: &Scopes) -> impl IntoResponse + use<> {
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
    page(&format!(
        "<h1>Authorize {app}</h1>\n\
         <p>The app <strong>{app}</strong> asks for access to your account:</p>\n\
         <ul>\n{asked}</ul>\n\
         <form method=\"post\" action=\"/login/oauth/authorize\">\n{hidden}\
         <fieldset>\n<legend>Your account</legend>\n{accounts}</fieldset>\n\
         <p><button type=\"submit\" name=\"decision\" value=\"authorize\">Authorize</button>\n\
         <button type=\"submit\" name=\"decision\" value=\"cancel\">Cancel</button></p>\n\
         </form>\n"
    ))
}

/// Says that an app sent the browser here with a request that can't be answered.
pub(super) fn wrong_request() -> impl IntoResponse {
    page(
        "<h1>This request can't be answered</h1>\n\
         <p>The app is unknown, its redirect is not the callback that was registered, or the \
         form was not sent by this page.</p>\n",
    )
}

/// A whole page around `body`, which is HTML.
fn page(body: &str) -> impl IntoResponse + use<> {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>Stand-in for GitHub</title>\n\
         <style>body {{ font: 1.1rem/1.5 sans-serif; max-width: 36rem; margin: 2rem auto; \
         padding: 0 1rem; }} button {{ font: inherit; padding: .4rem 1rem; }}</style>\n\
         </head>\n<body>\n<main>\n{body}</main>\n\
         <footer><p><small>A stand-in for GitHub, for development and tests. Nothing here is \
         known to GitHub.</small></p></footer>\n</body>\n</html>\n"
    );
    let headers = [
        ("cache-control", "no-store"),
        ("content-security-policy", POLICY),
        ("referrer-policy", "no-referrer"),
    ];
    (headers, Html(html))
}

/// Text as HTML, fit for content and for quoted attributes.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
