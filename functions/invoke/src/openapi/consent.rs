//! The operations of a consent: the way to the provider, and the way back.

use edge::{Code, Kind, returned::Connection};
use serde_json::json;

use super::{
    operation::{Callers, Operation, body, query},
    responses::{html, json_of, redirect},
};

/// What a load balancer or a proxy does with a caller who is not signed in and brings no token.
pub(super) const SIGN_IN: &str = "The caller has to sign in first, and is sent to do so";

/// How a consent can end that does not count.
const NOT_BOUND: &[(Kind, Code)] = &[
    (Kind::Unauthorized, Code::NotSignedIn),
    (Kind::InvalidRequest, Code::Malformed),
    (Kind::Forbidden, Code::NoFlow),
    (Kind::Forbidden, Code::AnotherUser),
    (Kind::Forbidden, Code::AnotherBrowser),
    (Kind::Forbidden, Code::NotContinued),
    (Kind::Forbidden, Code::NoState),
    (Kind::Forbidden, Code::WrongState),
    (Kind::Forbidden, Code::SessionRefused),
    (Kind::Gone, Code::Expired),
    (Kind::UpstreamFailed, Code::Misconfigured),
    (Kind::UpstreamFailed, Code::Failed),
    (Kind::UpstreamUnavailable, Code::Unclear),
    (Kind::UpstreamUnavailable, Code::Throttled),
    (Kind::UpstreamUnavailable, Code::Unavailable),
];

/// How a browser's visit can end besides.
const VISIT_ENDED: &[(Kind, Code)] = &[
    (Kind::InvalidRequest, Code::NoSession),
    (Kind::Forbidden, Code::Declined),
    (Kind::UpstreamFailed, Code::ProviderFailed),
];

pub(super) fn consent(other_agents: bool) -> Operation {
    let mut flow = query("flow", "As in the interrupt's `url`", json!({ "type": "string" }));
    flow["required"] = true.into();
    let mut answers = json!({
        "302": redirect(SIGN_IN),
        "303": redirect("The browser carries the flow, and goes to the provider"),
    });
    if other_agents {
        let asked = "A client that is no browser has asked: the page goes on with a click";
        answers["200"] = json!({ "description": asked, "content": { "text/html": html() } });
    }
    Operation {
        id: "consent",
        tag: "consent",
        summary: "Go to the provider to consent",
        description: "The `url` of an interrupt, for the person's own browser.",
        parameters: vec![flow],
        body: None,
        callers: Callers::SignedIn,
        answers,
        problems: vec![
            (Kind::InvalidRequest, Code::Malformed),
            (Kind::Forbidden, Code::NotAVisit),
            (Kind::Forbidden, Code::AnotherUser),
            (Kind::Forbidden, Code::AnotherBrowser),
            (Kind::Gone, Code::Expired),
        ],
    }
}

pub(super) fn session_binding() -> Operation {
    let parameter =
        |name: &str, description: &str| query(name, description, json!({ "type": "string" }));
    let own = [(Kind::Forbidden, Code::NotAVisit), (Kind::NotFound, Code::NotFound)];
    let codes = NOT_BOUND.iter().chain(VISIT_ENDED).map(|(_, code)| code.as_str());
    let connected = [Connection::Connected, Connection::AlreadyConnected].map(Connection::as_str);
    let results: Vec<&str> = connected.into_iter().chain(codes).collect();
    let mut done = json_of("The consent counts", "ConsentResult");
    done["content"]["text/html"] = html();
    let answers = json!({
        "200": done,
        "302": redirect(SIGN_IN),
        "303": redirect("On to the page that says how it ended"),
        "307": redirect("On to the site's own name"),
    });
    Operation {
        id: "session_binding",
        tag: "consent",
        summary: "Come back from a consent",
        description: "Where the provider's consent leads the browser. It binds, and goes on to a \
            page that says how it ended (`result`). A caller that accepts JSON, and no HTML, is \
            told at once.",
        parameters: vec![
            parameter("session_id", "The session to bind"),
            parameter("state", "What only the browser that consented brings"),
            parameter("error", "What the provider says instead (RFC 6749, section 4.1.2.1)"),
            query(
                "result",
                "How a visit ended, for its page",
                json!({ "type": "string", "enum": results }),
            ),
        ],
        body: None,
        callers: Callers::SignedIn,
        answers,
        problems: [NOT_BOUND, VISIT_ENDED, &own].concat(),
    }
}

pub(super) fn returned_consent() -> Operation {
    let own = [
        (Kind::InvalidRequest, Code::InvalidRequest),
        (Kind::RequestTimeout, Code::RequestTimeout),
        (Kind::TooLarge, Code::TooLarge),
        (Kind::UnsupportedMediaType, Code::UnsupportedMediaType),
    ];
    let example = json!({
        "session_id": "urn:ietf:params:oauth:request_uri:aGVsbG8", "state": "kT3v", "flow": "8Jx1",
    });
    Operation {
        id: "returned_consent",
        tag: "consent",
        summary: "Send on what a browser came back with",
        description: "For an application that receives the return URL of a consent itself.",
        parameters: Vec::new(),
        body: Some(body(&["ReturnedConsent"], json!({ "consent": { "value": example } }))),
        callers: Callers::SignedIn,
        answers: json!({
            "200": json_of("The consent counts", "ConsentResult"),
            "302": redirect(SIGN_IN),
        }),
        problems: [NOT_BOUND, &own].concat(),
    }
}
