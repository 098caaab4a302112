//! `GET /`: a plain page to talk to the agent with.

use http::StatusCode;
use identity::User;
use service::{
    Reply,
    page::{Page, escape},
};

const MAIN: &str = include_str!("chat.html");
const SCRIPT: &str = include_str!("chat.js");

/// The page for `user`.
pub(crate) fn page(user: &User) -> Reply {
    let name = user.name().or(user.email()).unwrap_or_else(|| user.id().as_str());
    let main = MAIN.replace("{{user}}", &escape(name));
    Page { title: "Countersign", main: &main, script: SCRIPT }.into_reply(StatusCode::OK)
}
