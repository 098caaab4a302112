//! Credential providers: an authorization server, and a client that is registered there.
//!
//! Source: `CreateOauth2CredentialProvider` of the control plane's service model, and RFC 6749,
//! section 4.1.1, for the authorization request.

use std::{collections::BTreeMap, time::SystemTime};

use serde_json::{Value, json};
use url::Url;
use uuid::{Builder, Uuid};

use super::limits::{ParameterName, ParameterValue, Scope};

/// The kinds of provider that this stand-in has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Vendor {
    GithubOauth2,
    CustomOauth2,
}

impl Vendor {
    /// The vendor's name in the service model.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::GithubOauth2 => "GithubOauth2",
            Self::CustomOauth2 => "CustomOauth2",
        }
    }
}

/// How a client authenticates at a token endpoint (RFC 6749, section 2.3.1).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ClientAuthentication {
    Basic,
    Post,
}

/// The endpoints of an authorization server, as in its metadata (RFC 8414).
#[derive(Clone)]
pub(super) struct Endpoints {
    pub(super) issuer: String,
    pub(super) authorization: Url,
    pub(super) token: Url,
}

impl Endpoints {
    /// GitHub's, which is at `github`.
    pub(super) fn github(github: &Url) -> Self {
        Self::at(github, "/login/oauth/authorize", "/login/oauth/access_token")
    }

    /// Those of the built-in consent page of a stand-in at `base`.
    pub(super) fn built_in(base: &Url) -> Self {
        Self::at(base, "/stand-in/authorize", "/stand-in/token")
    }

    pub(super) fn at(origin: &Url, authorization: &str, token: &str) -> Self {
        let at = |path: &str| {
            let mut url = origin.clone();
            url.set_path(path);
            url
        };
        let issuer = origin.as_str().trim_end_matches('/').to_owned();
        Self { issuer, authorization: at(authorization), token: at(token) }
    }

    /// As `oauthDiscovery` shows them.
    pub(super) fn as_discovery(&self) -> Value {
        json!({ "authorizationServerMetadata": {
            "issuer": self.issuer,
            "authorizationEndpoint": self.authorization,
            "tokenEndpoint": self.token,
        } })
    }
}

/// A provider and the client that was registered there.
#[derive(Clone)]
pub(super) struct Provider {
    pub(super) vendor: Vendor,
    pub(super) client_id: String,
    pub(super) client_secret: String,
    pub(super) client_authentication: ClientAuthentication,
    pub(super) endpoints: Endpoints,
    /// `oauthDiscovery`, as the control plane shows it.
    pub(super) discovery: Value,
    pub(super) callback_id: Uuid,
    pub(super) created: SystemTime,
    pub(super) updated: SystemTime,
}

impl Provider {
    /// A provider with these endpoints, and with a callback of its own.
    pub(super) fn new(
        vendor: Vendor,
        name: &str,
        endpoints: Endpoints,
        (client_id, client_secret): (String, String),
        now: SystemTime,
    ) -> Self {
        let discovery = endpoints.as_discovery();
        Self {
            vendor,
            client_id,
            client_secret,
            client_authentication: ClientAuthentication::Post,
            endpoints,
            discovery,
            callback_id: callback_id(name),
            created: now,
            updated: now,
        }
    }

    /// The callback to register with the provider, for a service at `base`.
    pub(super) fn callback(&self, base: &Url) -> Url {
        let mut callback = base.clone();
        callback.set_path(&format!("/identities/oauth2/callback/{}", self.callback_id));
        callback
    }

    /// Returns the authorization request. `more` is added, but overrides no parameter of OAuth.
    pub(super) fn authorization_request(
        &self,
        base: &Url,
        scopes: &[Scope],
        state: &str,
        more: &BTreeMap<ParameterName, ParameterValue>,
    ) -> Url {
        let scopes: Vec<&str> = scopes.iter().map(|scope| &**scope).collect();
        let callback = self.callback(base);
        let standard = [
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", callback.as_str()),
            ("scope", &scopes.join(" ")),
            ("state", state),
        ];
        let is_standard = |name: &str| standard.iter().any(|(it, _)| *it == name);
        let more = more.iter().map(|(name, value)| (&**name, &**value));
        let mut url = self.endpoints.authorization.clone();
        url.query_pairs_mut()
            .extend_pairs(standard)
            .extend_pairs(more.filter(|(name, _)| !is_standard(name)));
        url
    }
}

/// Returns the id in a provider's callback. It is a hash of the provider's name (FNV-1a, 128 bits),
/// so that a callback that is registered at a real provider stays valid after a restart.
pub(super) fn callback_id(name: &str) -> Uuid {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let hash =
        name.bytes().fold(OFFSET, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME));
    Builder::from_random_bytes(hash.to_be_bytes()).into_uuid()
}

/// The providers by name.
pub(super) type Providers = BTreeMap<String, Provider>;
