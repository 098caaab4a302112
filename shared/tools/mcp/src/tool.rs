//! A tool of a server's, as the agent uses it: it reads, if the operator says so, and else it changes
//! something, also if the server says that it only reads.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use agent::{
    inquiry::Given,
    tool::{InputSchema, Preview, ReadTool, Reply, Tool, ToolSpec, WriteTool},
};
use futures_util::future::{BoxFuture, FutureExt, ready};
use rmcp::model;
use serde_json::Value;
use vault::AccessToken;

use crate::{
    failure::Sent,
    names::{fingerprint, name_of},
    schema,
    server::Server,
};

/// How much of a description the model is shown, in bytes.
const LONGEST_DESCRIPTION: usize = 1_000;

/// One tool of one server.
pub(crate) struct Remote {
    server: Arc<Server>,
    /// As the server describes it.
    listed: Arc<model::Tool>,
    spec: ToolSpec,
    /// Of all that the server says of it.
    definition: String,
}

struct Reader(Remote);

struct Writer(Remote);

/// The tool that `server` describes as `listed`; `None`, with a line in the log, if no model would take it.
pub(crate) fn tool(server: &Arc<Server>, listed: &model::Tool, only_reads: bool) -> Option<Tool> {
    let left_out = |why: &str| {
        let tool = invisible::shown(&listed.name);
        tracing::warn!(server = server.name, tool, why, "a tool of an MCP server is left out");
    };
    let Some(name) = name_of(&server.name, &listed.name) else {
        left_out("its name");
        return None;
    };
    let input = match schema::fit(&listed.input_schema) {
        Ok(input) => InputSchema::from_server(input),
        Err(error) => {
            left_out(&error.to_string());
            return None;
        }
    };
    let definition = serde_json::to_vec(listed).unwrap_or_default();
    let description = described(&server.name, listed).into();
    let needs = server.needs.clone();
    let remote = Remote {
        server: Arc::clone(server),
        listed: Arc::new(without_unused(listed)),
        spec: ToolSpec { name, description, input, needs },
        definition: fingerprint(&definition),
    };
    Some(match only_reads {
        true => Tool::Read(Arc::new(Reader(remote))),
        false => Tool::Write(Arc::new(Writer(remote))),
    })
}

/// What is needed of `listed` for a call.
fn without_unused(listed: &model::Tool) -> model::Tool {
    let mut tool = model::Tool::default();
    tool.name = listed.name.clone();
    tool.input_schema = Arc::clone(&listed.input_schema);
    tool
}

/// What the server says of it, after who says so.
fn described(server: &str, listed: &model::Tool) -> String {
    let said = listed.description.as_ref().map_or("", Cow::as_ref);
    let said = invisible::shown_in_lines(said);
    let end = said.floor_char_boundary(LONGEST_DESCRIPTION);
    format!("A tool of the server {server}, which says of it: {}", &said[..end])
}

impl Remote {
    async fn run(
        &self,
        input: &Value,
        given: Option<&Given>,
        token: Option<&AccessToken>,
        sent: Sent,
    ) -> Reply<Value> {
        let outcome = self.server.call(&self.listed, input, given, token, sent).await;
        Reply { outcome, allows: None, request_id: None }
    }

    /// The server can't be asked what a call would do: what is approved is this call, of the tool as it is
    /// described now.
    fn preview(&self) -> Preview {
        let provider = self.spec.needs.as_ref().map(|needs| needs.provider.label());
        let account = provider.map_or_else(
            || "nobody: the server knows no users".to_owned(),
            |provider| format!("your account at {provider}"),
        );
        let details = BTreeMap::from([
            ("server".to_owned(), self.server.origin.clone()),
            ("tool".to_owned(), invisible::shown(&self.listed.name)),
            ("definition".to_owned(), self.definition.clone()),
        ]);
        Preview { account, details }
    }
}

impl ReadTool for Reader {
    fn spec(&self) -> &ToolSpec {
        &self.0.spec
    }

    fn read<'a>(
        &'a self,
        input: &'a Value,
        token: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Reply<Value>> {
        self.0.run(input, None, token, Sent::Reading).boxed()
    }

    fn go_on<'a>(
        &'a self,
        input: &'a Value,
        given: &'a Given,
        token: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Reply<Value>> {
        self.0.run(input, Some(given), token, Sent::Reading).boxed()
    }
}

impl WriteTool for Writer {
    fn spec(&self) -> &ToolSpec {
        &self.0.spec
    }

    fn preview<'a>(
        &'a self,
        _: &'a Value,
        _: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Reply<Preview>> {
        let outcome = Ok(self.0.preview());
        ready(Reply { outcome, allows: None, request_id: None }).boxed()
    }

    fn apply<'a>(
        &'a self,
        input: &'a Value,
        token: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Reply<Value>> {
        self.0.run(input, None, token, Sent::Changing).boxed()
    }

    fn go_on<'a>(
        &'a self,
        input: &'a Value,
        given: &'a Given,
        token: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Reply<Value>> {
        self.0.run(input, Some(given), token, Sent::Changing).boxed()
    }
}
