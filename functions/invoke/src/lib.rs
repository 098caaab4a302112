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
mod sign_out;
mod turn_problem;
mod turns;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use agent::{granted_sets::GrantedSets, provider::Provider, tool::ToolSource};
use bytes::Bytes;
use clock::Clock;
use lambda_http::Request;
use service::{
    ConfigError, Handler, Inbound, Reader, Source,
    aws::{Aws, Place},
    environment::{parsed, switch, text},
    shell::{Function, ReplyFuture},
};
use session::ContextTokens;
use tokio::sync::OnceCell;
use tools_github::GitHubTools;
use url::Url;
use vault::endpoint;

use crate::{
    clients::Clients,
    limits::{Limits, at_least},
};

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

/// This service's own variables; what both services read is in [`Inbound`].
#[derive(Debug)]
struct Settings {
    inbound: Inbound,
    aws: Aws,
    bucket: String,
    imports_strands: bool,
    model_id: String,
    context: ContextTokens,
    turn_limit: Duration,
    most_bytes: usize,
    turns: usize,
    turns_per_user: usize,
    tokens_per_day: u64,
    github: Provider,
    github_api: Url,
    confirm_actions: bool,
    identity: Place,
    s3: Place,
    bedrock: Place,
}

impl Settings {
    fn read(source: &dyn Source, clock: Clock) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(source);
        let inbound = Inbound::read(&mut reader, clock);
        let bucket = reader.required("SESSION_BUCKET", text);
        let imports_strands = reader.or("IMPORT_STRANDS_SESSIONS", "off", switch);
        let model_id = reader.required("MODEL_ID", text);
        let context = reader.or("MAX_CONTEXT_TOKENS", "100000", parsed::<ContextTokens>);
        let turn_limit = reader.or("TURN_SECONDS", "60", deadline::limit);
        let most_bytes = reader.or("MAX_CONVERSATION_BYTES", "2097152", at_least::<65_536, _>);
        let turns = reader.or("MAX_TURNS", "64", at_least::<1, _>);
        let turns_per_user = reader.or("MAX_TURNS_PER_USER", "4", at_least::<1, _>);
        let tokens_per_day = reader.or("USER_TOKENS_PER_DAY", "0", at_least::<0, _>);
        let github = reader.or("GITHUB_PROVIDER_NAME", "github", tools_github::provider);
        let github_api = reader.or("GITHUB_API_URL", "https://api.github.com", endpoint);
        let confirm_actions = reader.or("CONFIRM_ACTIONS", "on", switch);
        let identity = Place::read(&mut reader, "IDENTITY_REGION", "BEDROCK_AGENTCORE");
        let s3 = Place::read(&mut reader, "AWS_REGION", "S3");
        let bedrock = Place::read(&mut reader, "AWS_REGION", "BEDROCK_RUNTIME");
        let read = || {
            Some(Self {
                inbound: inbound?,
                aws: Aws::read(source),
                bucket: bucket?,
                imports_strands: imports_strands?,
                model_id: model_id?,
                context: context?,
                turn_limit: turn_limit?,
                most_bytes: most_bytes?,
                turns: turns?,
                turns_per_user: turns_per_user?,
                tokens_per_day: tokens_per_day?,
                github: github?,
                github_api: github_api?,
                confirm_actions: confirm_actions?,
                identity: identity?,
                s3: s3?,
                bedrock: bedrock?,
            })
        };
        let settings = read();
        reader.finish(settings)
    }
}

impl Function for Service {
    fn new(source: &dyn Source, clock: Clock) -> Result<Self, ConfigError> {
        let started = clock.now();
        let settings = Settings::read(source, clock)?;
        let github = GitHubTools::new(settings.github_api.clone(), settings.github.clone());
        let Settings { turns, turns_per_user, tokens_per_day, .. } = settings;
        Ok(Self {
            settings,
            sources: vec![Arc::new(github)],
            granted_sets: GrantedSets::new(),
            clients: OnceCell::new(),
            limits: Limits::new(turns, turns_per_user, tokens_per_day),
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

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, time::Duration};

    use session::ContextTokens;

    use super::{ConfigError, Settings};
    use clock::Clock;

    /// The least configuration, and `more`.
    pub(crate) fn read(more: &[(&str, &str)]) -> Result<Settings, ConfigError> {
        let least = [
            ("AWS_REGION", "eu-central-1"),
            ("ALB_ARN", "arn:aws:elasticloadbalancing:eu-central-1:0:loadbalancer/app/a/b"),
            ("OIDC_ISSUER", "https://issuer.example"),
            ("OIDC_CLIENT_ID", "client"),
            ("SESSION_BINDING_URL", "https://app.example/oauth2/session-binding"),
            ("CONSENT_KEY", "0123456789abcdef0123456789abcdef"),
            ("WORKLOAD_IDENTITY_NAME", "countersign"),
            ("SESSION_BUCKET", "bucket"),
            ("MODEL_ID", "model"),
        ];
        let pairs = least.iter().chain(more);
        let source: BTreeMap<_, _> =
            pairs.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Settings::read(&source, Clock::system())
    }

    #[test]
    fn actions_are_confirmed_unless_that_is_switched_off() {
        assert!(read(&[]).unwrap().confirm_actions);
        assert!(!read(&[("CONFIRM_ACTIONS", "off")]).unwrap().confirm_actions);
        let error = read(&[("CONFIRM_ACTIONS", "no")]).err().unwrap().to_string();
        assert!(error.contains("CONFIRM_ACTIONS"), "{error}");
    }

    #[test]
    fn a_turn_may_take_as_long_as_configured() {
        assert_eq!(read(&[]).unwrap().turn_limit, Duration::from_secs(60));
        let settings = read(&[("TURN_SECONDS", "300")]).unwrap();
        assert_eq!(settings.turn_limit, Duration::from_secs(300));
        for wrong in ["0", "900", "a minute"] {
            let error = read(&[("TURN_SECONDS", wrong)]).err().unwrap().to_string();
            assert!(error.contains("TURN_SECONDS") && error.contains("1 to 890"), "{error}");
        }
    }

    #[test]
    fn sessions_are_imported_and_the_context_is_limited_as_configured() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.context, "100000".parse::<ContextTokens>().unwrap());
        assert!(!settings.imports_strands);
        let more = [("MAX_CONTEXT_TOKENS", "5000"), ("IMPORT_STRANDS_SESSIONS", "on")];
        let settings = read(&more).unwrap();
        assert_eq!(settings.context, "5000".parse::<ContextTokens>().unwrap());
        assert!(settings.imports_strands);
        let wrong = [("MAX_CONTEXT_TOKENS", "5"), ("IMPORT_STRANDS_SESSIONS", "yes")];
        let error = read(&wrong).err().unwrap().to_string();
        for (name, _) in wrong {
            assert!(error.contains(name), "{error}");
        }
    }
}
