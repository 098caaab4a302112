#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod challenge;
mod configuration;
mod connect;
mod failure;
#[cfg(fuzzing)]
pub mod fuzzing;
mod listing;
mod names;
mod result;
mod schema;
mod server;
mod source;
mod tool;
mod wire;

pub use crate::{configuration::McpServers, source::McpTools};
