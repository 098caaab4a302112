//! The agentic workload: runs the agent for a signed-in user.
//!
//! It can read a user's tokens, after the user has consented, and never bind one; that is the
//! Session Binding Service's part.
#![warn(missing_docs)]

mod agui;
mod answer;
mod assets;
mod chat;
mod client_consent;
mod clients;
mod connections;
mod consent_page;
mod deadline;
mod docs;
#[cfg(fuzzing)]
pub mod fuzzing;
mod heard;
mod invocation;
mod limits;
mod mcp;
pub mod openapi;
mod ping;
mod routes;
mod runtime_session;
mod sessions;
mod settings;
mod sign_out;
mod state;
mod transcript;
mod turn_problem;
mod turns;

use std::sync::Arc;

use agent::{granted_sets::GrantedSets, tool::ToolSource};
use clock::Clock;
use edge::{
    ConfigError, Handler, Source,
    shell::{Function, ReplyFuture},
};
use lambda_http::Request;
use tokio::sync::OnceCell;
use tools_github::GitHubTools;
use tools_mcp::McpTools;

use crate::{limits::Limits, settings::Settings};
pub use crate::{
    settings::{CONVERSATIONS, GITHUB, MCP, MODEL, OTHER_AGENTS, PRESENTATION, TURNS},
    state::Service,
};

/// The handler; cheap to clone.
pub type Invoke = Handler<Service>;

impl Function for Service {
    const NAME: &'static str = "invoke";

    fn new(source: &dyn Source, clock: Clock) -> Result<Self, ConfigError> {
        let started = clock.now();
        let settings = Settings::read(source, clock)?;
        let settings::GitHub { provider, app, api } = &settings.github;
        let github = GitHubTools::new(api.clone(), Arc::clone(provider), app.clone());
        let mcp: Arc<dyn ToolSource> = Arc::<McpTools>::clone(&settings.mcp);
        let limits = Limits::new(&settings.turns, settings.inbound.clock.clone());
        Ok(Self {
            settings,
            sources: vec![Arc::new(github), mcp],
            granted_sets: GrantedSets::new(),
            clients: OnceCell::new(),
            model: None,
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
