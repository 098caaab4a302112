//! The table of vectors.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// Whose token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A load balancer's.
    Alb,
    /// An issuer's, found by discovery.
    Bearer,
    /// Microsoft Entra ID's.
    Entra,
}

/// One token, how it is sent, and what is to be made of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    /// What it is called.
    pub name: String,
    /// Whose token it is.
    pub kind: Kind,
    /// Why it is to be accepted or refused.
    pub why: String,
    /// `User`, `Unavailable`, or the name of the rule that it breaks.
    pub expect: String,

    #[serde(default)]
    pub(crate) header: Map<String, Value>,
    #[serde(default)]
    pub(crate) payload: Map<String, Value>,
    #[serde(default)]
    pub(crate) without: Vec<String>,
    pub(crate) header_text: Option<String>,
    pub(crate) payload_text: Option<String>,
    #[serde(default)]
    pub(crate) header_suffix: String,
    #[serde(default)]
    pub(crate) payload_suffix: String,
    pub(crate) header_hex: Option<String>,
    pub(crate) payload_hex: Option<String>,
    pub(crate) base64: Option<Base64>,
    pub(crate) key: Option<String>,
    pub(crate) alg: Option<String>,
    pub(crate) signature: Option<String>,
    pub(crate) signed_payload: Option<Map<String, Value>>,
    #[serde(default)]
    pub(crate) edit: BTreeMap<String, String>,
    pub(crate) form: Option<String>,
    pub(crate) send: Option<Vec<(String, String)>>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Base64 {
    Padded,
    Plain,
}

/// Every vector.
///
/// # Panics
/// When the table can't be read.
#[must_use]
#[expect(clippy::expect_used, reason = "a table that can't be read must fail the tests")]
pub fn all() -> Vec<Vector> {
    serde_json::from_str(include_str!("../../tests/vectors.json")).expect("vectors.json")
}
