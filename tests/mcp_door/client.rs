//! An agent of somebody else: an MCP client in JSON-RPC, of 2026-07-28 or of the versions before, and what
//! its user does in a browser.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use tests::{Browser, Setup, Visit, World};

/// For whom the access tokens are made.
pub(crate) const AUDIENCE: &str = "https://agents.example/mcp";

/// Which client calls.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    /// Of 2026-07-28, and it opens links.
    WithLinks,
    /// Of 2026-07-28, and it shows nothing.
    WithoutLinks,
    /// Of 2025-11-25, and it opens links.
    OlderWithLinks,
    /// Of 2025-11-25, and it shows nothing.
    Older,
}

/// A world whose workload takes calls of other agents.
pub(crate) struct Door {
    pub(crate) world: World,
    http: Client,
}

/// A client with an access token of somebody.
pub(crate) struct McpClient<'a> {
    pub(crate) door: &'a Door,
    kind: Kind,
    token: String,
    session: Option<String>,
}

impl Door {
    pub(crate) async fn open() -> Self {
        Self::with(Setup::default()).await
    }

    pub(crate) async fn with(setup: Setup) -> Self {
        Self::of(World::with(setup.with("MCP_AUDIENCE", AUDIENCE)).await)
    }

    pub(crate) fn of(world: World) -> Self {
        let http = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        Self { world, http: http.build().expect("a client") }
    }

    /// An access token of `person`, in which `claims` stand in place of the usual ones.
    pub(crate) fn token(&self, person: &str, claims: &Value) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
        let mut all = json!({
            "iss": self.world.running.issuer, "aud": AUDIENCE, "sub": person, "iat": now, "exp": now + 600,
        });
        for (name, value) in claims.as_object().expect("claims") {
            all[name] = value.clone();
        }
        development_key::sign_jwt(&all)
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let address = self.world.running.addresses.application.join(path).expect("an address");
        self.http.request(method, address)
    }

    /// A client with `token`, of a version that begins with nothing.
    pub(crate) fn client_with(&self, kind: Kind, token: String) -> McpClient<'_> {
        McpClient { door: self, kind, token, session: None }
    }

    /// A client of `person`'s, which has begun as its kind does.
    pub(crate) async fn client(&self, kind: Kind, person: &str) -> McpClient<'_> {
        let token = self.token(person, &json!({}));
        let mut client = self.client_with(kind, token);
        if !client.is_modern() {
            let capabilities = client.capabilities();
            let begun = client.send(
                "initialize",
                json!({
                    "protocolVersion": "2025-11-25", "capabilities": capabilities,
                    "clientInfo": { "name": "Test client", "version": "1" },
                }),
            );
            let begun = begun.await;
            assert_eq!(begun.status(), StatusCode::OK);
            let session = begun.headers()["mcp-session-id"].to_str().expect("a session");
            client.session = Some(session.to_owned());
        }
        client
    }
}

impl McpClient<'_> {
    fn is_modern(&self) -> bool {
        matches!(self.kind, Kind::WithLinks | Kind::WithoutLinks)
    }

    fn capabilities(&self) -> Value {
        match self.kind {
            Kind::WithLinks | Kind::OlderWithLinks => json!({ "elicitation": { "url": {} } }),
            Kind::WithoutLinks | Kind::Older => json!({}),
        }
    }

    pub(crate) fn request(&self, method: &str, mut params: Value) -> RequestBuilder {
        let version = if self.is_modern() { "2026-07-28" } else { "2025-11-25" };
        let mut request = self.door.request(Method::POST, "/mcp").bearer_auth(&self.token);
        request = request
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", version);
        if let Some(session) = &self.session {
            request = request.header("mcp-session-id", session);
        }
        if self.is_modern() {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": version,
                "io.modelcontextprotocol/clientInfo": { "name": "Test client", "version": "1" },
                "io.modelcontextprotocol/clientCapabilities": self.capabilities(),
            });
            request = request.header("mcp-method", method);
            if let Some(name) = params["name"].as_str() {
                request = request.header("mcp-name", name);
            }
        }
        request.json(&json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }))
    }

    async fn send(&self, method: &str, params: Value) -> Response {
        self.request(method, params).send().await.expect("an answer")
    }

    /// The result, or the error of JSON-RPC.
    pub(crate) async fn result(&self, method: &str, params: Value) -> Result<Value, Value> {
        let mut body: Value = self.send(method, params).await.json().await.expect("JSON");
        match body["result"].take() {
            Value::Null => Err(body["error"].take()),
            result => Ok(result),
        }
    }

    pub(crate) async fn call(&self, tool: &str, arguments: &Value) -> Result<Value, Value> {
        self.result("tools/call", json!({ "name": tool, "arguments": arguments })).await
    }

    /// Calls a tool whose user has to do something first. Returns the page's address, in the form that this
    /// client is told it.
    pub(crate) async fn link(&self, tool: &str, arguments: &Value) -> String {
        let told = self.call(tool, arguments).await;
        let url = match (self.kind, &told) {
            (Kind::WithLinks, Ok(result)) => {
                assert_eq!(result["resultType"], "input_required", "{result}");
                let asked = result["inputRequests"].as_object().expect("requests");
                let asked = asked.values().next().expect("a request");
                assert_eq!(asked["method"], "elicitation/create", "{result}");
                assert_eq!(asked["params"]["mode"], "url", "{result}");
                asked["params"]["url"].as_str()
            }
            (Kind::OlderWithLinks, Err(error)) => {
                assert_eq!(error["code"], -32042, "{error}");
                error["data"]["elicitations"][0]["url"].as_str()
            }
            (_, Ok(result)) => {
                assert_eq!(result["isError"], true, "{result}");
                let text = result["content"][0]["text"].as_str().expect("a text");
                text.split_whitespace().find(|word| word.starts_with("http"))
            }
            _ => None,
        };
        url.unwrap_or_else(|| panic!("no address: {told:?}")).to_owned()
    }

    /// Calls a tool, whose result is its text.
    pub(crate) async fn text(&self, tool: &str, arguments: &Value) -> String {
        let result = self.call(tool, arguments).await.expect("a result");
        let text = result["content"][0]["text"].as_str();
        text.unwrap_or_else(|| panic!("no text: {result}")).to_owned()
    }
}

/// What the page's script does with a click: its answer. The page shows a question with these values.
pub(crate) async fn click(
    browser: &Browser,
    page: &Visit,
    choice: &str,
) -> (StatusCode, HeaderMap, Value) {
    let request = clicked(browser, page, choice).header("sec-fetch-site", "same-origin");
    let answer = request.send().await.expect("an answer");
    let (status, headers) = (answer.status(), answer.headers().clone());
    (status, headers, answer.json().await.expect("JSON"))
}

/// The request of a click, without what the browser says of where it comes from.
pub(crate) fn clicked(browser: &Browser, page: &Visit, choice: &str) -> RequestBuilder {
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let value = format!("<button type=\"button\" value=\"{choice}\">");
    assert!(page.text.contains(&value), "{}", page.text);
    let mut body: Value = serde_json::from_str(&attribute(page, "data-body")).expect("JSON");
    body["choice"] = choice.into();
    let request = browser.request(Method::POST, page.address().path());
    let request = request.header("accept", "application/json");
    request.header("x-countersign-user", attribute(page, "data-mark")).json(&body)
}

fn attribute(page: &Visit, name: &str) -> String {
    let (_, rest) = page.text.split_once(&format!(" {name}=\"")).expect("a question");
    let (value, _) = rest.split_once('"').expect("a value");
    value.replace("&quot;", "\"").replace("&#39;", "'").replace("&lt;", "<").replace("&amp;", "&")
}

/// Opens a consent link, continues, consents as `account` and ends on the page after it.
pub(crate) async fn consent(browser: &Browser, link: &str, account: &str) -> Visit {
    let page = browser.open(link).await;
    let (status, _, told) = click(browser, &page, "continue").await;
    assert_eq!(status, StatusCode::OK, "{told}");
    let provider = browser.open(told["location"].as_str().expect("an address")).await;
    browser.consent(&provider, account).await
}
