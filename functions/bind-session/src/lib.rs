//! The Session Binding Service: the page a browser lands on after consent.
//!
//! It makes sure that the person who consented is the person who asked, in the browser that
//! asked and for the flow that was asked for, and only then completes the flow at AgentCore
//! Identity. It can bind a token and never read one.
#![warn(missing_docs)]

mod binding;
mod outcome;
mod pages;
mod routes;

use std::{
    convert::Infallible,
    future::Future,
    panic::resume_unwind,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use service::{
    Clock, ConfigError, Inbound, Reader, Reply, Source,
    aws::{Aws, Place},
};
use tokio::task::JoinError;
use tracing::Instrument;
use vault::SessionBinder;

/// The handler; cheap to clone.
#[derive(Debug, Clone)]
pub struct BindSession(Arc<Service>);

#[derive(Debug)]
struct Service {
    inbound: Inbound,
    binder: SessionBinder,
}

impl BindSession {
    /// Reads the configuration and makes the handler; nothing goes over the network.
    ///
    /// # Errors
    /// When variables are missing or malformed; the error names all of them.
    pub async fn start(source: &dyn Source) -> Result<Self, ConfigError> {
        Self::start_by(source, Clock::system()).await
    }

    /// As [`start`](Self::start), with another clock than the machine's.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_by(source: &dyn Source, clock: Clock) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(source);
        let inbound = Inbound::read(&mut reader, clock);
        let identity = Place::read(&mut reader, "IDENTITY_REGION", "BEDROCK_AGENTCORE");
        let (inbound, identity) = reader.finish(inbound.zip(identity))?;
        let config = Aws::load(source).await.at(identity);
        let binder = SessionBinder::new(aws_sdk_bedrockagentcore::Client::new(&config));
        Ok(Self(Arc::new(Service { inbound, binder })))
    }
}

impl tower_service::Service<lambda_http::Request> for BindSession {
    type Response = Reply;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Reply, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    /// Goes on if the visitor hangs up: AgentCore Identity may be binding by then, and the audit
    /// trail has to say so.
    fn call(&mut self, request: lambda_http::Request) -> Self::Future {
        let service = Arc::clone(&self.0);
        let answer = async move { routes::answer(&service, request).await };
        let answer = tokio::spawn(answer.in_current_span());
        Box::pin(async move {
            match answer.await.map_err(JoinError::try_into_panic) {
                Ok(reply) => Ok(reply),
                // A panic is this request's, as it would be without a task of its own.
                Err(Ok(panic)) => resume_unwind(panic),
                // Nothing but the end of the runtime cancels a task.
                Err(Err(_)) => std::future::pending().await,
            }
        })
    }
}
