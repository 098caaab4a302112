//! Clients that ask for a consent and are no browser, and what they ask for.

use serde::{Deserialize, Serialize};

/// How many characters of a client's name are kept.
const LONGEST_NAME: usize = 100;

/// What a client calls itself. It chooses its own name, so that this proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientName(String);

impl ClientName {
    /// The first 100 characters of `name`; `unnamed` if nothing is in it.
    #[must_use]
    pub fn shortened(name: &str) -> Self {
        let name: String = name.trim().chars().take(LONGEST_NAME).collect();
        Self(if name.is_empty() { "unnamed".to_owned() } else { name })
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a client asked for, as a person is shown it before they continue the flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientRequest {
    /// Which client.
    #[serde(rename = "n")]
    pub client: ClientName,
    /// What people call the provider.
    #[serde(rename = "p")]
    pub provider: String,
    /// What the consent has to allow.
    #[serde(rename = "s")]
    pub scopes: Vec<String>,
    /// What the person chooses at the provider besides, in words.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::ClientName;

    #[test]
    fn a_name_has_at_most_a_hundred_characters_and_never_none() {
        assert_eq!(ClientName::shortened(&"ü".repeat(200)).as_str(), "ü".repeat(100));
        assert_eq!(ClientName::shortened(" \t").as_str(), "unnamed");
    }
}
