//! The calendar over real sockets: its authorization server with plain HTTP, its MCP server as JSON-RPC.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod access;
mod authorization;
mod client;
mod events;
mod harness;
mod overlaps;
mod tokens;
