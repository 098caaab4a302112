//! The operations of both services.

use serde_json::{Map, Value, json};
use service::{Code, Kind, site::SESSION_BINDING_PATH};

use super::responses::{SIGNED_IN, failures, json_of, page, redirect};
use crate::sessions::MAX_LIMIT;

/// What the load balancer does with a browser in which nobody is signed in.
const SIGN_IN: &str = "The load balancer has the browser sign in first";

/// The paths of a deployment whose callers bring a `bearer` token, or come through a load balancer.
pub(super) fn all(bearer: bool) -> Value {
    let mut paths = json!({
        "/invocations": { "post": invocations(bearer) },
        "/sessions": { "get": list_sessions(bearer) },
        "/sessions/{sessionId}": {
            "parameters": [{
                "name": "sessionId", "in": "path", "required": true,
                "description": "The conversation",
                "schema": { "type": "string", "pattern": "^[A-Za-z0-9_-]{1,128}$" },
            }],
            "get": get_session(bearer),
            "delete": delete_session(bearer),
        },
        "/consent": { "get": consent(bearer) },
        "/openapi.json": { "get": open_api(bearer) },
        "/ping": { "get": ping(bearer) },
    });
    paths[SESSION_BINDING_PATH]["get"] = session_binding(bearer);
    if bearer {
        paths[SESSION_BINDING_PATH]["post"] = returned_consent(bearer);
    } else {
        paths["/sign-out"]["post"] = sign_out(bearer);
    }
    paths
}

/// An operation: `about` has its id, tag, summary and description.
fn operation(
    about: [&str; 4],
    more: Value,
    successes: Value,
    problems: Map<String, Value>,
) -> Value {
    let [id, tag, summary, description] = about;
    let mut operation = json!({
        "operationId": id, "tags": [tag], "summary": summary, "description": description,
        "responses": problems,
    });
    for (members, into) in [(more, None), (successes, Some("responses"))] {
        let Value::Object(members) = members else { continue };
        for (name, member) in members {
            match into {
                Some(place) => operation[place][name] = member,
                None => operation[name] = member,
            }
        }
    }
    operation
}

/// The problems of an operation for a signed-in caller, and `own` ones.
fn signed_in(own: &[(Kind, Code)], bearer: bool) -> Map<String, Value> {
    failures(&[SIGNED_IN, own].concat(), bearer)
}

fn body_of(schema: &str, examples: Value) -> Value {
    let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
    let content = json!({ "application/json": { "schema": schema, "examples": examples } });
    json!({ "requestBody": { "required": true, "content": content } })
}

fn invocations(bearer: bool) -> Value {
    let about = [
        "invocations",
        "agent",
        "Say something to the agent",
        "Answers when the turn is done, or when it waits for you. For a consent \
         (`authorization_required`) open the interrupt's `url` in the same browser, and send the \
         `sessionId` again, with or without a new message. For an approval \
         (`confirmation_required`) send the `sessionId` with `resume`; a new message without that \
         is a no. Either can be cancelled by `resume`. What was approved is done once: if it can't \
         be known whether it was done, the answer says so, and nothing is repeated. Without \
         `message` and `resume` it is refused (400) if nothing waits.",
    ];
    let id = "3f0e9d4a-6f3c-4c53-9a29-5b7f6f1f1a10";
    let request = body_of(
        "InvocationRequest",
        json!({
            "message": { "value": { "sessionId": "my-first-conversation", "message": "Which repositories do I have?" } },
            "after a consent": { "value": { "sessionId": "my-first-conversation" } },
            "an approval": { "value": { "sessionId": "my-first-conversation", "resume": [{ "interruptId": id, "status": "resolved" }] } },
        }),
    );
    let mut answer = json_of("The turn is done, or waits for you", "InvocationAnswer");
    answer["content"]["application/json"]["examples"] = answers(id);
    let own = [
        (Kind::InvalidRequest, Code::InvalidRequest),
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
    operation(about, request, json!({ "200": answer }), signed_in(&own, bearer))
}

fn answers(id: &str) -> Value {
    let session = "my-first-conversation";
    let usage = json!({ "inputTokens": 812, "outputTokens": 64 });
    let answer = |status: &str, message: Option<&str>, interrupts: Value| {
        json!({ "value": {
            "sessionId": session, "status": status, "message": message,
            "interrupts": interrupts, "usage": usage,
        } })
    };
    let consent = json!([{
        "reason": "authorization_required", "id": id, "provider": "github", "scopes": ["repo"],
        "url": "https://app.example/consent?flow=8Jx1", "expiresAt": "2026-01-31T12:10:00Z",
    }]);
    let approval = json!([{
        "reason": "confirmation_required", "id": id, "tool": "github_create_issue",
        "input": { "owner": "alice", "repo": "garden", "title": "Water the tomatoes" },
        "account": "alice", "expiresAt": "2026-01-31T13:00:00Z",
    }]);
    json!({
        "done": answer("completed", Some("You have one repository: garden."), json!([])),
        "waits for a consent": answer("interrupted", None, consent),
        "waits for an approval": answer("interrupted", None, approval),
    })
}

fn sign_out(bearer: bool) -> Value {
    let about = [
        "sign_out",
        "agent",
        "Sign out in this browser",
        "Ends the load balancer's session, and nothing else.",
    ];
    let done = json_of("The load balancer's cookies have expired", "SignedOut");
    operation(about, json!({}), json!({ "200": done }), signed_in(&[], bearer))
}

fn list_sessions(bearer: bool) -> Value {
    let about = ["list_sessions", "agent", "Your conversations", "The newest first."];
    let parameters = json!({ "parameters": [
        {
            "name": "limit", "in": "query", "description": "How many",
            "schema": { "type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 20 },
        },
        {
            "name": "page", "in": "query", "description": "`next` of the page before",
            "schema": { "type": "string", "pattern": r"^[0-9]{1,19}\.[A-Za-z0-9_-]{1,128}$" },
        },
    ] });
    let own = [
        (Kind::InvalidRequest, Code::InvalidRequest),
        (Kind::UpstreamFailed, Code::UpstreamFailed),
    ];
    let list = json_of("A page of them", "SessionList");
    operation(about, parameters, json!({ "200": list }), signed_in(&own, bearer))
}

fn get_session(bearer: bool) -> Value {
    let about = [
        "get_session",
        "agent",
        "What was said in a conversation of yours",
        "The newest messages, or those before `before`.",
    ];
    let parameters = json!({ "parameters": [{
        "name": "before", "in": "query", "description": "`earlier` of the page of newer messages",
        "schema": { "type": "integer", "minimum": 0, "maximum": u32::MAX },
    }] });
    let own = [
        (Kind::InvalidRequest, Code::InvalidRequest),
        (Kind::NotFound, Code::NotFound),
        (Kind::TooLarge, Code::ConversationTooLarge),
        (Kind::UpstreamFailed, Code::UpstreamFailed),
    ];
    let document = json_of("Its messages, in their order", "SessionDocument");
    operation(about, parameters, json!({ "200": document }), signed_in(&own, bearer))
}

fn delete_session(bearer: bool) -> Value {
    let about = [
        "delete_session",
        "agent",
        "Delete a conversation of yours for good",
        "What waits in it is dropped.",
    ];
    let own = [(Kind::NotFound, Code::NotFound), (Kind::UpstreamFailed, Code::UpstreamFailed)];
    let gone = json!({ "204": { "description": "It is gone" } });
    operation(about, json!({}), gone, signed_in(&own, bearer))
}

fn consent(bearer: bool) -> Value {
    let about = [
        "consent",
        "consent",
        "Go to the provider to consent",
        "The `url` of an interrupt, for the person's own browser.",
    ];
    let parameters = json!({ "parameters": [{
        "name": "flow", "in": "query", "required": true, "description": "As in the interrupt's `url`",
        "schema": { "type": "string" },
    }] });
    let mut problems = signed_in(&[(Kind::Forbidden, Code::NotAVisit)], bearer);
    if let Some(forbidden) = problems.get_mut("403") {
        forbidden["content"]["text/html"] = json!({ "schema": { "type": "string" } });
    }
    let mut answers = json!({
        "303": redirect("The browser carries the flow, and goes to the provider"),
        "400": page("The link is incomplete"),
        "410": page("The link is older than ten minutes"),
    });
    if !bearer {
        answers["302"] = redirect(SIGN_IN);
    }
    operation(about, parameters, answers, problems)
}

/// How a consent can end that does not count.
const NOT_BOUND: &[(Kind, Code)] = &[
    (Kind::Unauthorized, Code::NotSignedIn),
    (Kind::InvalidRequest, Code::Malformed),
    (Kind::Forbidden, Code::NoFlow),
    (Kind::Forbidden, Code::AnotherUser),
    (Kind::Forbidden, Code::AnotherBrowser),
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

fn session_binding(bearer: bool) -> Value {
    let about = [
        "session_binding",
        "consent",
        "Come back from a consent",
        "Where the provider's consent leads the browser. It binds, and goes on to a page that says \
         how it ended (`result`). A caller that accepts JSON, and no HTML, is told at once.",
    ];
    let parameter = |name: &str, description: &str| {
        let schema = json!({ "type": "string" });
        json!({ "name": name, "in": "query", "description": description, "schema": schema })
    };
    let parameters = json!({ "parameters": [
        parameter("session_id", "The session to bind"),
        parameter("state", "What only the browser that consented brings"),
        parameter("error", "What the provider says instead (RFC 6749, section 4.1.2.1)"),
        parameter("result", "How a visit ended, for its page"),
    ] });
    let own = [
        (Kind::InvalidRequest, Code::NoSession),
        (Kind::Forbidden, Code::NotAVisit),
        (Kind::Forbidden, Code::Declined),
        (Kind::NotFound, Code::NotFound),
        (Kind::UpstreamFailed, Code::ProviderFailed),
    ];
    let mut problems = signed_in(&[NOT_BOUND, &own[..]].concat(), bearer);
    // A person gets a page with the same status.
    for response in problems.values_mut().filter(|it| it["content"].is_object()) {
        response["content"]["text/html"] = json!({ "schema": { "type": "string" } });
    }
    let mut done = json_of("The consent counts", "ConsentResult");
    done["content"]["text/html"] = json!({ "schema": { "type": "string" } });
    let mut answers = json!({
        "200": done,
        "303": redirect("On to the page that says how it ended"),
        "307": redirect("On to the site's own name"),
    });
    if !bearer {
        answers["302"] = redirect(SIGN_IN);
    }
    operation(about, parameters, answers, problems)
}

fn returned_consent(bearer: bool) -> Value {
    let about = [
        "returned_consent",
        "consent",
        "Send on what a browser came back with",
        "For an application that receives the return URL of a consent itself.",
    ];
    let own = [
        (Kind::InvalidRequest, Code::InvalidRequest),
        (Kind::RequestTimeout, Code::RequestTimeout),
        (Kind::TooLarge, Code::TooLarge),
        (Kind::UnsupportedMediaType, Code::UnsupportedMediaType),
    ];
    let example = json!({ "session_id": "urn:ietf:params:oauth:request_uri:aGVsbG8", "state": "kT3v", "flow": "8Jx1" });
    let body = body_of("ReturnedConsent", json!({ "consent": { "value": example } }));
    let done = json_of("The consent counts", "ConsentResult");
    let problems = signed_in(&[NOT_BOUND, &own[..]].concat(), bearer);
    operation(about, body, json!({ "200": done }), problems)
}

fn open_api(bearer: bool) -> Value {
    let about = ["openapi", "service", "This document", "The same for everybody."];
    let schema = json!({ "type": "object" });
    let content = json!({ "application/json": { "schema": schema } });
    let document = json!({ "description": "OpenAPI 3.1", "content": content });
    let own = [
        (Kind::Forbidden, Code::CrossSite),
        (Kind::Internal, Code::Internal),
        (Kind::Overloaded, Code::Overloaded),
    ];
    let public = json!({ "security": [] });
    operation(about, public, json!({ "200": document }), failures(&own, bearer))
}

fn ping(bearer: bool) -> Value {
    let about = [
        "ping",
        "service",
        "Whether the agent is there",
        "The health check of the AgentCore Runtime contract, for the platform: a load balancer need \
         not route it.",
    ];
    let healthy = json_of("It is", "Health");
    let public = json!({ "security": [] });
    let own = [(Kind::Forbidden, Code::CrossSite)];
    operation(about, public, json!({ "200": healthy }), failures(&own, bearer))
}
