//! Tokens as a load balancer signs them, and as an attacker changes them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use local::{environment, parts::Addresses};
use serde_json::{Value, json};
use url::Url;

/// `x-amzn-oidc-data` as the local load balancer makes it, to be spoilt.
pub(crate) struct Token {
    pub(crate) header: Value,
    pub(crate) payload: Value,
}

impl Token {
    pub(crate) fn new(addresses: &Addresses, person: &str) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let exp = (now + Duration::from_secs(120)).as_secs();
        let issuer = addresses.identity_provider.as_str().trim_end_matches('/');
        Self {
            header: json!({
                "typ": "JWT", "alg": "ES256", "kid": development_key::KEY_ID, "iss": issuer,
                "client": environment::OIDC_CLIENT_ID, "exp": exp,
                "signer": load_balancer_local::ARN,
            }),
            payload: json!({ "sub": person, "exp": exp, "iss": issuer }),
        }
    }

    pub(crate) fn signed(&self) -> String {
        development_key::sign(&self.header, &self.payload)
    }
}

pub(crate) fn host(address: &Url) -> String {
    format!("{}:{}", address.host_str().unwrap_or_default(), address.port().unwrap_or_default())
}
