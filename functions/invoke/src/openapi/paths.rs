//! The paths of both services.

use edge::{Code, Kind, site::SESSION_BINDING_PATH};
use serde_json::{Value, json};

use super::{
    agent, consent,
    operation::{Callers, Operation},
    other_agents,
    responses::json_of,
};

/// The paths of a deployment whose callers bring a `bearer` token, or come through a load balancer.
pub(super) fn all(bearer: bool, other_agents: bool) -> Value {
    let mut paths = json!({
        "/invocations": { "post": agent::invocations().into_json(bearer) },
        "/sessions": { "get": agent::list_sessions().into_json(bearer) },
        "/sessions/{sessionId}": {
            "parameters": [{
                "name": "sessionId", "in": "path", "required": true,
                "description": "The conversation",
                "schema": { "type": "string", "pattern": "^[A-Za-z0-9_-]{1,128}$" },
            }],
            "get": agent::get_session().into_json(bearer),
            "delete": agent::delete_session().into_json(bearer),
        },
        "/connections": { "get": agent::list_connections().into_json(bearer) },
        "/connections/{provider}": {
            "parameters": [{
                "name": "provider", "in": "path", "required": true,
                "description": "The credential provider",
                "schema": { "type": "string", "pattern": "^[A-Za-z0-9_-]{1,128}$" },
            }],
            "delete": agent::delete_connection().into_json(bearer),
        },
        "/consent": { "get": consent::consent(other_agents).into_json(bearer) },
        "/openapi.json": { "get": open_api().into_json(bearer) },
        "/ping": { "get": ping().into_json(bearer) },
    });
    if other_agents {
        paths["/consent"]["post"] = other_agents::continue_consent().into_json(bearer);
        paths["/confirm"]["get"] = other_agents::show_call().into_json(bearer);
        paths["/confirm"]["post"] = other_agents::answer_call().into_json(bearer);
    }
    paths[SESSION_BINDING_PATH]["get"] = consent::session_binding().into_json(bearer);
    if bearer {
        paths[SESSION_BINDING_PATH]["post"] = consent::returned_consent().into_json(bearer);
    } else {
        paths["/sign-out"]["post"] = agent::sign_out().into_json(bearer);
    }
    paths
}

fn open_api() -> Operation {
    let content = json!({ "application/json": { "schema": { "type": "object" } } });
    Operation {
        id: "openapi",
        tag: "service",
        summary: "This document",
        description: "The same for everybody.",
        parameters: Vec::new(),
        body: None,
        callers: Callers::Anyone,
        answers: json!({ "200": { "description": "OpenAPI 3.1", "content": content } }),
        problems: vec![
            (Kind::Forbidden, Code::CrossSite),
            (Kind::Internal, Code::Internal),
            (Kind::Overloaded, Code::Overloaded),
        ],
    }
}

fn ping() -> Operation {
    Operation {
        id: "ping",
        tag: "service",
        summary: "Whether the agent is there",
        description: "The health check of the AgentCore Runtime contract, for the platform: a load \
                      balancer need not route it.",
        parameters: Vec::new(),
        body: None,
        callers: Callers::Anyone,
        answers: json!({ "200": json_of("It is", "Health") }),
        problems: vec![(Kind::Forbidden, Code::CrossSite)],
    }
}
