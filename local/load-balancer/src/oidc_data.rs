//! `x-amzn-oidc-data`, signed anew for each request.
//!
//! Elastic Load Balancing, "User claims encoding and signature verification". Real tokens repeat
//! `exp` and `iss` in the payload.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use development_key::Keyring;
use serde_json::{Value, json};

use super::OidcClient;
use crate::ARN;

const LIFETIME: Duration = Duration::from_secs(120);

/// The header's value for a person with these `claims`.
pub(super) fn sign(keys: &Keyring, claims: &Value, client: &OidcClient, now: SystemTime) -> String {
    let exp = (now.duration_since(UNIX_EPOCH).unwrap_or_default() + LIFETIME).as_secs();
    let header = json!({
        "typ": "JWT", "alg": "ES256", "exp": exp,
        "iss": client.issuer, "client": client.client_id, "signer": ARN,
    });
    let mut payload = claims.clone();
    payload["exp"] = exp.into();
    payload["iss"] = client.issuer.as_str().into();
    keys.sign(header, &payload)
}
