#![doc = include_str!("../README.md")]

pub mod page;
mod token;

pub use clock::Clock;
pub use token::random_token;

/// The region that every stand-in claims to be in.
pub const REGION: &str = "eu-central-1";
/// The account that every stand-in claims to be.
pub const ACCOUNT: &str = "000000000000";

/// The target of the events that tell a person at the terminal what a stand-in sees.
pub const STEP: &str = "step";
/// The target of those steps that hold the words of a person or of the model, or a name that may be
/// private: for the terminal of the person who runs this, and for no log.
pub const SAID: &str = "said";
