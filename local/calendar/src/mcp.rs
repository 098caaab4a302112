//! The MCP server: of 2026-07-28 and of the versions before it, without sessions.
//!
//! Source: the specifications of both at modelcontextprotocol.io. What a model can do better is a result with
//! `isError`; what a client does wrong is a JSON-RPC error.

use std::sync::Arc;

use http::request::Parts;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation,
        InputResponses, ListToolsResult, PaginatedRequestParams, ProtocolVersion,
        ServerCapabilities, ServerConfig, Tool,
    },
    service::RequestContext,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
    },
};
use serde::Serialize;

use super::{
    Calendar,
    events::{Change, ChangeRefusal, Event},
    grants::Bearer,
    overlaps::{Answer, named},
    people::Person,
    tools::{self, Call, DescribedEvent, ListedEvents},
};

/// The largest request.
pub(super) const MAX_BODY: usize = 1024 * 1024;

/// The service of this calendar.
pub(super) type Service = StreamableHttpService<Server, NeverSessionManager>;

/// Returns the service, which sends JSON where it can, and refuses pages of other origins.
pub(super) fn service(calendar: &Calendar) -> Service {
    let hosts = ["localhost", "127.0.0.1", "[::1]"].into_iter().chain(calendar.address.host_str());
    let config = StreamableHttpServerConfig::default()
        .with_allowed_hosts(hosts)
        .enforce_origin_validation()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(MAX_BODY);
    let calendar = calendar.clone();
    let server = move || Ok(Server(calendar.clone()));
    StreamableHttpService::new(server, Arc::new(NeverSessionManager::default()), config)
}

/// The tools of one calendar.
pub(super) struct Server(Calendar);

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let mut info = ServerConfig::new(ServerCapabilities::builder().enable_tools().build());
        info.server_info = Implementation::new("calendar-local", env!("CARGO_PKG_VERSION"));
        info.instructions = Some("The calendar of the user. Times are in UTC.".to_owned());
        info
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        tools::all().into_iter().find(|tool| tool.name == name)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools::all()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(scope) = tools::scope_of(&request.name) else {
            return Err(ErrorData::invalid_params("There is no such tool.", None));
        };
        let parts = context.extensions.get::<Parts>();
        let bearer = parts.and_then(|parts| parts.extensions.get::<Bearer>());
        // The layer in front has refused both already, with what HTTP has for it.
        let Some(bearer) = bearer.filter(|bearer| bearer.scopes.allow(scope)) else {
            return Err(ErrorData::invalid_request("The token is not for this tool.", None));
        };
        match Call::parse(&request.name, request.arguments.unwrap_or_default()) {
            Ok(Call::List { from, to }) => {
                let events = self.0.events().between(bearer.person, from, to);
                let events = events.into_iter().map(DescribedEvent::from).collect();
                result(&ListedEvents { events })
            }
            Ok(Call::Change(change)) => {
                let call = ChangeCall {
                    person: bearer.person,
                    change,
                    state: request.request_state,
                    responses: request.input_responses,
                    can_ask: can_ask(&context),
                };
                call.run(&self.0)
            }
            Err(mistake) => Ok(error(mistake)),
        }
    }
}

/// Whether the client takes a question for an answer: from 2026-07-28 on, if it shows forms. An elicitation that
/// says nothing more is one of forms.
fn can_ask(context: &RequestContext<RoleServer>) -> bool {
    let first = ProtocolVersion::V_2026_07_28;
    let version = context.protocol_version();
    let elicitation = context.client_capabilities().and_then(|it| it.elicitation);
    version.is_some_and(|version| version.as_str() >= first.as_str())
        && elicitation.is_some_and(|it| it.form.is_some() || it.url.is_none())
}

/// A call that changes something.
struct ChangeCall {
    person: Person,
    change: Change,
    state: Option<String>,
    responses: Option<InputResponses>,
    can_ask: bool,
}

impl ChangeCall {
    fn run(self, calendar: &Calendar) -> Result<CallToolResponse, ErrorData> {
        let accepted = match self.answer(calendar)? {
            Some(Answer::No) => return Ok(error("Nothing was changed: the user has said no.")),
            Some(Answer::Yes(accepted)) => accepted,
            None => Vec::new(),
        };
        let changed = calendar.events().apply(self.person, &self.change, &accepted);
        match changed {
            Ok(event) => result(&DescribedEvent::from(event)),
            Err(ChangeRefusal::NoSuchEvent) => Ok(error("The user has no event with this id.")),
            Err(ChangeRefusal::Full) => Ok(error("The calendar is full.")),
            Err(ChangeRefusal::Overlaps(events)) => self.ask(calendar, &events),
        }
    }

    /// Returns what the person has said, if they were asked.
    fn answer(&self, calendar: &Calendar) -> Result<Option<Answer>, ErrorData> {
        let Some(state) = &self.state else { return Ok(None) };
        let responses = self.responses.as_ref();
        let now = calendar.now();
        let mut questions = calendar.questions();
        match questions.answer(state, self.person, &self.change, responses, now) {
            Some(answer) => Ok(Some(answer)),
            None => Err(ErrorData::invalid_params("requestState is not of this call.", None)),
        }
    }

    fn ask(self, calendar: &Calendar, events: &[Event]) -> Result<CallToolResponse, ErrorData> {
        if !self.can_ask {
            let events = named(events);
            return Ok(error(format!(
                "Nothing was changed: at that time the user has {events}. Choose another time."
            )));
        }
        let now = calendar.now();
        let question = calendar.questions().ask(self.person, self.change, events, now);
        let question = question.ok_or_else(|| ErrorData::internal_error("No question.", None))?;
        Ok(question.into())
    }
}

fn result(value: &impl Serialize) -> Result<CallToolResponse, ErrorData> {
    let value = serde_json::to_value(value);
    let value = value.map_err(|_| ErrorData::internal_error("No JSON.", None))?;
    Ok(CallToolResult::structured(value).into())
}

fn error(text: impl Into<String>) -> CallToolResponse {
    CallToolResult::error(vec![ContentBlock::text(text.into())]).into()
}
