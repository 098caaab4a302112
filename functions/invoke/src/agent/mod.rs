//! The agent: one turn from a user's message to the model's answer, or to something that only
//! the user can do first.
//!
//! What happens next is decided by a state machine without input or output ([`turn`]); a thin
//! loop ([`driver`]) asks the model ([`model`]) and runs the tools ([`tools`], [`github`]) with
//! tokens that it is given ([`tokens`], [`consent`], [`scopes`]). A turn never waits for a
//! person: it pauses, is saved, and is taken up by a later request.

pub(crate) mod consent;
pub(crate) mod driver;
pub(crate) mod error;
pub(crate) mod github;
pub(crate) mod model;
pub(crate) mod plain;
mod scopes;
pub(crate) mod tokens;
pub(crate) mod tools;
pub(crate) mod turn;
