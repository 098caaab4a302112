//! The agentic workload: runs the agent for a signed-in user.
//!
//! It can read a user's tokens, after the user has consented, and never bind one; that is the
//! Session Binding Service's part.
#![warn(missing_docs)]

mod agent;
mod chat;
mod connections;
mod consent_page;
mod docs;
mod invocation;
mod openapi;
mod routes;
mod turns;

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::SystemTime,
};

use service::{
    ConfigError, Inbound, Reader, Reply, Source,
    aws::{Aws, Place},
    environment::text,
};
use session::Sessions;
use url::Url;
use vault::{ProviderName, TokenVault, WorkloadName, endpoint};

use crate::{
    agent::{github::GitHub, model::Model},
    connections::Connections,
};

/// The handler; cheap to clone.
#[derive(Debug, Clone)]
pub struct Invoke(Arc<Service>);

#[derive(Debug)]
struct Service {
    inbound: Inbound,
    sessions: Sessions,
    vault: TokenVault,
    provider: ProviderName,
    github: GitHub,
    model: Model,
    started: SystemTime,
    connections: Connections,
}

/// This service's own variables; what both services read is in [`Inbound`].
struct Settings {
    inbound: Inbound,
    workload: WorkloadName,
    bucket: String,
    model_id: String,
    provider: ProviderName,
    github_api: Url,
    identity: Place,
    s3: Place,
    bedrock: Place,
}

impl Settings {
    fn read(source: &dyn Source) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(source);
        let inbound = Inbound::read(&mut reader);
        let workload = reader.required("WORKLOAD_IDENTITY_NAME", |name| WorkloadName::parse(name));
        let bucket = reader.required("SESSION_BUCKET", text);
        let model_id = reader.required("MODEL_ID", text);
        let provider =
            reader.or("GITHUB_PROVIDER_NAME", "github", |name| ProviderName::parse(name));
        let github_api = reader.or("GITHUB_API_URL", "https://api.github.com", endpoint);
        let identity = Place::read(&mut reader, "IDENTITY_REGION", "BEDROCK_AGENTCORE");
        let s3 = Place::read(&mut reader, "AWS_REGION", "S3");
        let bedrock = Place::read(&mut reader, "AWS_REGION", "BEDROCK_RUNTIME");
        let read = || {
            Some(Self {
                inbound: inbound?,
                workload: workload?,
                bucket: bucket?,
                model_id: model_id?,
                provider: provider?,
                github_api: github_api?,
                identity: identity?,
                s3: s3?,
                bedrock: bedrock?,
            })
        };
        let settings = read();
        reader.finish(settings)
    }
}

impl Invoke {
    /// Reads the configuration and makes the handler; nothing goes over the network.
    ///
    /// # Errors
    /// When variables are missing or malformed; the error names all of them.
    pub async fn start(source: &dyn Source) -> Result<Self, ConfigError> {
        let settings = Settings::read(source)?;
        let aws = Aws::load(source).await;
        let identity = aws_sdk_bedrockagentcore::Client::new(&aws.at(settings.identity));
        let s3 = aws_sdk_s3::Client::new(&aws.at(settings.s3));
        let model = Model::new(&aws.at(settings.bedrock), settings.model_id);
        let return_url = settings.inbound.site.session_binding_url().clone();
        let connections = Connections {
            s3: s3.clone(),
            bucket: settings.bucket.clone(),
            identity: identity.clone(),
            workload: settings.workload.to_string(),
            bedrock: model.client(),
            model: model.id().to_owned(),
        };
        Ok(Self(Arc::new(Service {
            sessions: Sessions::new(s3, settings.bucket),
            vault: TokenVault::new(identity, settings.workload, return_url),
            provider: settings.provider,
            github: GitHub::new(settings.github_api),
            model,
            inbound: settings.inbound,
            started: SystemTime::now(),
            connections,
        })))
    }

    /// Opens the connections that a turn will use, for as long as there is time for it anyway.
    pub fn connect(&self) -> impl Future<Output = ()> + Send + use<> {
        self.0.connections.clone().open()
    }
}

impl tower_service::Service<lambda_http::Request> for Invoke {
    type Response = Reply;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Reply, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: lambda_http::Request) -> Self::Future {
        let service = Arc::clone(&self.0);
        Box::pin(async move { Ok(routes::answer(&service, request).await) })
    }
}
