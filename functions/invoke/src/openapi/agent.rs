//! The operations of the agentic workload for a signed-in user.

use edge::{Code, Kind};
use serde_json::{Value, json};

use super::{
    operation::{Callers, Operation, body, query},
    responses::json_of,
};
use crate::sessions::MAX_LIMIT;

/// The problems of a turn.
const TURN: &[(Kind, Code)] = &[
    (Kind::InvalidRequest, Code::InvalidRequest),
    (Kind::InvalidRequest, Code::MessageTooLong),
    (Kind::RequestTimeout, Code::RequestTimeout),
    (Kind::Conflict, Code::TurnInProgress),
    (Kind::Conflict, Code::InterruptNotOpen),
    (Kind::Conflict, Code::InterruptExpired),
    (Kind::Conflict, Code::ConversationDeleted),
    (Kind::Conflict, Code::TurnUnfinished),
    (Kind::TooLarge, Code::TooLarge),
    (Kind::TooLarge, Code::ConversationTooLarge),
    (Kind::UnsupportedMediaType, Code::UnsupportedMediaType),
    (Kind::TooManyRequests, Code::TooManyTurns),
    (Kind::TooManyRequests, Code::DailyTokensUsed),
    (Kind::Internal, Code::TurnUnfinished),
    (Kind::UpstreamFailed, Code::UpstreamFailed),
    (Kind::UpstreamFailed, Code::TurnUnfinished),
    (Kind::UpstreamFailed, Code::TurnNotSaved),
    (Kind::UpstreamUnavailable, Code::TurnUnfinished),
    (Kind::UpstreamUnavailable, Code::TurnNotSaved),
];

/// The conversation of the examples, and an interrupt in it.
const SESSION: &str = "my-first-conversation";
const INTERRUPT: &str = "3f0e9d4a-6f3c-4c53-9a29-5b7f6f1f1a10";

pub(super) fn invocations() -> Operation {
    let mut answer = json_of("The turn is done, or waits for you", "InvocationAnswer");
    answer["content"]["application/json"]["examples"] = answers();
    // Without a type: before OpenAPI 3.2 some read it as that of the body, others as that of one event.
    answer["content"]["text/event-stream"] = json!({ "schema": {
        "description": "Server-sent events of AG-UI 1.0 (https://docs.ag-ui.com), from `RUN_STARTED` \
            to `RUN_FINISHED` or `RUN_ERROR`",
    } });
    Operation {
        id: "invocations",
        tag: "agent",
        summary: "Say something to the agent",
        description: "Answers when the turn is done, or when it waits for you. For a consent \
            (`authorization_required`) open the interrupt's `url` in the same browser, and send the \
            `sessionId` again, with or without a new message. For an approval \
            (`confirmation_required`) send the `sessionId` with `resume`; a new message without \
            that is a no. Either can be cancelled by `resume`. What was approved is done once: if \
            it can't be known whether it was done, the answer says so, and nothing is repeated. \
            Without `message` and `resume` it is refused (400) if nothing waits. A run of AG-UI 1.0 \
            (with `threadId`) is answered by its events, and so is the other shape with `Accept: \
            text/event-stream`. There a new message is no answer to what is open, a message counts \
            once by its `id`, and the turn stops if the client goes away.",
        parameters: Vec::new(),
        body: Some(body(&["InvocationRequest", "RunAgentInput"], requests())),
        callers: Callers::SignedIn,
        answers: json!({ "200": answer }),
        problems: TURN.to_vec(),
    }
}

fn requests() -> Value {
    let resume = json!([{ "interruptId": INTERRUPT, "status": "resolved" }]);
    json!({
        "message": { "value": { "sessionId": SESSION, "message": "Which repositories do I have?" } },
        "after a consent": { "value": { "sessionId": SESSION } },
        "a run of AG-UI": { "value": {
            "threadId": SESSION, "runId": "run-1",
            "messages": [{ "id": "message-1", "role": "user", "content": "Who am I?" }],
        } },
        "an approval": { "value": { "sessionId": SESSION, "resume": resume } },
    })
}

fn answers() -> Value {
    let usage = json!({ "inputTokens": 812, "outputTokens": 64 });
    let answer = |status: &str, message: Option<&str>, interrupts: Value| {
        json!({ "value": {
            "sessionId": SESSION, "status": status, "message": message,
            "interrupts": interrupts, "usage": usage,
        } })
    };
    let consent = json!([{
        "reason": "authorization_required", "id": INTERRUPT, "provider": "github",
        "scopes": ["read:user"], "url": "https://app.example/consent?flow=8Jx1",
        "expiresAt": "2026-01-31T12:10:00Z",
    }]);
    let approval = json!([{
        "reason": "confirmation_required", "id": INTERRUPT, "tool": "github_create_issue",
        "input": { "owner": "alice", "repo": "garden", "title": "Water the tomatoes" },
        "account": "alice", "details": { "visibility": "private" },
        "expiresAt": "2026-01-31T13:00:00Z",
    }]);
    json!({
        "done": answer("completed", Some("You have one repository: garden."), json!([])),
        "waits for a consent": answer("interrupted", None, consent),
        "waits for an approval": answer("interrupted", None, approval),
    })
}

pub(super) fn sign_out() -> Operation {
    Operation {
        id: "sign_out",
        tag: "agent",
        summary: "Sign out in this browser",
        description: "Ends the load balancer's session, and nothing else.",
        parameters: Vec::new(),
        body: None,
        callers: Callers::SignedIn,
        answers: json!({ "200": json_of("The load balancer's cookies have expired", "SignedOut") }),
        problems: Vec::new(),
    }
}

pub(super) fn list_sessions() -> Operation {
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 20 });
    let page = json!({ "type": "string", "pattern": r"^[0-9]{1,19}\.[A-Za-z0-9_-]{1,128}$" });
    Operation {
        id: "list_sessions",
        tag: "agent",
        summary: "Your conversations",
        description: "The newest first.",
        parameters: vec![
            query("limit", "How many", limit),
            query("page", "`next` of the page before", page),
        ],
        body: None,
        callers: Callers::SignedIn,
        answers: json!({ "200": json_of("A page of them", "SessionList") }),
        problems: vec![
            (Kind::InvalidRequest, Code::InvalidRequest),
            (Kind::UpstreamFailed, Code::UpstreamFailed),
        ],
    }
}

pub(super) fn get_session() -> Operation {
    let before = json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX });
    Operation {
        id: "get_session",
        tag: "agent",
        summary: "What was said in a conversation of yours",
        description: "The newest messages, or those before `before`.",
        parameters: vec![query("before", "`earlier` of the page of newer messages", before)],
        body: None,
        callers: Callers::SignedIn,
        answers: json!({ "200": json_of("Its messages, in their order", "SessionDocument") }),
        problems: vec![
            (Kind::InvalidRequest, Code::InvalidRequest),
            (Kind::NotFound, Code::NotFound),
            (Kind::TooLarge, Code::ConversationTooLarge),
            (Kind::UpstreamFailed, Code::UpstreamFailed),
        ],
    }
}

pub(super) fn delete_session() -> Operation {
    Operation {
        id: "delete_session",
        tag: "agent",
        summary: "Delete a conversation of yours for good",
        description: "What waits in it is dropped.",
        parameters: Vec::new(),
        body: None,
        callers: Callers::SignedIn,
        answers: json!({ "204": { "description": "It is gone" } }),
        problems: vec![
            (Kind::NotFound, Code::NotFound),
            (Kind::UpstreamFailed, Code::UpstreamFailed),
        ],
    }
}

pub(super) fn list_connections() -> Operation {
    Operation {
        id: "list_connections",
        tag: "agent",
        summary: "What you have connected",
        description: "One entry for each credential provider, whether or not you are connected.",
        parameters: Vec::new(),
        body: None,
        callers: Callers::SignedIn,
        answers: json!({ "200": json_of("Each provider, and your account there", "ConnectionList") }),
        problems: vec![(Kind::UpstreamFailed, Code::UpstreamFailed)],
    }
}

pub(super) fn delete_connection() -> Operation {
    Operation {
        id: "delete_connection",
        tag: "agent",
        summary: "Disconnect a provider",
        description: "No token of before is used any more, and the next need is a new consent. The \
                      provider is asked to revoke the token: `revoked` and `message` say with what \
                      result. Doing it again changes nothing.",
        parameters: Vec::new(),
        body: None,
        callers: Callers::SignedIn,
        answers: json!({ "200": json_of("It is disconnected", "Disconnected") }),
        problems: vec![
            (Kind::NotFound, Code::NotFound),
            (Kind::UpstreamFailed, Code::UpstreamFailed),
        ],
    }
}
