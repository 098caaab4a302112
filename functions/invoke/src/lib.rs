//! stub
use service::{ConfigError, Reply, Source};
use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

/// The handler.
#[derive(Clone, Debug)]
pub struct Invoke;

impl Invoke {
    /// Reads the configuration and makes the handler; no network.
    pub async fn start(_source: &dyn Source) -> Result<Self, ConfigError> {
        Ok(Invoke)
    }
}

impl tower_service::Service<lambda_http::Request> for Invoke {
    type Response = Reply;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Reply, Infallible>> + Send>>;
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }
    fn call(&mut self, _request: lambda_http::Request) -> Self::Future {
        Box::pin(async { std::future::pending().await })
    }
}
