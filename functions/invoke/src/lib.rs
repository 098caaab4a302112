//! The agentic workload: runs the agent for a signed-in user.
//!
//! It can read a user's tokens, after the user has consented, and never bind one; that is the
//! Session Binding Service's part.
#![warn(missing_docs)]

mod answer;
mod chat;
mod clients;
mod consent_page;
mod deadline;
mod docs;
mod invocation;
mod limits;
pub mod openapi;
mod ping;
mod routes;
mod sessions;
mod settings;
mod sign_out;
mod turn_problem;
mod turns;

use std::{sync::Arc, time::SystemTime};

use agent::{granted_sets::GrantedSets, tool::ToolSource};
use bytes::Bytes;
use clock::Clock;
use lambda_http::Request;
use service::{
    ConfigError, Handler, Source,
    shell::{Function, ReplyFuture},
};
use tokio::sync::OnceCell;
use tools_github::GitHubTools;

pub use crate::settings::{CONVERSATIONS, GITHUB, MODEL, TURNS};
use crate::{clients::Clients, limits::Limits, settings::Settings};

/// The handler; cheap to clone.
pub type Invoke = Handler<Service>;

/// What the handler is made of.
#[derive(Debug)]
pub struct Service {
    settings: Settings,
    sources: Vec<Arc<dyn ToolSource>>,
    granted_sets: GrantedSets,
    clients: OnceCell<Clients>,
    limits: Limits,
    /// The OpenAPI document, made when it is first asked for.
    description: OnceCell<Bytes>,
    started: SystemTime,
}

impl Service {
    /// The workload with custom tools after GitHub's.
    ///
    /// # Errors
    /// When variables are missing or malformed; the error names all of them.
    pub fn with_tools(
        source: &dyn Source,
        clock: Clock,
        tools: Vec<Arc<dyn ToolSource>>,
    ) -> Result<Self, ConfigError> {
        let mut service = Self::new(source, clock)?;
        service.sources.extend(tools);
        Ok(service)
    }

    async fn clients(&self) -> &Clients {
        self.clients.get_or_init(|| Clients::new(&self.settings)).await
    }
}

impl Function for Service {
    fn new(source: &dyn Source, clock: Clock) -> Result<Self, ConfigError> {
        let started = clock.now();
        let settings = Settings::read(source, clock)?;
        let github =
            GitHubTools::new(settings.github.api.clone(), settings.github.provider.clone());
        let limits = Limits::new(&settings.turns);
        Ok(Self {
            settings,
            sources: vec![Arc::new(github)],
            granted_sets: GrantedSets::new(),
            clients: OnceCell::new(),
            limits,
            description: OnceCell::new(),
            started,
        })
    }

    async fn prepare(self: Arc<Self>) {
        let clients = async { self.clients().await.open_connections(&self.settings).await };
        tokio::join!(self.settings.inbound.authenticator.connect(), clients);
    }

    fn answer(self: Arc<Self>, request: Request) -> ReplyFuture {
        Box::pin(async move { Ok(routes::answer(&self, request).await) })
    }
}
