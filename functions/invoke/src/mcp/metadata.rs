//! The description of `/mcp` as a protected resource: where a client gets a token for it.
//!
//! OAuth 2.0 Protected Resource Metadata (RFC 9728). It is the same for everybody and needs no sign-in.

use edge::{Problem, Reply, reply};
use http::StatusCode;
use serde::Serialize;

use crate::{settings::MCP_PATH, state::Service};

#[derive(Serialize)]
struct Metadata<'a> {
    resource: String,
    authorization_servers: [&'a str; 1],
    bearer_methods_supported: [&'static str; 1],
    resource_name: &'a str,
}

/// The description, as clients read it.
pub(crate) fn answer(service: &Service) -> Result<Reply, Problem> {
    let inbound = &service.settings.inbound;
    let door = service.settings.other_agents.as_ref().ok_or_else(Problem::no_such_route)?;
    let metadata = Metadata {
        resource: inbound.site.address(MCP_PATH),
        authorization_servers: [&door.issuer],
        bearer_methods_supported: ["header"],
        resource_name: inbound.agent.as_str(),
    };
    reply::json(StatusCode::OK, &metadata)
}
