//! What a user has connected at credential providers: listing that, and disconnecting one.
//!
//! AgentCore Identity's vault has no operation that deletes a user's grant. So a disconnect is remembered
//! (see [`session::Connection`]), and after that the provider is asked to revoke what the vault had.

mod disconnect;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use agent::{
    account::{Account, AccountApi, AccountUnknown},
    consent::{Asker, Authorizer, Origin, StoredToken},
    error::TurnError,
    provider::Provider,
    scopes::{Scopes, joined},
};
use edge::{Kind, Problem, Reply, reply, request::refuse_cross_site};
use futures_util::future::{join_all, try_join_all};
use http::{Method, StatusCode};
use identity::User;
use lambda_http::{Request, RequestExt};
use serde::Serialize;
use session::{Connection, SessionError};
use telemetry::Audit;
use time::OffsetDateTime;
use tokio::time::timeout;
use utoipa::ToSchema;
use vault::{Principal, ProviderName};

use crate::{
    deadline,
    state::Service,
    turn_problem::{self, Saved},
};

/// How long the vault and a provider together may take to say what there is, and a provider to revoke it.
const UPSTREAM: Duration = Duration::from_secs(6);
/// How long S3 may take.
const STORAGE: Duration = Duration::from_secs(8);

/// The caller's connections.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConnectionList {
    /// One for each provider that this deployment knows.
    connections: Vec<ConnectionEntry>,
}

/// A connection to one provider.
#[derive(Debug, Serialize, ToSchema)]
struct ConnectionEntry {
    /// Names it.
    provider: String,
    /// What people call it.
    label: String,
    /// Whether you are connected.
    status: ConnectionStatus,
    /// Your account there; absent if the provider does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    /// What you have allowed.
    scopes: Vec<String>,
    /// Since when (RFC 3339); absent if that is not known.
    #[serde(skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = "date-time")]
    since: Option<OffsetDateTime>,
}

/// Whether a user is connected.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ConnectionStatus {
    /// You are.
    Connected,
    /// You are not.
    NotConnected,
    /// You were: the provider does not take the stored token any more.
    Refused,
    /// That can't be found out at the moment.
    Unknown,
}

/// A disconnected provider.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Disconnected {
    /// Which.
    provider: String,
    /// It is disconnected: no token of before is used any more.
    status: DisconnectedStatus,
    /// What happened to the token at the provider.
    revoked: RevocationResult,
    /// What was done, and what you can still do.
    message: String,
}

/// That a provider is disconnected.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DisconnectedStatus {
    /// It is.
    Disconnected,
}

/// What happened to a token at its provider.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RevocationResult {
    /// The provider has revoked it.
    Revoked,
    /// There was none, or the provider did not take it any more.
    AlreadyGone,
    /// The provider can't be asked to revoke it.
    NotPossible,
    /// It was not revoked.
    Failed,
}

impl RevocationResult {
    /// As the audit trail has it.
    fn as_str(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::AlreadyGone => "already_gone",
            Self::NotPossible => "not_possible",
            Self::Failed => "failed",
        }
    }
}

/// `GET /connections`.
pub(crate) async fn list(
    service: &Service,
    request: &Request,
    user: &User,
) -> Result<Reply, Problem> {
    let principal = service.settings.inbound.principal(user)?;
    let connections = Connections::new(service, request, user, &principal).await;
    let providers = providers(service);
    let entries = providers.values().map(|provider| connections.entry(provider));
    let failed = |error: SessionError| {
        let problem = turn_problem::problem(error.into(), Saved::NotAsked);
        problem.saying("What you have connected can't be read.")
    };
    let list = try_join_all(entries).await.map_err(failed)?;
    reply::json(StatusCode::OK, &ConnectionList { connections: list })
}

/// `DELETE /connections/{provider}`.
pub(crate) async fn remove(
    service: &Service,
    request: &Request,
    user: &User,
    provider: &ProviderName,
) -> Result<Reply, Problem> {
    refuse_cross_site(&Method::DELETE, request.headers(), &service.settings.inbound.site)?;
    let providers = providers(service);
    let unknown = || Problem::new(Kind::NotFound, "There is no such provider here.");
    let provider = providers.get(provider).ok_or_else(unknown)?;
    let principal = service.settings.inbound.principal(user)?;
    let connections = Connections::new(service, request, user, &principal).await;
    let (revoked, message) = connections.disconnect(provider).await?;
    let name = provider.name().as_str();
    Audit::ConnectionRemoved { user: user.id(), provider: name, revoked: revoked.as_str() }
        .record();
    let status = DisconnectedStatus::Disconnected;
    let provider = name.to_owned();
    reply::json(StatusCode::OK, &Disconnected { provider, status, revoked, message })
}

/// The providers of which a tool needs a token.
fn providers(service: &Service) -> BTreeMap<ProviderName, Arc<Provider>> {
    let providers = service.sources.iter().flat_map(|source| source.providers());
    providers.map(|provider| (provider.name().clone(), provider)).collect()
}

/// The connections of one user, in one request.
struct Connections<'a> {
    service: &'a Service,
    request: &'a Request,
    authorizer: Authorizer<'a>,
}

/// What was found out about one token.
struct Told {
    scopes: Scopes,
    /// `None` if its provider can't be asked.
    account: Option<Result<Account, AccountUnknown>>,
}

impl<'a> Connections<'a> {
    async fn new(
        service: &'a Service,
        request: &'a Request,
        user: &'a User,
        principal: &'a Principal,
    ) -> Self {
        let clients = service.clients().await;
        let asker =
            Asker { user: user.id(), principal, origin: Origin::Browser(None), session: None };
        let authorizer = service.authorizer(clients, asker);
        Self { service, request, authorizer }
    }

    /// The shorter of `longest` and the time that is left for the request.
    fn at_most(&self, longest: Duration) -> Duration {
        deadline::time_left(self.service, self.request.lambda_context_ref()).min(longest)
    }

    fn api(&self, provider: &Provider) -> Option<&'a dyn AccountApi> {
        self.service.sources.iter().find_map(|source| source.account_api(provider.name()))
    }

    /// What there is to say of `provider`. Only that S3 fails is an error: another provider's failure is
    /// that entry's alone.
    async fn entry(&self, provider: &Arc<Provider>) -> Result<ConnectionEntry, SessionError> {
        let (sessions, user) = (self.authorizer.sessions, self.authorizer.asker.user);
        let record = sessions.connection(user, provider.name().as_str());
        let record =
            timeout(self.at_most(STORAGE), record).await.unwrap_or_else(|it| Err(it.into()));
        let record = record?.connection;
        let entry = |status, account, scopes: &Scopes, since: Option<_>| ConnectionEntry {
            provider: provider.name().to_string(),
            label: provider.label().to_owned(),
            status,
            account,
            scopes: scopes.iter().map(ToString::to_string).collect(),
            since: since.map(OffsetDateTime::from),
        };
        let nothing = |status| entry(status, None, &Scopes::new(), None);
        let told = match timeout(self.at_most(UPSTREAM), self.told(provider, &record)).await {
            Ok(Ok(told)) => told,
            Ok(Err(error)) => {
                tracing::warn!(cause = %error, "whether a user is connected can't be found out");
                return Ok(nothing(ConnectionStatus::Unknown));
            }
            Err(_) => return Ok(nothing(ConnectionStatus::Unknown)),
        };
        // The widest set's token is the last one.
        for Told { scopes, account } in told.iter().rev() {
            let since = record.since(&joined(scopes));
            let (name, allowed) = match account {
                None => (None, scopes),
                Some(Ok(Account { name, scopes: allowed })) => {
                    (Some(name.clone()), allowed.as_ref().unwrap_or(scopes))
                }
                Some(Err(_)) => continue,
            };
            return Ok(entry(ConnectionStatus::Connected, name, allowed, since));
        }
        let is_refused = |told: &Told| matches!(told.account, Some(Err(AccountUnknown::Refused)));
        Ok(nothing(match told.as_slice() {
            [] => ConnectionStatus::NotConnected,
            all if all.iter().all(is_refused) => ConnectionStatus::Refused,
            _ => ConnectionStatus::Unknown,
        }))
    }

    /// What the provider says of each token that may be used.
    async fn told(
        &self,
        provider: &Arc<Provider>,
        record: &Connection,
    ) -> Result<Vec<Told>, TurnError> {
        let api = self.api(provider);
        let told = |StoredToken { scopes, token }: StoredToken| async move {
            let account = match api {
                Some(api) => Some(api.account(&token).await),
                None => None,
            };
            Told { scopes, account }
        };
        Ok(join_all(self.tokens(provider, record).await?.into_iter().map(told)).await)
    }

    /// The tokens that the vault has and that `record` lets be used, the widest one last. A vault that
    /// keeps one token returns it for every set of scopes.
    async fn tokens(
        &self,
        provider: &Arc<Provider>,
        record: &Connection,
    ) -> Result<Vec<StoredToken>, TurnError> {
        let mut seen = BTreeSet::new();
        let mut tokens = self.authorizer.stored_tokens(provider, record).await?;
        tokens.retain(|stored| seen.insert(stored.token.fingerprint()));
        Ok(tokens)
    }
}
