//! What the service holds between requests.

use std::{sync::Arc, time::SystemTime};

use agent::{
    consent::{Asker, Authorizer},
    granted_sets::GrantedSets,
    model::Model,
    tool::ToolSource,
};
use bytes::Bytes;
use clock::Clock;
use edge::{ConfigError, Source, shell::Function};
use futures_util::future::join_all;
use tokio::{
    sync::OnceCell,
    time::{Instant, timeout_at},
};

use crate::{clients::Clients, limits::Limits, settings::Settings};

/// What the handler is made of.
#[derive(Debug)]
pub struct Service {
    pub(crate) settings: Settings,
    pub(crate) sources: Vec<Arc<dyn ToolSource>>,
    pub(crate) granted_sets: GrantedSets,
    pub(crate) clients: OnceCell<Clients>,
    /// In place of the model that is configured.
    pub(crate) model: Option<Arc<dyn Model>>,
    pub(crate) limits: Limits,
    /// The OpenAPI document, made when it is first asked for.
    pub(crate) description: OnceCell<Bytes>,
    pub(crate) started: SystemTime,
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

    /// The same with a custom model in place of the one that is configured. Another agent loop is one,
    /// too, as long as it leaves the calls to this service.
    ///
    /// # Errors
    /// As [`with_tools`](Self::with_tools).
    pub fn with_model(
        source: &dyn Source,
        clock: Clock,
        tools: Vec<Arc<dyn ToolSource>>,
        model: Arc<dyn Model>,
    ) -> Result<Self, ConfigError> {
        let mut service = Self::with_tools(source, clock, tools)?;
        service.model = Some(model);
        Ok(service)
    }

    /// Asks the vault for the tokens of `asker`.
    pub(crate) fn authorizer<'a>(
        &'a self,
        clients: &'a Clients,
        asker: Asker<'a>,
    ) -> Authorizer<'a> {
        Authorizer {
            vault: &clients.vault,
            keys: &self.settings.inbound.consent_keys,
            clock: &self.settings.inbound.clock,
            asker,
            granted_sets: &self.granted_sets,
            sessions: &clients.sessions,
        }
    }

    /// Finds out which tools other servers have for the asker, as far as that is known by `deadline`: what
    /// is not is found out by a call.
    pub(crate) async fn learn(&self, authorizer: &Authorizer<'_>, deadline: Instant) {
        let learned = join_all(self.sources.iter().map(|source| source.learn(authorizer)));
        let _in_time = timeout_at(deadline, learned).await;
    }

    pub(crate) async fn clients(&self) -> &Clients {
        let make = || Box::pin(Clients::new(&self.settings, self.model.clone()));
        self.clients.get_or_init(make).await
    }
}
