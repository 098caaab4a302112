//! The stand-ins, seen by official clients.
#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

mod agentcore;
mod github;
mod lambda;
mod processes;
mod s3;
