//! The stand-in for AgentCore Identity, used by the official SDK and a browser, with the stand-in for
//! GitHub as the provider.

mod api_keys;
mod consent;
mod control_plane;
mod expiry;
mod openid;
mod pages;
mod refusals;
mod vault;
mod world;
