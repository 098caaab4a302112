//! The operations of a person for whom an agent of others has called `/mcp`. What that one calls is described
//! by MCP itself.

use edge::{Code, Kind};
use serde_json::{Value, json};

use super::{
    consent::SIGN_IN,
    operation::{Callers, Operation, body, query},
    responses::{html, json_of, redirect},
};

/// The schemas of these operations.
pub(super) const SCHEMAS: [&str; 4] =
    ["ConsentContinued", "ConsentLocation", "ConfirmationAnswer", "ConfirmationResult"];

/// How a body can't be read.
const BODY: [(Kind, Code); 5] = [
    (Kind::InvalidRequest, Code::InvalidRequest),
    (Kind::RequestTimeout, Code::RequestTimeout),
    (Kind::TooLarge, Code::TooLarge),
    (Kind::UnsupportedMediaType, Code::UnsupportedMediaType),
    (Kind::TooManyRequests, Code::TooManyTurns),
];

pub(super) fn continue_consent() -> Operation {
    let own = [
        (Kind::InvalidRequest, Code::Malformed),
        (Kind::Forbidden, Code::AnotherUser),
        (Kind::Forbidden, Code::AnotherBrowser),
        (Kind::Gone, Code::Expired),
    ];
    let example = json!({ "flow": "8Jx1", "choice": "continue" });
    Operation {
        id: "continue_consent",
        tag: "consent",
        summary: "Continue a consent that a client asked for",
        description: "The click on its page. The consent belongs to this browser from here on.",
        parameters: Vec::new(),
        body: Some(body(&["ConsentContinued"], json!({ "click": { "value": example } }))),
        callers: Callers::SignedIn,
        answers: signed_in(json_of("Where to consent", "ConsentLocation")),
        problems: [&BODY[..], &own].concat(),
    }
}

pub(super) fn show_call() -> Operation {
    let mut call = query("call", "As in the client's link", json!({ "type": "string" }));
    call["required"] = true.into();
    let page = json!({
        "description": "What would be done, to approve or decline it",
        "content": { "text/html": html() },
    });
    Operation {
        id: "show_call",
        tag: "consent",
        summary: "See what a client's call would do",
        description: "The page on which a person approves an action of a client's.",
        parameters: vec![call],
        body: None,
        callers: Callers::SignedIn,
        answers: signed_in(page),
        problems: vec![
            (Kind::NotFound, Code::NotFound),
            (Kind::TooLarge, Code::ConversationTooLarge),
            (Kind::UpstreamFailed, Code::UpstreamFailed),
        ],
    }
}

pub(super) fn answer_call() -> Operation {
    let own = [
        (Kind::NotFound, Code::NotFound),
        (Kind::Conflict, Code::InterruptNotOpen),
        (Kind::Conflict, Code::InterruptExpired),
        (Kind::Conflict, Code::TurnInProgress),
        (Kind::TooLarge, Code::ConversationTooLarge),
        (Kind::UpstreamFailed, Code::UpstreamFailed),
        (Kind::UpstreamFailed, Code::TurnUnfinished),
        (Kind::UpstreamUnavailable, Code::TurnUnfinished),
    ];
    let example = json!({
        "call": "q83vEjRWeJq83vEjRWeJqw",
        "interrupt": "01234567-89ab-4cde-8f01-23456789abcd",
        "choice": "approve",
    });
    Operation {
        id: "answer_call",
        tag: "consent",
        summary: "Approve or decline a client's call",
        description: "The click on its page. An approved call is done at once, and once; its client gets the \
                      result with its next identical call.",
        parameters: Vec::new(),
        body: Some(body(&["ConfirmationAnswer"], json!({ "click": { "value": example } }))),
        callers: Callers::SignedIn,
        answers: signed_in(json_of("What happened", "ConfirmationResult")),
        problems: [&BODY[..], &own].concat(),
    }
}

fn signed_in(answer: Value) -> Value {
    json!({ "200": answer, "302": redirect(SIGN_IN) })
}
