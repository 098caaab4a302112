//! MCP servers whose protocol nobody here wrote, as processes of Node, and the endpoint that tells them
//! whose token they are given. They need `npm ci` in `mcp/`: `.ci/mcp` runs the tests that use them.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    sync::{Arc, OnceLock},
};

use axum::{
    Json, Router,
    extract::{Query, State},
    http::StatusCode,
    routing::get,
};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

/// A server, for as long as this lives.
#[derive(Debug)]
pub struct McpServer {
    process: Child,
    /// Its origin.
    pub address: Url,
}

impl McpServer {
    /// A server that keeps to the protocol to the letter, and takes tokens that `introspection` knows.
    #[must_use]
    pub fn strict(introspection: &Introspection) -> Self {
        Self::start(&["strict.mjs", "--introspect", introspection.address.as_str()])
    }

    /// One that does what no client should trust, by path.
    #[must_use]
    pub fn hostile() -> Self {
        Self::start(&["hostile.mjs"])
    }

    /// The official example of an older one, with sessions.
    #[must_use]
    pub fn everything() -> Self {
        const START: &str = "import('./everything.mjs').then((it) => it.startEverything())\
            .then(({ port }) => console.log(JSON.stringify({ port: Number(port) })))";
        Self::start(&["--eval", START])
    }

    fn start(arguments: &[&str]) -> Self {
        let mut process = Command::new("node")
            .args(arguments)
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/mcp"))
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .expect("Node");
        let mut line = String::new();
        let output = process.stdout.take().expect("an output");
        BufReader::new(output).read_line(&mut line).expect("a line");
        let ready: Value = serde_json::from_str(&line).unwrap_or_default();
        let port = ready["port"].as_u64().expect("a port: run `npm ci` in tests/mcp");
        let address = format!("http://127.0.0.1:{port}").parse().expect("an address");
        Self { process, address }
    }

    /// The address of the server at `path`.
    #[must_use]
    pub fn at(&self, path: &str) -> Url {
        self.address.join(path).expect("an address")
    }

    /// What has reached it.
    pub async fn seen(&self) -> Value {
        let answer = reqwest::get(self.at("control")).await.expect("an answer");
        answer.json().await.expect("JSON")
    }
}

impl Drop for McpServer {
    fn drop(&mut self) {
        let group = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw);
        let _ended = group.map(|group| kill_process_group(group, Signal::KILL));
        let _waited = self.process.wait();
    }
}

/// Tells a server whose token it was given: it asks the stand-in for GitHub, whose tokens they are.
#[derive(Debug, Clone)]
pub struct Introspection {
    /// Where it is asked.
    pub address: Url,
    github: Arc<OnceLock<Url>>,
}

impl Introspection {
    /// One that knows no token before it is told where GitHub is.
    pub async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let address = format!("http://127.0.0.1:{port}/").parse().expect("an address");
        let introspection = Self { address, github: Arc::default() };
        let router = Router::new().route("/", get(answer)).with_state(introspection.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        introspection
    }

    /// From here on it asks `github`.
    pub fn ask(&self, github: &Url) {
        self.github.set(github.clone()).expect("to be told once");
    }
}

async fn answer(
    State(introspection): State<Introspection>,
    Query(query): Query<HashMap<String, String>>,
) -> (StatusCode, Json<Value>) {
    let unknown = (StatusCode::NOT_FOUND, Json(Value::Null));
    let (Some(github), Some(token)) = (introspection.github.get(), query.get("token")) else {
        return unknown;
    };
    let user = github.join("user").expect("an address");
    let request = reqwest::Client::new().get(user).bearer_auth(token).header("user-agent", "notes");
    let answer = request.send().await.expect("an answer");
    if !answer.status().is_success() {
        return unknown;
    }
    let scopes = answer.headers()["x-oauth-scopes"].to_str().expect("text").to_owned();
    let scopes: Vec<&str> = scopes.split(", ").filter(|scope| !scope.is_empty()).collect();
    let told = json!({ "scopes": scopes });
    let user: Value = answer.json().await.expect("JSON");
    let login = &user["login"];
    (StatusCode::OK, Json(json!({ "login": login, "scopes": told["scopes"] })))
}
