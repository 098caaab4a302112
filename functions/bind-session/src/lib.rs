//! The Session Binding Service: the page a browser lands on after consent.
//!
//! It makes sure that the person who consented is the person who asked, in the browser that
//! asked and for the flow that was asked for, and only then completes the flow at AgentCore
//! Identity. It can bind a token and never read one.
#![warn(missing_docs)]

mod binding;
mod callback;
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

use clock::Clock;
use service::{
    ConfigError, Inbound, Reader, Reply, Source,
    aws::{Aws, Place},
    connection::Bare,
};
use tokio::{sync::OnceCell, task::JoinError};
use tracing::Instrument;
use vault::SessionBinder;

/// The handler; cheap to clone.
#[derive(Debug, Clone)]
pub struct BindSession(Arc<Service>);

#[derive(Debug)]
struct Service {
    inbound: Inbound,
    aws: Aws,
    identity: Place,
    binder: OnceCell<SessionBinder>,
}

impl Service {
    /// AgentCore Identity. Its client is made at first use: a start, a health check or a refused
    /// visit needs none.
    async fn binder(&self) -> &SessionBinder {
        let binder = || async {
            let config = self.identity.within(&self.aws.load().await);
            SessionBinder::new(aws_sdk_bedrockagentcore::Client::new(&config))
        };
        self.binder.get_or_init(binder).await
    }
}

impl BindSession {
    /// Reads the configuration and makes the handler; nothing goes over the network.
    ///
    /// # Errors
    /// When variables are missing or malformed; the error names all of them.
    pub fn start(source: &dyn Source) -> Result<Self, ConfigError> {
        Self::start_by(source, Clock::system())
    }

    /// As [`start`](Self::start), with another clock than the machine's.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_by(source: &dyn Source, clock: Clock) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(source);
        let inbound = Inbound::read(&mut reader, clock);
        let identity = Place::read(&mut reader, "IDENTITY_REGION", "BEDROCK_AGENTCORE");
        let (inbound, identity) = reader.finish(inbound.zip(identity))?;
        let (aws, binder) = (Aws::read(source), OnceCell::new());
        Ok(Self(Arc::new(Service { inbound, aws, identity, binder })))
    }

    /// Makes ready what a binding will use, its connection too, before there is one.
    pub fn prepare(&self) -> impl Future<Output = ()> + Send + use<> {
        let service = Arc::clone(&self.0);
        async move {
            let identity = async {
                let nothing = service.binder().await.client().complete_resource_token_auth();
                let _refused = nothing.customize().interceptor(Bare).send().await;
            };
            tokio::join!(service.inbound.authenticator.connect(), identity);
        }
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
