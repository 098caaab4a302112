//! The refusal of a signed-in user who may not use the service (`ALLOW_CLAIM`).
//!
//! RFC 9110, section 15.5.4: 403, because signing in again would not help. A person gets a page and a
//! program a problem; `Accept` tells which of the two asks (section 12.5.1).

use http::{HeaderMap, StatusCode, header};

use crate::{
    code::Code,
    page::Page,
    problem::{Kind, Problem},
    reply::Reply,
};

const DETAIL: &str = "You are signed in, but you may not use this service. Ask the people who run \
                      it to let you in.";

const PAGE: &str = "<h1>You may not use this service</h1>\n<p>You are signed in, but this service \
                    is not open to your account.</p>\n<p>Ask the people who run it to let you in, \
                    and then sign in again.</p>";

/// The refusal.
pub(crate) fn problem() -> Problem {
    Problem::new(Kind::Forbidden, DETAIL).code(Code::NotAllowed)
}

/// The same for a person.
pub(crate) fn page() -> Reply {
    let page = Page { title: "You may not use this service", main: PAGE, script: "" };
    page.into_reply(StatusCode::FORBIDDEN)
}

/// Whether the sender of `headers` wants a page.
pub(crate) fn wants_page(headers: &HeaderMap) -> bool {
    let mut accepts = headers.get_all(header::ACCEPT).iter().filter_map(|it| it.to_str().ok());
    accepts.any(|accept| accept.contains("text/html"))
}
