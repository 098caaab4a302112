//! An unfinished turn: what it waits for, and what it has started.
//!
//! It is stored beside the messages, so that the messages are always whole turns. A call that
//! changes something is marked [`Started`](CallState::Started) by a conditional write *before* it is
//! made: of several requests that try, one succeeds. A mark without a result means that the call may
//! have been made, and it is never made again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::message::{Decision, Message, ToolResult};

/// A turn that is not finished.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    /// The turn so far. It begins with the user's message and ends with the model's message whose
    /// calls are in `calls`, or with their results if the model could not be asked.
    pub turn: Vec<Message>,
    /// Every call of the model's last message, in its order. Empty once all are answered.
    pub calls: Vec<Call>,
}

/// One call of an unfinished turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// The model's id of this call.
    pub tool_use_id: String,
    /// How far it is.
    pub state: CallState,
}

/// How far a call is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CallState {
    /// Nothing has been done about it.
    Untried,
    /// It needs a consent first.
    Waiting(Wait),
    /// It changes something, and waits for the user's approval.
    Unconfirmed(Confirmation),
    /// It changes something, and a request has taken it on. Never made again.
    #[serde(rename_all = "camelCase")]
    Started {
        /// Until when that request may be at work, in Unix seconds. After that nobody is.
        until: u64,
        /// The user's approval.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        decision: Option<Decision>,
    },
    /// It was answered.
    Finished(ToolResult),
}

/// A consent that a call needs. Holds no link: each answer to the user gets a fresh one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wait {
    /// Names the interrupt towards the user; the same for all calls that one consent is for.
    pub interrupt: String,
    /// The credential provider. `None` in what was saved when there was one provider only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// What the token must allow.
    pub scopes: Vec<String>,
    /// The fingerprints of the tokens that the provider refused, separated by spaces, if the consent
    /// was forced. Another
    /// refusal after it is an error, and not another consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// An approval that a call needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Confirmation {
    /// Names the interrupt towards the user; random, and never shown to the model.
    pub interrupt: String,
    /// The provider's account that would do it.
    pub account: String,
    /// What the user checks besides the input, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, String>,
    /// What exactly is to be approved, as a hash.
    pub digest: String,
    /// When an approval no longer counts, in Unix seconds.
    pub expires: u64,
}
