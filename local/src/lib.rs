//! A stand-in for AWS on one machine, for development and tests.

pub mod addresses;
pub mod agentcore;
pub mod bedrock;
pub mod clock;
pub mod github;
pub mod s3;
