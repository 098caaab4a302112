//! What the end-to-end tests share: a world to act in, and browsers that act.
//!
//! Nothing is mocked: the handlers run as they will, on the platform that a test chooses, behind
//! the local stand-ins, and a browser is an HTTP client that keeps cookies and says where it
//! comes from, as real ones do.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that can't go on has failed")]

mod browser;
mod deployment;
mod described;
mod expect;
pub mod flow;
mod form;
mod logs;
mod machine;
mod mcp;
pub mod openai;
mod proxy;
pub mod terminal;
mod time;
mod workload;
mod world;
mod written;

pub use browser::{Browser, Visit, parameter};
pub use deployment::Deployment;
pub use described::Document;
pub use expect::{assert_says, ok};
pub use form::Form;
pub use logs::Logs;
pub use machine::Machine;
pub use mcp::{Introspection, McpServer};
pub use proxy::{Fate, Gate, Proxy, Seen};
pub use terminal::Terminal;
pub use time::Time;
pub use workload::Workload;
pub use world::{Proxies, Setup, World};
pub use written::secret_in;
