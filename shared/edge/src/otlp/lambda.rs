//! On Lambda, spans and measurements are sent after each answer and before the next invocation is asked for, between which the
//! environment is frozen.
//!
//! The runtime calls this around a whole invocation: what it wraps has sent the answer when it is done, so
//! that no caller waits for a collector (AWS Lambda Developer Guide, "Building a custom runtime": the answer
//! is the caller's once it is posted, and the invocation ends with the next `GET …/invocation/next`). An
//! internal extension would wait for the same moment, with a registration at start and a poll more for each
//! invocation.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use lambda_http::{
    lambda_runtime::LambdaInvocation,
    tower::{Layer, Service},
};

use super::Otlp;

/// Wraps invocations.
#[derive(Debug, Clone)]
pub(crate) struct Flush(pub(crate) Otlp);

impl<S> Layer<S> for Flush {
    type Service = Flushing<S>;

    fn layer(&self, inner: S) -> Flushing<S> {
        Flushing { inner, otlp: self.0.clone() }
    }
}

/// Runs an invocation by `inner`, and flushes then.
#[derive(Debug, Clone)]
pub(crate) struct Flushing<S> {
    inner: S,
    otlp: Otlp,
}

impl<S> Service<LambdaInvocation> for Flushing<S>
where
    S: Service<LambdaInvocation, Response = (), Error = lambda_http::Error>,
    S::Future: Send + 'static,
{
    type Response = ();
    type Error = lambda_http::Error;
    type Future = Pin<Box<dyn Future<Output = Result<(), lambda_http::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        let (answered, otlp) = (self.inner.call(invocation), self.otlp.clone());
        Box::pin(async move {
            let answered = answered.await;
            otlp.flush().await;
            answered
        })
    }
}
