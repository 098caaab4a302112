//! Discovers the endpoints of an authorization server.
//!
//! Source: OpenID Connect Discovery 1.0, section 4, and RFC 8414, section 3. The issuer in the
//! document has to be the one at whose address it was found.

use serde::Deserialize;
use url::Url;

use super::{exchange::client, limits::DiscoveryUrl, provider::Endpoints, refusal::ApiRefusal};

/// The part of the document that is used here.
#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// What was discovered.
pub(super) struct Discovered {
    pub(super) endpoints: Endpoints,
    /// How a client may authenticate at the token endpoint, if the document says.
    pub(super) auth_methods: Option<Vec<String>>,
}

/// Reads the document at `url`.
pub(super) async fn discover(url: &DiscoveryUrl) -> Result<Discovered, ApiRefusal> {
    let unusable =
        || ApiRefusal::validation("discoveryUrl leads to no metadata of an authorization server");
    let address = Url::parse(url).map_err(|_| unusable())?;
    let document = read(address).await.map_err(|error| {
        let error = error.without_url();
        tracing::warn!(%error, "stand-in for AgentCore Identity: no metadata at a discovery URL");
        unusable()
    })?;
    let issuer = issuer_of(url).ok_or_else(unusable)?;
    if document.issuer.trim_end_matches('/') != issuer.trim_end_matches('/') {
        return Err(ApiRefusal::validation("discoveryUrl leads to the metadata of another issuer"));
    }
    let endpoints = Endpoints {
        issuer: document.issuer,
        authorization: document.authorization_endpoint,
        token: document.token_endpoint,
    };
    Ok(Discovered { endpoints, auth_methods: document.token_endpoint_auth_methods_supported })
}

async fn read(url: Url) -> reqwest::Result<Document> {
    client(&url)?.get(url).send().await?.error_for_status()?.json().await
}

/// Returns the issuer whose metadata is at `url`: the part before `/.well-known/`, and the path after
/// the document's name (RFC 8414 puts the issuer's path there).
fn issuer_of(url: &str) -> Option<String> {
    let (before, after) = url.split_once("/.well-known/")?;
    let path = after.split_once('/').map_or_else(String::new, |(_, path)| format!("/{path}"));
    Some(format!("{before}{path}"))
}
