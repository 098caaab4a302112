//! AgentCore Identity's stand-in, seen by the official SDK and by a browser, with GitHub's
//! stand-in as the provider.

mod api_keys;
mod consent;
mod control_plane;
mod expiry;
mod openid;
mod pages;
mod refusals;
mod vault;
mod world;
