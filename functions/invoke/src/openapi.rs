//! The OpenAPI document (OpenAPI 3.1): schemas from the types that the handlers read and write,
//! operations from `paths`, problems from the closed list of codes.
//!
//! It describes both services, which share one site, as they are configured here.

mod agent;
mod consent;
mod operation;
mod other_agents;
mod paths;
mod responses;

use bytes::Bytes;
use edge::{
    Site,
    problem_document::ProblemDocument,
    returned::{ConsentResult, ReturnedConsent},
};
use serde_json::{Value, json};
use utoipa::OpenApi;

use crate::{
    agui::input::RunAgentInput,
    client_consent::{ConsentContinued, ConsentLocation},
    connections::{ConnectionList, Disconnected},
    invocation::{InvocationAnswer, InvocationRequest},
    mcp::confirm_page::{ConfirmationAnswer, ConfirmationResult},
    ping::Health,
    sessions::{SessionDocument, SessionList},
    sign_out::SignedOut,
};

/// What is read and written, with all that it refers to.
#[derive(OpenApi)]
#[openapi(components(schemas(
    InvocationRequest,
    RunAgentInput,
    InvocationAnswer,
    SessionList,
    SessionDocument,
    ConnectionList,
    Disconnected,
    SignedOut,
    Health,
    ReturnedConsent,
    ConsentResult,
    ConsentContinued,
    ConsentLocation,
    ConfirmationAnswer,
    ConfirmationResult,
    ProblemDocument,
)))]
struct Schemas;

/// The document as JSON, for `site`, whose callers bring a `bearer` token or come through a load
/// balancer that signs them in; with the pages for what `other_agents` ask for, where these may call.
///
/// # Errors
/// When a schema has no JSON form.
pub fn document(site: &Site, bearer: bool, other_agents: bool) -> Result<Bytes, serde_json::Error> {
    let mut components = serde_json::to_value(Schemas::openapi().components)?;
    // Only what an operation of this deployment refers to.
    let mut unused = vec![if bearer { "SignedOut" } else { "ReturnedConsent" }];
    if !other_agents {
        unused.extend(other_agents::SCHEMAS);
    }
    if let Some(schemas) = components["schemas"].as_object_mut() {
        schemas.retain(|name, _| !unused.contains(&name.as_str()));
    }
    let (scheme, description) = security(bearer);
    components["securitySchemes"] = json!({ scheme: description });
    components["headers"] = responses::headers();
    components["responses"] = responses::shared(bearer);
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Countersign",
            "description": "An agent that acts for you at GitHub, only with your consent. Every \
                            failure is a problem (RFC 9457): its `code` is one of `ProblemCode`, \
                            where each is explained. Who accepts HTML gets it as a page.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "version": env!("CARGO_PKG_VERSION"),
        },
        "servers": [{ "url": site.origin(), "description": "This deployment" }],
        "security": [{ scheme: [] }],
        "tags": [
            { "name": "agent", "description": "Conversations with the agent" },
            { "name": "consent", "description": "What a browser visits to consent, and comes back to" },
            { "name": "service", "description": "The service itself" },
        ],
        "paths": paths::all(bearer, other_agents),
        "components": components,
    });
    Ok(document.to_string().into())
}

/// The scheme's name, and what it is.
fn security(bearer: bool) -> (&'static str, Value) {
    if bearer {
        let description = "A token of the one issuer that this deployment trusts";
        let scheme = json!({
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": description,
        });
        return ("bearer", scheme);
    }
    let description = "The load balancer's session, which it sets when a person signs in. There may \
                       be more cookies of that name, with other numbers: send all of them.";
    let scheme = json!({
        "type": "apiKey", "in": "cookie", "name": "AWSELBAuthSessionCookie-0",
        "description": description,
    });
    ("session", scheme)
}

#[cfg(test)]
mod tests {
    use edge::Site;
    use serde_json::Value;

    use super::document;

    fn read(bearer: bool) -> Value {
        let site = Site::parse("https://app.example/oauth2/session-binding").unwrap();
        serde_json::from_slice(&document(&site, bearer, bearer).unwrap()).unwrap()
    }

    #[test]
    fn a_deployment_describes_itself_alone() {
        let (alb, bearer) = (read(false), read(true));
        assert_eq!(alb["servers"][0]["url"], "https://app.example");
        assert!(alb["components"]["securitySchemes"]["session"].is_object());
        assert!(bearer["components"]["securitySchemes"]["bearer"].is_object());
        let post = |document: &Value, path: &str| document["paths"][path]["post"].is_object();
        assert!(post(&alb, "/sign-out") && !post(&bearer, "/sign-out"));
        let binding = "/oauth2/session-binding";
        assert!(post(&bearer, binding) && !post(&alb, binding));
        assert!(post(&bearer, "/confirm") && !post(&alb, "/confirm"));
    }

    #[test]
    fn interrupts_are_told_apart_by_their_reason() {
        let document = read(false);
        let schemas = &document["components"]["schemas"];
        let discriminator = &schemas["InterruptAnswer"]["discriminator"];
        assert_eq!(discriminator["propertyName"], "reason");
        for (reason, schema) in discriminator["mapping"].as_object().unwrap() {
            let name = schema.as_str().unwrap().rsplit('/').next().unwrap();
            let values = &schemas[name]["properties"]["reason"]["enum"];
            assert_eq!(values, &serde_json::json!([reason]), "{name}");
        }
    }

    #[test]
    fn the_document_stays_small() {
        let size = read(false).to_string().len();
        assert!(size < 44_000, "{size} bytes");
    }
}
