//! What an application sends that received the return URL of a consent itself, and what it is
//! answered: described in the OpenAPI document, which another service publishes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the browser brought back from its consent, none of it believed.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ReturnedConsent {
    /// `session_id` of the return URL.
    pub session_id: String,
    /// `state` of the return URL.
    pub state: String,
    /// The parameter `flow` of the interrupt's `url`.
    pub flow: String,
}

/// How a consent ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Connection {
    /// It counts from now on.
    Connected,
    /// It counted before.
    AlreadyConnected,
}

impl Connection {
    /// The result as it is sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::AlreadyConnected => "already_connected",
        }
    }
}

/// The answer to a consent that counts.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsentResult {
    /// How it ended.
    pub result: Connection,
    /// The same for a person.
    pub detail: String,
}
