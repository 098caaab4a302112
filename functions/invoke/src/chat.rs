//! `GET /`: a plain page to talk to the agent with.

use http::StatusCode;
use identity::User;
use service::{
    Named, PersonMark, Reply,
    page::{Page, escape},
};

use crate::state::Service;

const MAIN: &str = include_str!("chat.html");
const SCRIPT: &str = include_str!("chat.js");

/// The page for `user`.
pub(crate) fn page(service: &Service, user: &User) -> Reply {
    let name = Named::new(user);
    let mark = PersonMark::new(user, &service.settings.inbound.consent_keys);
    let main = MAIN
        .replace("{{mark}}", mark.as_str())
        .replace("{{name}}", &escape(&name.text()))
        .replace("{{user}}", &name.html());
    Page { title: "Countersign", main: &main, script: SCRIPT }.into_reply(StatusCode::OK)
}
