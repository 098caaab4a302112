//! The built-in return page, for an agent that has no web page yet.
//!
//! It completes the session as an application's own page does, but **it does not check who is in the
//! browser**, which an application must. Source: the AgentCore developer guide's "OAuth 2.0
//! authorization URL session binding".

use axum::{
    Router,
    extract::{Query, State},
    http::StatusCode,
    response::Response,
    routing::get,
};
use serde::Deserialize;
use stand_in::page::{escape, page};
use url::Url;

use super::AgentCore;

const PATH: &str = "/stand-in/return";
const WHAT: &str = "an application's page";

/// The page.
pub(super) fn routes() -> Router<AgentCore> {
    Router::new().route(PATH, get(complete))
}

#[derive(Deserialize)]
struct Redirect {
    #[serde(default)]
    session_id: String,
    error: Option<String>,
}

async fn complete(State(core): State<AgentCore>, Query(query): Query<Redirect>) -> Response {
    if query.error.is_some() {
        let main = "<h1>Not connected</h1>\n<p>You have declined. The agent gets no token.</p>\n";
        return page(StatusCode::FORBIDDEN, WHAT, main);
    }
    let user = core.state().flows.identifier(&query.session_id);
    let completed = match &user {
        Some(user) => core.complete(&query.session_id, user).await.is_ok(),
        None => false,
    };
    let Some(user) = user.filter(|_| completed) else {
        let main = "<h1>Not connected</h1>\n<p>This session is unknown, has expired, or was completed \
                    already. Ask the agent again.</p>\n";
        return page(StatusCode::BAD_REQUEST, WHAT, main);
    };
    let main = format!(
        "<h1>Connected</h1>\n<p>The token is now in the vault of <strong>{}</strong>, and the agent \
         can go on.</p>\n\
         <p><strong>Nobody has checked that you are that user.</strong> Before you deploy your agent, \
         give it a page of its own that checks who is signed in in this browser, and only then calls \
         <code>CompleteResourceTokenAuth</code>.</p>\n",
        escape(user.name())
    );
    page(StatusCode::OK, WHAT, &main)
}

impl AgentCore {
    /// The address of the built-in return page, which [`AgentCore::pages`] serves.
    #[must_use]
    pub fn return_page(&self) -> Url {
        let mut url = self.base.clone();
        url.set_path(PATH);
        url
    }
}
