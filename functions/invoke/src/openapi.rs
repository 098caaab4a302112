//! The OpenAPI document, made from the handlers' own types.

use std::sync::LazyLock;

use utoipa::OpenApi;

use crate::{
    invocation::{InvocationAnswer, InvocationRequest, ProblemDocument},
    sessions::{SessionDocument, SessionList},
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Countersign",
        description = "An agent that acts for you at GitHub, only with your consent.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    paths(invocations, list_sessions, get_session, delete_session, ping)
)]
struct Document;

/// The document as JSON.
pub(crate) fn json() -> &'static str {
    static JSON: LazyLock<String> =
        LazyLock::new(|| Document::openapi().to_json().unwrap_or_default());
    &JSON
}

/// Say something to the agent
///
/// Answers when the turn is done, or when it waits for you. For a consent
/// (`authorization_required`) open the interrupt's `url` in the same browser, and send the
/// `sessionId` again, with or without a new message. For an approval (`confirmation_required`)
/// send the `sessionId` with `resume`; a new message without that is a no. Either can be
/// cancelled by `resume`. What was approved is done once: if it can't be known whether it was
/// done, the answer says so, and nothing is repeated.
#[utoipa::path(
    post,
    path = "/invocations",
    request_body = InvocationRequest,
    responses(
        (status = 200, description = "The turn is done, or waits for you", body = InvocationAnswer),
        (status = 400, description = "A member of the body is wrong; `field` names it", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in. A load balancer that signs people in answers with a page of its own", content((ProblemDocument = "application/problem+json"), (String = "text/html"))),
        (status = 403, description = "Sent by another site's page (`cross_site`)", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "Another request is at work on the conversation (`turn_in_progress`), or `resume` names an interrupt that is not open (`interrupt_not_open`) or a confirmation that is too old (`interrupt_expired`), or the conversation was deleted meanwhile (`conversation_deleted`)", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "The body has more than 1,048,576 bytes", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 415, description = "The body is not application/json", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 500, description = "Something failed here", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 502, description = "A service behind the agent failed; `detail` says what was saved", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "A service behind the agent is busy, and `detail` says what was saved; or, as with 502, with the code `turn_not_saved`: the turn is done and only `unsaved.message` tells of it", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[expect(dead_code, reason = "carries the description")]
fn invocations() {}

/// Your conversations
///
/// The newest first.
#[utoipa::path(
    get,
    path = "/sessions",
    params(
        ("limit" = Option<usize>, Query, minimum = 1, maximum = 100, description = "How many; 20 if left out"),
        ("page" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of them", body = SessionList),
        (status = 400, description = "A parameter is wrong; `field` names it", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in. A load balancer that signs people in answers with a page of its own", content((ProblemDocument = "application/problem+json"), (String = "text/html"))),
        (status = 502, description = "They can't be read", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "S3 is busy; try again", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[expect(dead_code, reason = "carries the description")]
fn list_sessions() {}

/// What was said in a conversation of yours
#[utoipa::path(
    get,
    path = "/sessions/{sessionId}",
    params(
        ("sessionId" = String, Path, pattern = "^[A-Za-z0-9_-]{1,128}$"),
        ("before" = Option<usize>, Query, description = "`earlier` of the page of newer messages"),
    ),
    responses(
        (status = 200, description = "Its newest messages, in their order", body = SessionDocument),
        (status = 400, description = "A parameter is wrong; `field` names it", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in. A load balancer that signs people in answers with a page of its own", content((ProblemDocument = "application/problem+json"), (String = "text/html"))),
        (status = 404, description = "You have no such conversation", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 502, description = "It can't be read", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "S3 is busy; try again", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[expect(dead_code, reason = "carries the description")]
fn get_session() {}

/// Delete a conversation of yours for good
#[utoipa::path(
    delete,
    path = "/sessions/{sessionId}",
    params(("sessionId" = String, Path, pattern = "^[A-Za-z0-9_-]{1,128}$")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, description = "Not signed in. A load balancer that signs people in answers with a page of its own", content((ProblemDocument = "application/problem+json"), (String = "text/html"))),
        (status = 403, description = "Asked by another site's page", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "You have no such conversation", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 502, description = "It can't be deleted", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "S3 is busy; try again", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[expect(dead_code, reason = "carries the description")]
fn delete_session() {}

/// Whether the agent is there
///
/// The health check of the AgentCore Runtime contract; needs no sign-in.
#[utoipa::path(get, path = "/ping", responses((status = 200, description = "It is")))]
#[expect(dead_code, reason = "carries the description")]
fn ping() {}
