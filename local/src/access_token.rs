//! Access tokens for agents of others, as the identity provider would give them to such an agent. They are
//! signed with the development key, which is public, so that they are worth something here alone.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use url::Url;

use crate::parts::Addresses;

/// How long one is good for.
const LIFETIME: Duration = Duration::from_secs(3_600);

/// For whom they are made: the MCP server of the `application`.
#[must_use]
pub(crate) fn audience(application: &Url) -> String {
    format!("{application}mcp")
}

/// An access token of `person` for the instance at `addresses`, which signs people in itself.
#[must_use]
pub fn of(person: &str, addresses: &Addresses, now: SystemTime) -> String {
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let issuer = addresses.identity_provider.as_str().trim_end_matches('/');
    development_key::sign_jwt(&json!({
        "iss": issuer,
        "aud": audience(&addresses.application),
        "sub": person,
        "iat": now.as_secs(),
        "exp": (now + LIFETIME).as_secs(),
    }))
}
