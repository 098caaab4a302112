//! How both services are served.

pub mod environment;

pub use environment::{ConfigError, ProcessEnvironment, Source};

use std::convert::Infallible;

/// What a handler answers: the body is fed as it is made, and never ends in an error, because
/// a platform that collects it (Lambda) has no way left to say so.
pub type Reply = http::Response<http_body_util::combinators::BoxBody<bytes::Bytes, Infallible>>;
