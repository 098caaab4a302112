//! An MCP client in JSON-RPC: of 2026-07-28, which says with each request who it is, or of the versions before.

use reqwest::{RequestBuilder, Response};
use serde_json::{Map, Value, json};

use super::harness::World;

/// Which client calls.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    /// Of 2026-07-28, and it shows forms.
    WithForms,
    /// Of 2026-07-28, and it shows no forms.
    WithoutForms,
    /// Of 2026-07-28, and it opens links alone.
    WithLinks,
    /// Of 2025-11-25, and it shows forms, but takes no question for an answer.
    Older,
}

pub(crate) struct McpClient<'a> {
    world: &'a World,
    kind: Kind,
    token: String,
}

impl World {
    /// An MCP client with a token of `person` for `scopes`.
    pub(crate) async fn client(
        &self,
        kind: Kind,
        person: &str,
        scopes: &'static str,
    ) -> McpClient<'_> {
        let token = self.tokens(person, scopes).await["access_token"].as_str().unwrap().to_owned();
        McpClient { world: self, kind, token }
    }

    /// A client that may do everything.
    pub(crate) async fn full_client(&self, kind: Kind, person: &str) -> McpClient<'_> {
        self.client(kind, person, "events.read events.write").await
    }
}

impl McpClient<'_> {
    pub(crate) fn request(&self, method: &str, params: &Value) -> RequestBuilder {
        let mut params = params.clone();
        let version = if self.kind == Kind::Older { "2025-11-25" } else { "2026-07-28" };
        let capabilities = match self.kind {
            Kind::WithForms | Kind::Older => json!({ "elicitation": {} }),
            Kind::WithLinks => json!({ "elicitation": { "url": {} } }),
            Kind::WithoutForms => json!({}),
        };
        let request = self.world.browser.post(self.world.at("mcp")).bearer_auth(&self.token);
        let mut request = request
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", version);
        params["_meta"] = json!({ "io.modelcontextprotocol/clientCapabilities": capabilities });
        if self.kind != Kind::Older {
            params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!(version);
            params["_meta"]["io.modelcontextprotocol/clientInfo"] =
                json!({ "name": "test", "version": "1" });
            request = request.header("mcp-method", method);
            if let Some(name) = params["name"].as_str() {
                request = request.header("mcp-name", name);
            }
        }
        request.json(&json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }))
    }

    pub(crate) async fn send(&self, method: &str, params: Value) -> Response {
        self.request(method, &params).send().await.unwrap()
    }

    /// Returns the result, or the error of JSON-RPC.
    pub(crate) async fn result(&self, method: &str, params: Value) -> Result<Value, Value> {
        let mut body: Map<_, _> = self.send(method, params).await.json().await.unwrap();
        match body.remove("result") {
            Some(result) => Ok(result),
            None => Err(body["error"].clone()),
        }
    }

    /// Calls a tool and returns its result.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Value {
        let params = json!({ "name": tool, "arguments": arguments });
        self.result("tools/call", params).await.unwrap()
    }

    /// Calls a tool that has to refuse. Returns the text for the model.
    pub(crate) async fn mistake(&self, tool: &str, arguments: Value) -> String {
        let result = self.call(tool, arguments).await;
        assert_eq!(result["isError"], true, "{result}");
        result["content"][0]["text"].as_str().unwrap().to_owned()
    }

    /// Returns the titles of the events that `list_events` returns.
    pub(crate) async fn titles(&self, arguments: Value) -> Vec<String> {
        let result = self.call("list_events", arguments).await;
        let events = result["structuredContent"]["events"].as_array().unwrap();
        events.iter().map(|event| event["title"].as_str().unwrap().to_owned()).collect()
    }
}
