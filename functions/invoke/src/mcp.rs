//! `POST /mcp`: the same tools for agents of others, with the same consent and confirmation.
//!
//! An MCP server over streamable HTTP (Model Context Protocol, 2026-07-28 and the versions before it),
//! without sessions: whom a request is for, its access token says, and what waits is kept with the user's
//! conversations. The client has a model of its own, so that a call is a turn without a model. What only the
//! person can do, they do on pages of ours, in their own browser: no client consents or approves for them.

mod call;
mod client;
pub(crate) mod confirm_page;
mod confirmation;
pub(crate) mod metadata;
mod server;
mod waiting;

use std::sync::Arc;

use edge::{
    Problem, Reply, reply,
    request::{refuse_cross_site, require_json},
};
use http::{HeaderName, HeaderValue};
use lambda_http::{Request, RequestExt};

use crate::{deadline, mcp::client::Client, mcp::server::Server, state::Service};

/// What a client of a version with sessions sends back with each request.
const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");

/// Returns the answer to one message of a client.
pub(crate) async fn answer(service: &Arc<Service>, mut request: Request) -> Result<Reply, Problem> {
    let inbound = &service.settings.inbound;
    let door = service.settings.other_agents.as_ref().ok_or_else(Problem::no_such_route)?;
    refuse_cross_site(request.method(), request.headers(), &inbound.site)?;
    let user = door.user(inbound, request.headers()).await?;
    require_json(request.headers())?;
    service.limits.read(user.id(), &mut request).await?;
    let time = deadline::time_left(service, request.lambda_context_ref());
    let client = Client::of(request.headers());
    let session = client::session(request.body());
    let server = Server::new(Arc::clone(service), user, client, time);
    let mut reply = server.answer(request).await?;
    reply::protect(reply.headers_mut());
    let session = session.filter(|_| reply.status().is_success());
    let session = session.and_then(|session| HeaderValue::from_str(&session).ok());
    session.into_iter().for_each(|it| drop(reply.headers_mut().insert(SESSION, it)));
    Ok(reply)
}

/// As [`client::session`], for `fuzzing`.
#[cfg(fuzzing)]
pub(crate) fn session(body: &[u8]) -> Option<String> {
    client::session(body)
}

/// The name of the client that sends `headers`, and whether it shows addresses.
#[cfg(fuzzing)]
pub(crate) fn client(headers: &http::HeaderMap) -> (String, bool) {
    Client::of(headers).in_words()
}
