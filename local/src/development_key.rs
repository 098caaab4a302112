//! The development key.

use serde_json::Value;

/// The development key's id.
pub const KEY_ID: &str = "00000000-0000-4000-8000-000000000000";

/// `x-amzn-oidc-data` as a load balancer makes it, of any header and payload.
#[must_use]
pub fn sign(_header: &Value, _payload: &Value) -> String {
    String::new()
}
