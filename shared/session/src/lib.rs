#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod conversation;
mod error;
mod key;
mod store;

pub use conversation::{
    Block, Call, CallState, Conversation, Interrupt, Message, Pending, Role, ToolOutput,
    ToolResult, ToolStatus, ToolUse,
};
pub use error::SessionError;
pub use key::{InvalidSessionId, SessionId};
pub use store::{Loaded, Sessions};
