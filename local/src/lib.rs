#![doc = include_str!("../README.md")]

pub mod access_token;
pub mod attacks;
pub mod binaries;
pub mod browser;
mod concealed;
pub mod environment;
pub mod events;
pub mod faults;
pub mod greeting;
pub mod inspector;
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
