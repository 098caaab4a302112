//! Each stand-in, used by an official client.
#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

mod agentcore;
mod faults;
mod github;
mod lambda;
mod processes;
mod s3;
