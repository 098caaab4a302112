#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod conversation;
mod error;
mod key;
mod pending;
mod store;

pub use conversation::{
    Block, Conversation, Message, Role, ToolOutput, ToolResult, ToolStatus, ToolUse,
};
pub use error::SessionError;
pub use key::{InvalidSessionId, SessionId};
pub use pending::{Call, CallState, Confirmation, Pending, Wait};
pub use store::{Loaded, Sessions};
