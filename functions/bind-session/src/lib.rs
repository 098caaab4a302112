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
mod state;

use std::sync::Arc;

use clock::Clock;
use edge::{
    ConfigError, Handler, Inbound, Reader, Source,
    aws::{Aws, AwsEndpoint},
    connection::Preconnect,
    shell::{Function, ReplyFuture},
};
use lambda_http::Request;
use tokio::sync::OnceCell;

pub use crate::state::Service;

/// The handler; cheap to clone.
pub type BindSession = Handler<Service>;

impl Function for Service {
    const NAME: &'static str = "bind-session";

    fn new(source: &dyn Source, clock: Clock) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(source);
        let inbound = Inbound::read(&mut reader, clock);
        let identity = AwsEndpoint::identity(&mut reader);
        let aws = Aws::read(&mut reader);
        let (inbound, identity) = reader.finish(inbound.zip(identity))?;
        Ok(Self { inbound, aws, identity, binder: OnceCell::new() })
    }

    async fn prepare(self: Arc<Self>) {
        let identity = async {
            let nothing = self.binder().await.client().complete_resource_token_auth();
            let _refused = nothing.customize().interceptor(Preconnect).send().await;
        };
        tokio::join!(self.inbound.authenticator.connect(), identity);
    }

    fn answer(self: Arc<Self>, request: Request) -> ReplyFuture {
        Box::pin(async move { Ok(routes::answer(&self, request).await) })
    }
}
