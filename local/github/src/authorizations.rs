//! What people have authorized apps for, and the button that takes it back: GitHub's "Authorized OAuth Apps"
//! (`/settings/applications`). Nobody signs in here, so that everybody's are shown.

use axum::{
    Form, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use serde::Deserialize;
use stand_in::{
    STEP, is_of_another_site,
    page::{escape, page},
};

use super::{GitHub, accounts::Account, issues::rfc3339, page::wrong_request};

const WHAT: &str = "GitHub";
const PATH: &str = "/settings/applications";

/// The page, its button, and a front page that leads to it.
pub(super) fn routes() -> Router<GitHub> {
    Router::new().route("/", get(front)).route(PATH, get(show).post(revoke))
}

async fn front() -> Response {
    let people = Account::people().map(|account| {
        let login = escape(account.login);
        format!("<li><a href=\"/{login}\">{login}</a></li>\n")
    });
    let main = format!(
        "<h1>People and their repositories</h1>\n<ul>\n{}</ul>\n\
         <p><a href=\"{PATH}\">What apps are authorized for</a> · \
         <a href=\"/settings/security-log\">Security log</a></p>\n",
        people.collect::<String>()
    );
    page(StatusCode::OK, WHAT, &main)
}

async fn show(State(github): State<GitHub>) -> Response {
    let authorized = github.grants().authorized(github.now());
    let entry = |((account, client), scopes): (&(&str, String), &Vec<String>)| {
        let (account, client) = (escape(account), escape(client));
        let scopes = match scopes.is_empty() {
            true => "the repositories that were chosen".to_owned(),
            false => escape(&scopes.join(", ")),
        };
        format!(
            "<li><form method=\"post\"><p><strong>{client}</strong> acts for <strong>{account}</strong>: \
             {scopes}</p>\n<input type=\"hidden\" name=\"client_id\" value=\"{client}\">\n\
             <p><button name=\"account\" value=\"{account}\">Revoke it for {account}</button></p></form></li>\n"
        )
    };
    let entries: String = authorized.iter().map(entry).collect();
    let none = "<p>Nobody has authorized an app.</p>\n".to_owned();
    let list = if entries.is_empty() { none } else { format!("<ul>\n{entries}</ul>\n") };
    let main = format!("<h1>Authorized apps</h1>\n{list}<p><a href=\"/\">Everybody</a></p>\n");
    page(StatusCode::OK, WHAT, &main)
}

#[derive(Deserialize)]
struct Choice {
    account: String,
    client_id: String,
}

async fn revoke(
    State(github): State<GitHub>,
    headers: HeaderMap,
    Form(Choice { account, client_id }): Form<Choice>,
) -> Response {
    let person = Account::people().find(|person| person.login == account);
    let person = person.filter(|_| !is_of_another_site(&headers));
    let Some(Account { login: account, .. }) = person else { return wrong_request() };
    if github.grants().end(account, &client_id) {
        let kind = "the authorization of an app";
        tracing::info!(target: STEP, step = "credential_revoked", account, kind, "revoked");
        github.revocations().note(account, kind, rfc3339(github.now()));
    }
    Redirect::to(PATH).into_response()
}
