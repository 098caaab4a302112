//! The stand-ins' clock, which the handlers in this process share: a test can let ten minutes pass.

pub use ::clock::Clock;
