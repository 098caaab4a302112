#![doc = include_str!("../README.md")]

mod error_chain;
mod other_site;
pub mod page;
mod token;

pub use clock::Clock;
pub use error_chain::error_chain;
pub use other_site::is_of_another_site;
pub use token::random_token;

/// The region in which every stand-in pretends to be.
pub const REGION: &str = "eu-central-1";
/// The AWS account in which every stand-in pretends to be.
pub const ACCOUNT: &str = "000000000000";

/// The target of the log events from which `cargo run -p local` makes a sentence for the terminal.
pub const STEP: &str = "step";
/// The target of those that contain a message of a person or of the model, or a name that may be
/// private: they are for the terminal of the person who runs this, and for no log.
pub const PRIVATE_STEP: &str = "private_step";
