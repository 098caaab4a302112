//! The calendar over real sockets: its authorization server with plain HTTP, its MCP server as JSON-RPC.

mod authorization;
mod harness;
mod tokens;
