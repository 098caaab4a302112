//! What a browser brings to the authorization endpoint (RFC 6749, section 4.1.1).

use serde::Deserialize;

/// An authorization request.
#[derive(Deserialize)]
pub(super) struct AuthorizationRequest {
    #[serde(default)]
    pub(super) client_id: String,
    pub(super) redirect_uri: Option<String>,
    #[serde(default)]
    pub(super) scope: String,
    pub(super) state: Option<String>,
}
