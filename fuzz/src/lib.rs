#![doc = include_str!("../README.md")]
#![warn(missing_docs)]
#![expect(clippy::expect_used, reason = "a target fails by a panic")]

#[cfg(fuzzing)]
mod agui;
mod cookie;
mod event;
#[cfg(fuzzing)]
mod mcp;
mod service;
mod token;

pub use token::{ISSUER, NOW};

/// The target that is called `name`.
#[must_use]
pub fn target(name: &str) -> Option<fn(&[u8])> {
    Some(match name {
        "token" => token::run,
        "cookie" => cookie::run,
        "event" => event::run,
        #[cfg(fuzzing)]
        "agui" => agui::run,
        #[cfg(fuzzing)]
        "mcp" => mcp::run,
        _ => return None,
    })
}
