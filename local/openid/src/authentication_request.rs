//! What a browser brings to the authorization endpoint (OpenID Connect Core 1.0, section 3.1.2.1).

use serde::Deserialize;

use super::IdentityProvider;

/// An authentication request.
#[derive(Deserialize)]
pub(super) struct AuthenticationRequest {
    #[serde(default)]
    pub(super) client_id: String,
    #[serde(default)]
    pub(super) redirect_uri: String,
    #[serde(default)]
    pub(super) response_type: String,
    #[serde(default)]
    pub(super) scope: String,
    pub(super) state: Option<String>,
    pub(super) nonce: Option<String>,
    pub(super) code_challenge: Option<String>,
    pub(super) code_challenge_method: Option<String>,
}

impl AuthenticationRequest {
    /// The parameters that the form sends again.
    pub(super) fn parameters(&self) -> [(&'static str, Option<&String>); 8] {
        [
            ("client_id", Some(&self.client_id)),
            ("redirect_uri", Some(&self.redirect_uri)),
            ("response_type", Some(&self.response_type)),
            ("scope", Some(&self.scope)),
            ("state", self.state.as_ref()),
            ("nonce", self.nonce.as_ref()),
            ("code_challenge", self.code_challenge.as_ref()),
            ("code_challenge_method", self.code_challenge_method.as_ref()),
        ]
    }

    pub(super) fn check(&self, provider: &IdentityProvider) -> Result<(), &'static str> {
        let provider = &provider.0;
        if self.client_id != provider.client_id {
            return Err("The application is not known here.");
        }
        if self.redirect_uri != provider.redirect.as_str() {
            return Err("The application has not registered the page that it wants you sent to.");
        }
        if self.response_type != "code" {
            return Err("Only the authorization code flow is supported here.");
        }
        if !self.scope.split(' ').any(|scope| scope == "openid") {
            return Err("The application does not ask for OpenID Connect.");
        }
        let method = self.code_challenge_method.as_deref();
        if self.code_challenge.is_some() && method != Some("S256") {
            return Err("The application's code challenge is not S256.");
        }
        Ok(())
    }
}
