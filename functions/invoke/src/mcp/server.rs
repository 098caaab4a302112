//! The MCP server as one request sees it: the tools of its user, and a call of one of them.
//!
//! Source: the specifications of 2026-07-28 and 2025-11-25 at modelcontextprotocol.io. What a model can do
//! better is a result with `isError`; what a client does wrong is a JSON-RPC error.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use agent::{
    consent::{Asker, Origin},
    tool::Tool,
    toolbox::Toolbox,
};
use edge::{Problem, Reply};
use http_body_util::{BodyExt, Full};
use identity::User;
use lambda_http::Request;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        self, CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ElicitRequest,
        ElicitRequestParams, ErrorCode, Implementation, InputRequest, InputRequiredResult,
        JsonObject, ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig,
        ToolAnnotations,
    },
    service::RequestContext,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
    },
};
use serde_json::{Value, json};
use session::{ToolOutput, ToolResult, ToolStatus};
use tokio::time::Instant;
use tracing::{Instrument, Span};

use super::{
    call::{self, CallOutcome, ClientCall, Wanted},
    client::{Client, Form},
    waiting::Waiting,
};
use crate::state::Service;

/// `URLElicitationRequiredError` of 2025-11-25.
const URL_ELICITATION_REQUIRED: ErrorCode = ErrorCode(-32_042);

const INSTRUCTIONS: &str = "The tools act for one user, with their own accounts. What needs their consent or \
    approval is done by them, on a page that the result names. Then make the same call again.";

/// The server for one request.
#[derive(Debug, Clone)]
pub(super) struct Server {
    service: Arc<Service>,
    user: User,
    client: Client,
    time: Duration,
    /// The data of an error that has a link in it. It is no part of the error that `rmcp` sees, because that one
    /// is logged.
    links: Arc<Mutex<Option<Value>>>,
    /// Of the request. `rmcp` does its work in a task with a span of its own, whose lines would name no request.
    span: Span,
}

impl Server {
    pub(super) fn new(service: Arc<Service>, user: User, client: Client, time: Duration) -> Self {
        Self { service, user, client, time, links: Arc::default(), span: Span::current() }
    }

    /// Returns the answer to `request`, whose sender and body are known, as one JSON document.
    pub(super) async fn answer(self, request: Request) -> Result<Reply, Problem> {
        // Where a request may come from was checked before.
        let config = StreamableHttpServerConfig::default()
            .disable_allowed_hosts()
            .disable_allowed_origins()
            .with_legacy_session_mode(false)
            .with_json_response(true);
        let sessions = Arc::new(NeverSessionManager::default());
        let links = Arc::clone(&self.links);
        let server = move || Ok(self.clone());
        let reply = StreamableHttpService::new(server, sessions, config).handle(request).await;
        let links = links.lock().unwrap_or_else(PoisonError::into_inner).take();
        match links {
            Some(links) => with_links(reply, links).await,
            None => Ok(reply),
        }
    }

    /// What waits, in the form that the client has.
    fn told(&self, all: &[Waiting], form: Form) -> Result<CallToolResponse, ErrorData> {
        match form {
            Form::Text => Ok(in_words(all)),
            Form::ElicitationError => {
                let all: Vec<Value> = all.iter().map(|it| json!(elicitation(it))).collect();
                let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
                *links = Some(json!({ "elicitations": all }));
                let message = "The user has to do something first.";
                Err(ErrorData::new(URL_ELICITATION_REQUIRED, message, None))
            }
            Form::InputRequired => {
                let asked = all.iter().map(|it| {
                    let asked = ElicitRequest::new(elicitation(it));
                    (it.key.clone(), InputRequest::Elicitation(asked))
                });
                let state = Some("asked".to_owned());
                Ok(InputRequiredResult::new(Some(asked.collect()), state).into())
            }
        }
    }

    /// What there is for the user.
    async fn tools(&self) -> Result<Toolbox, Problem> {
        let _admitted = self.service.limits.admit(self.user.id())?;
        let inbound = &self.service.settings.inbound;
        let clients = self.service.clients().await;
        let principal = inbound.principal(&self.user)?;
        let origin = Origin::Client(&self.client.name);
        let asker = Asker { user: self.user.id(), principal: &principal, origin, session: None };
        let authorizer = self.service.authorizer(clients, asker);
        self.service.learn(&authorizer, Instant::now() + self.time).await;
        Ok(Toolbox::for_user(&self.service.sources, self.user.id()))
    }

    async fn call(
        &self,
        request: CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let (client, form) = self.client.clone().in_request(context);
        let tool = request.name.into_owned();
        let input = Value::Object(request.arguments.unwrap_or_default());
        let id = call::id(&tool, &input);
        let call = id.map(|id| ClientCall {
            service: Arc::clone(&self.service),
            user: self.user.clone(),
            client,
            id,
            time: self.time,
        });
        let outcome = match call {
            Ok(call) => call.run(Wanted::Result { tool, input }).await,
            Err(problem) => Err(problem),
        };
        match outcome {
            Ok(CallOutcome::Done(result)) => Ok(finished(result)),
            // A client that was told once, and comes back before its user is done, is told in words: it could
            // ask again without end.
            Ok(CallOutcome::Waits(all)) if request.request_state.is_some() => Ok(in_words(&all)),
            Ok(CallOutcome::Waits(all)) => self.told(&all, form),
            Err(problem) => {
                problem.log();
                Ok(error(problem.in_words().1))
            }
        }
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let mut info = ServerConfig::new(ServerCapabilities::builder().enable_tools().build());
        let title = self.service.settings.inbound.agent.as_str();
        info.server_info =
            Implementation::new("countersign", env!("CARGO_PKG_VERSION")).with_title(title);
        info.instructions = Some(INSTRUCTIONS.to_owned());
        info
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let list = async {
            let tools = self.tools().await.map_err(|problem| {
                problem.log();
                ErrorData::internal_error(problem.in_words().1.to_owned(), None)
            })?;
            Ok(ListToolsResult::with_all_items(tools.all().map(described).collect()))
        };
        list.instrument(self.span.clone()).await
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        self.call(request, &context).instrument(self.span.clone()).await
    }
}

fn described(tool: &Tool) -> model::Tool {
    let spec = tool.spec();
    let schema = spec.input.as_json().as_object().cloned().unwrap_or_else(JsonObject::new);
    let is_reader = matches!(tool, Tool::Read(_));
    let annotations = ToolAnnotations::new().read_only(is_reader);
    let name = spec.name.as_str().to_owned();
    model::Tool::new(name, spec.description.clone(), Arc::new(schema)).with_annotations(annotations)
}

/// A result, as the agent's own model would have read it.
fn finished(result: ToolResult) -> CallToolResponse {
    let is_error = result.status == ToolStatus::Error;
    let structured = match result.content.as_slice() {
        [ToolOutput::Json(value @ Value::Object(_))] => Some(value.clone()),
        _ => None,
    };
    let text = |output: ToolOutput| match output {
        ToolOutput::Text(text) => ContentBlock::text(text),
        ToolOutput::Json(value) => ContentBlock::text(value.to_string()),
    };
    let content = result.content.into_iter().map(text).collect();
    let mut told =
        if is_error { CallToolResult::error(content) } else { CallToolResult::success(content) };
    told.structured_content = structured;
    told.into()
}

/// The error of `reply` with its data.
async fn with_links(reply: Reply, links: Value) -> Result<Reply, Problem> {
    let (parts, body) = reply.into_parts();
    let body = body.collect().await.map_err(Problem::internal)?.to_bytes();
    let mut message: Value = serde_json::from_slice(&body).map_err(Problem::internal)?;
    message["error"]["data"] = links;
    let body = Full::new(message.to_string().into()).boxed();
    Ok(Reply::from_parts(parts, body))
}

fn elicitation(it: &Waiting) -> ElicitRequestParams {
    ElicitRequestParams::UrlElicitationParams {
        meta: None,
        message: it.message.clone(),
        url: it.url.clone(),
        elicitation_id: uuid::Uuid::new_v4().to_string(),
    }
}

fn in_words(all: &[Waiting]) -> CallToolResponse {
    let lines: Vec<String> = all.iter().map(|it| format!("{}\n{}", it.message, it.url)).collect();
    error(&format!(
        "Not done yet. The user has to open this page in their browser first:\n\n{}\n\nShow them the whole \
         address. Once they have done it, make the same call again.",
        lines.join("\n\n")
    ))
}

fn error(text: &str) -> CallToolResponse {
    CallToolResult::error(vec![ContentBlock::text(text)]).into()
}
