#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod conversation;
mod draft;
mod error;
mod fault;
mod folded;
mod key;
mod limits;
mod pending;
mod shelf;
mod store;
mod strands;
mod strict;
mod window;

pub use conversation::{
    Block, Conversation, Message, Role, Spent, ToolOutput, ToolResult, ToolStatus, ToolUse,
};
pub use error::SessionError;
pub use key::{InvalidSessionId, SessionId};
pub use limits::{json_bytes, saved_pending, saved_turn, shortened};
pub use pending::{Call, CallState, Confirmation, Pending, Wait};
pub use shelf::{InvalidMark, Listed, Mark, Page};
pub use store::{Loaded, Sessions};
pub use window::{ContextTokens, InvalidContextTokens};
