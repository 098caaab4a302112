//! One server: asked for its tools, and to run one.
//!
//! MCP has two eras: since 2026-07-28 a request stands for itself, before that a session begins with
//! `initialize` (MCP, "Versioning"). Which one a server speaks is found out once. A server of the older kind
//! that wants to ask the user something does so in the middle of a call, when nobody is there: it is not told
//! that it could, and if it asks, that is declined.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use agent::{
    inquiry::Given,
    tool::{Failure, Needs},
};
use http::{HeaderValue, Uri};
use https::HttpsClient;
use rmcp::{
    ClientHandler,
    model::{
        CallToolRequestParams, CallToolResponse, ClientCapabilities, ElicitationCapability,
        FormElicitationCapability, Implementation, InitializeRequestParams, PaginatedRequestParams,
        ProtocolVersion, Tool, UrlElicitationCapability,
    },
    service::{
        ClientInitializeError, ClientLifecycleMode, ClientServiceExt, RoleClient, RunningService,
    },
    transport::{
        StreamableHttpClientTransport, common::client_side_sse::SseRetryPolicy,
        streamable_http_client::StreamableHttpClientTransportConfig,
    },
};
use serde_json::Value;
use tokio::time::timeout;
use vault::AccessToken;

use crate::{
    failure::{Sent, Trouble},
    result,
    wire::Wire,
};

/// For finding out what a server has.
const LISTING: Duration = Duration::from_secs(8);
/// For one call.
const CALLING: Duration = Duration::from_secs(30);
/// How many pages of a list are read.
const MOST_PAGES: usize = 20;
/// How many tools are looked at.
const MOST_TOOLS: usize = 1_000;
/// How often a server may send a call back without asking anything.
const MOST_STATES: usize = 3;

/// What is not known yet, and the two eras.
const UNKNOWN: u8 = 0;
const MODERN: u8 = 1;
const OLDER: u8 = 2;

/// A server that is configured.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) name: String,
    pub(crate) address: Uri,
    /// Its scheme and host, for people.
    pub(crate) origin: String,
    /// Which token it takes, if any.
    pub(crate) needs: Option<Needs>,
    pub(crate) https: Arc<HttpsClient>,
    pub(crate) era: AtomicU8,
}

type Session = RunningService<RoleClient, Caller>;

/// What this agent says of itself.
struct Caller {
    can_ask: bool,
}

impl ClientHandler for Caller {
    fn get_info(&self) -> InitializeRequestParams {
        let mut capabilities = ClientCapabilities::default();
        let mut version = ProtocolVersion::LATEST_WITH_INITIALIZE;
        if self.can_ask {
            let (form, url) =
                (FormElicitationCapability::default(), UrlElicitationCapability::default());
            let both = ElicitationCapability::new().with_form(form).with_url(url);
            capabilities.elicitation = Some(both);
            version = ProtocolVersion::V_2026_07_28;
        }
        let us = Implementation::new("countersign", env!("CARGO_PKG_VERSION"));
        InitializeRequestParams::new(capabilities, us).with_protocol_version(version)
    }
}

impl Server {
    /// All tools that the server has for the user of `token`, as it describes them.
    pub(crate) async fn list(&self, token: Option<&AccessToken>) -> Result<Vec<Tool>, Trouble> {
        let listed = async {
            let session = self.open(token, None).await?;
            let mut tools = Vec::new();
            let mut cursor = None;
            for _ in 0..MOST_PAGES {
                let page = PaginatedRequestParams::default().with_cursor(cursor.take());
                let page = session.list_tools(Some(page)).await.map_err(Trouble::from_call)?;
                tools.extend(page.tools);
                cursor = page.next_cursor;
                if cursor.is_none() || tools.len() >= MOST_TOOLS {
                    break;
                }
            }
            tools.truncate(MOST_TOOLS);
            Ok(tools)
        };
        timeout(LISTING, listed).await.unwrap_or_else(|_| Err(Trouble::slow(LISTING)))
    }

    /// Runs `tool` once. `given` is what it had asked for.
    pub(crate) async fn call(
        &self,
        tool: &Arc<Tool>,
        input: &Value,
        given: Option<&Given>,
        token: Option<&AccessToken>,
        sent: Sent,
    ) -> Result<Value, Failure> {
        let in_headers = has_header_parameters(tool).then(|| Arc::clone(tool));
        let session = timeout(LISTING, self.open(token, in_headers)).await;
        let session = session.unwrap_or_else(|_| Err(Trouble::slow(LISTING)));
        // Nothing was sent yet that could have changed something.
        let session = session.map_err(|trouble| trouble.failure(&self.name, Sent::Reading))?;
        let mut call = CallToolRequestParams::new(tool.name.clone());
        call.arguments = input.as_object().cloned();
        if let Some(Given { responses, state }) = given {
            call.input_responses = Some(responses.clone());
            call.request_state = state.clone();
        }
        let called = timeout(CALLING, self.run(&session, call, sent)).await;
        called.unwrap_or_else(|_| Err(Trouble::slow(CALLING).failure(&self.name, sent)))
    }

    async fn run(
        &self,
        session: &Session,
        mut call: CallToolRequestParams,
        sent: Sent,
    ) -> Result<Value, Failure> {
        for _ in 0..MOST_STATES {
            let answer = session.call_tool_once(call.clone()).await;
            let answer =
                answer.map_err(|error| Trouble::from_call(error).failure(&self.name, sent))?;
            match answer {
                CallToolResponse::Complete(result) => return result::shown(&self.name, result),
                // It only wants its state back.
                CallToolResponse::InputRequired(asked)
                    if asked.input_requests.as_ref().is_none_or(|it| it.is_empty()) =>
                {
                    call.request_state = asked.request_state;
                    call.input_responses = None;
                }
                CallToolResponse::InputRequired(asked) => {
                    let inquiry = result::asked(&self.name, asked)?;
                    return Err(Failure::asks(inquiry));
                }
                _ => break,
            }
        }
        let lost = Trouble::Lost("gives no answer that can be read".into());
        Err(lost.failure(&self.name, sent))
    }

    /// Opens a session, in the era that the server speaks; for a call of `tool`, if some of its input goes
    /// into headers.
    async fn open(
        &self,
        token: Option<&AccessToken>,
        tool: Option<Arc<Tool>>,
    ) -> Result<Session, Trouble> {
        if self.era.load(Ordering::Relaxed) != OLDER {
            let opened = self.start(token, tool.clone(), true).await;
            let is_older = matches!(
                &opened,
                Err(ClientInitializeError::JsonRpcError(_)
                    | ClientInitializeError::NoCompatibleProtocolVersion { .. })
            );
            if !is_older {
                let session = opened.map_err(Trouble::from_start)?;
                if tool.is_some() {
                    session.list_tools(None).await.map_err(Trouble::from_call)?;
                }
                self.era.store(MODERN, Ordering::Relaxed);
                return Ok(session);
            }
        }
        match self.start(token, tool, false).await {
            Ok(session) => {
                self.era.store(OLDER, Ordering::Relaxed);
                Ok(session)
            }
            Err(error) => {
                // It may have been replaced by another one.
                self.era.store(UNKNOWN, Ordering::Relaxed);
                Err(Trouble::from_start(error))
            }
        }
    }

    async fn start(
        &self,
        token: Option<&AccessToken>,
        tool: Option<Arc<Tool>>,
        is_modern: bool,
    ) -> Result<Session, ClientInitializeError> {
        let wire = Wire {
            https: Arc::clone(&self.https),
            address: self.address.clone(),
            token: token.and_then(bearer),
            tool,
        };
        let mut config = StreamableHttpClientTransportConfig::with_uri(self.address.to_string());
        config.retry_config = Arc::new(Never);
        config.reinit_on_expired_session = false;
        let transport = StreamableHttpClientTransport::with_client(wire, config);
        let mode = match is_modern {
            true => ClientLifecycleMode::Discover {
                preferred_versions: vec![ProtocolVersion::V_2026_07_28],
            },
            false => ClientLifecycleMode::Initialize,
        };
        Caller { can_ask: is_modern }.serve_with_lifecycle(transport, mode).await
    }
}

/// Whether some of a tool's input goes into headers.
fn has_header_parameters(tool: &Tool) -> bool {
    fn is_marked(schema: &Value) -> bool {
        match schema {
            Value::Object(members) => {
                members.contains_key("x-mcp-header") || members.values().any(is_marked)
            }
            Value::Array(items) => items.iter().any(is_marked),
            _ => false,
        }
    }
    tool.input_schema.values().any(is_marked)
}

/// A stream that broke off is not taken up again.
#[derive(Debug)]
struct Never;

impl SseRetryPolicy for Never {
    fn retry(&self, _: usize) -> Option<Duration> {
        None
    }
}

/// The token as a header that no log shows.
fn bearer(token: &AccessToken) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose())).ok()?;
    value.set_sensitive(true);
    Some(value)
}
