#![doc = include_str!("../README.md")]

pub mod attacks;
pub mod binaries;
pub mod browser;
pub mod environment;
pub mod events;
pub mod greeting;
pub mod narration;
pub mod options;
pub mod parts;
mod platforms;
pub mod process;
pub mod proxies;
pub mod running;
mod serving;
pub mod signing_in;
mod start_error;

pub use running::{Running, start};
pub use start_error::StartError;
