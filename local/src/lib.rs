//! A stand-in for AWS on one machine, for development and tests.

pub mod addresses;
pub mod agentcore;
pub mod bedrock;
pub mod binaries;
pub mod clock;
pub mod development_key;
pub mod environment;
pub mod events;
pub mod github;
pub mod greeting;
pub mod identity_provider;
pub mod lambda;
pub mod load_balancer;
pub mod narration;
pub mod options;
mod page;
pub mod process;
pub mod proxies;
pub mod public_keys;
pub mod running;
pub mod s3;
pub mod signing_in;

pub use running::{Running, StartError, start};
