//! The OpenAPI document, made from the handlers' own types.

use std::sync::LazyLock;

use utoipa::OpenApi;

use crate::invocation::{InvocationAnswer, InvocationRequest, ProblemDocument};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Countersign",
        description = "An agent that acts for you at GitHub, only with your consent.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    paths(invocations, ping)
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
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "Another request is at work on the conversation (`turn_in_progress`), or `resume` names an interrupt that is not open (`interrupt_not_open`) or a confirmation that is too old (`interrupt_expired`)", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "The body has more than 1,048,576 bytes", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 415, description = "The body is not application/json", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 502, description = "A service behind the agent failed; `detail` says what was saved", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "A service behind the agent is busy; `detail` says what was saved", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[expect(dead_code, reason = "carries the description")]
fn invocations() {}

/// Whether the agent is there
///
/// The health check of the AgentCore Runtime contract; the only route without sign-in.
#[utoipa::path(get, path = "/ping", responses((status = 200, description = "It is")))]
#[expect(dead_code, reason = "carries the description")]
fn ping() {}
