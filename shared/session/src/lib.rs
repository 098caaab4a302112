#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod bucket;
mod commit;
mod connection;
mod connection_store;
mod conversation;
mod error;
mod excerpt;
mod json_size;
mod key;
mod limits;
mod listing;
mod loaded;
mod message;
mod message_ids;
mod names;
mod outline;
mod pending;
mod repair;
mod retry;
mod sealing;
mod segment;
mod store;
mod stored;
mod strands;
mod title;
mod well_formed;
mod window;

pub use connection::{BegunFlow, Connection};
pub use connection_store::{Changed, LoadedConnection};
pub use conversation::{Conversation, Spent};
pub use error::SessionError;
pub use excerpt::Excerpt;
pub use json_size::{json_bytes, shortened};
pub use key::{InvalidSessionId, SessionId};
pub use limits::{saved_pending, saved_turn};
pub use listing::{Cursor, InvalidCursor, Listed, Page};
pub use loaded::Loaded;
pub use message::{
    Block, Decision, Message, Reasoning, Role, ToolOutput, ToolResult, ToolStatus, ToolUse,
    WITHHELD,
};
pub use names::{fit_tool_name, is_tool_name};
pub use pending::{
    Approved, Asking, Call, CallState, Confirmation, Pending, Question, QuestionKind, Wait,
};
pub use store::Sessions;
pub use window::{ContextTokens, InvalidContextTokens};
