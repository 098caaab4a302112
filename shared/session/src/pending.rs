//! An unfinished turn: what it waits for, and what it has started.
//!
//! It is stored beside the messages, so that the messages are always whole turns. A call that
//! changes something is marked [`Started`](CallState::Started) by a conditional write *before* it is
//! made: of several requests that try, one succeeds. A mark without a result means that the call may
//! have been made, and it is never made again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

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
    /// Its server wants to know something of the user before it goes on.
    Asking(Box<Asking>),
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

/// What a call's server wants to know of the user before it goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asking {
    /// Who asks, as the operator has named it.
    pub server: String,
    /// What.
    pub questions: Vec<Question>,
    /// The server's own state, which goes back to it unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// How often the call has asked, this time included.
    pub rounds: u32,
    /// The user's approval of the change, with which it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approved>,
    /// What the user has said to the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
}

/// One question of a server's to the user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Question {
    /// Names the interrupt towards the user; random, and never shown to the model.
    pub interrupt: String,
    /// What the server calls it.
    pub key: String,
    /// What the server says to the user.
    pub message: String,
    /// What it wants.
    pub kind: QuestionKind,
    /// The user's answer, as MCP's `ElicitResult`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Value>,
}

/// What a question wants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum QuestionKind {
    /// Values, by this JSON Schema: an object of plain members.
    Form(Value),
    /// A visit to the page at this address.
    Page(String),
}

/// An action that the user has approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    /// The interrupt that they answered.
    pub interrupt: String,
    /// What exactly they approved, as a hash.
    pub digest: String,
}
