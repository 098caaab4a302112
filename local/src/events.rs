//! The events in `events/`: requests as a load balancer sends them to a Lambda function.
//!
//! Their tokens are signed by the development key and valid until 2100, for stand-ins on the
//! default ports. `cargo run -p local --example events` writes the files.

use axum::{
    body::Bytes,
    http::{Method, Request, request::Builder},
};
use serde_json::{Value, json};

use load_balancer_local::{ARN, alb_event};

use crate::{
    environment,
    parts::{Addresses, DEFAULT_PORT},
};

/// 2100-01-01T00:00:00Z.
const EXPIRES: u64 = 4_102_444_800;
/// The issuer that the tokens name.
pub const ISSUER: &str = "http://127.0.0.1:8081";
const HOST: &str = "localhost:8080";

/// An event and the response to it.
#[derive(Debug, Clone)]
pub struct Event {
    /// The name of the file in `events/`; it begins with the function's name.
    pub file: &'static str,
    /// The status of the response.
    pub status: u16,
    /// What it is an example of.
    pub shows: &'static str,
    /// The event.
    pub json: Value,
}

impl Event {
    fn new(file: &'static str, status: u16, shows: &'static str, json: Value) -> Self {
        Self { file, status, shows, json }
    }
}

/// Returns all events.
#[must_use]
pub fn all() -> Vec<Event> {
    let mut events = workload();
    events.extend(workload_refusals());
    events.extend(binder());
    events
}

fn workload() -> Vec<Event> {
    let page = |path| event(get(path).header("accept", "text/html"), "");
    vec![
        Event::new(
            "invoke-hello.json",
            200,
            "a plain answer of the scripted model",
            message(&token(), "Hello!"),
        ),
        Event::new(
            "invoke-list-repositories.json",
            200,
            "an interrupted turn: the user has to consent first",
            message(&token(), "Which repositories do I have?"),
        ),
        Event::new("invoke-page.json", 200, "the page to talk to the agent", page("/")),
        Event::new("invoke-docs.json", 200, "the API as a page", page("/docs/")),
        Event::new("invoke-openapi.json", 200, "the OpenAPI document", page("/openapi.json")),
        Event::new(
            "invoke-connections.json",
            200,
            "what the user has connected: nothing yet",
            page("/connections"),
        ),
        Event::new(
            "invoke-disconnect.json",
            200,
            "the user disconnects GitHub",
            event(signed(Request::delete("/connections/github"), &token()), ""),
        ),
        Event::new(
            "invoke-ping.json",
            200,
            "health, without a sign-in",
            event(Request::get("/ping"), ""),
        ),
    ]
}

fn workload_refusals() -> Vec<Event> {
    let good = token();
    let post = |path, body: &str| {
        let request = signed(Request::post(path), &good);
        event(request.header("content-type", "application/json"), body)
    };
    let health_check = Request::get("/").header("user-agent", "ELB-HealthChecker/2.0");
    vec![
        Event::new("invoke-no-token.json", 401, "nobody is signed in", message("", "Hello!")),
        Event::new(
            "invoke-expired-token.json",
            401,
            "a token of 2023",
            message(&token_with(&json!({ "exp": 1_700_000_000 }), &json!({})), "Hello!"),
        ),
        Event::new(
            "invoke-foreign-signer.json",
            401,
            "a token of somebody else's load balancer",
            message(&token_with(&json!({ "signer": foreign_signer() }), &json!({})), "Hello!"),
        ),
        Event::new(
            "invoke-changed-payload.json",
            401,
            "alice's signature over bob's name",
            message(
                &with_payload_of(&good, &token_with(&json!({}), &json!({ "sub": "bob" }))),
                "Hello!",
            ),
        ),
        Event::new(
            "invoke-blank-message.json",
            400,
            "a message without words",
            message(&good, " "),
        ),
        Event::new("invoke-no-json.json", 400, "a body that is no JSON", post("/invocations", "{")),
        Event::new("invoke-unknown-route.json", 404, "no such address", post("/nothing", "{}")),
        Event::new(
            "invoke-wrong-method.json",
            405,
            "a POST to a page",
            post("/openapi.json", "{}"),
        ),
        Event::new(
            "invoke-health-check.json",
            401,
            "a load balancer's health check that is not set to /ping",
            event(health_check, ""),
        ),
    ]
}

fn binder() -> Vec<Event> {
    const SESSION: &str = "session_id=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3Ainvented";
    let at = |query: &str| format!("/oauth2/session-binding?{query}");
    let visit = |query: &str| {
        let request = get(&at(query)).header("accept", "application/json");
        event(request.header("sec-fetch-mode", "navigate"), "")
    };
    vec![
        Event::new(
            "bind-session-no-flow.json",
            403,
            "a visit whose browser asked for nothing",
            visit(&format!("{SESSION}&state=invented")),
        ),
        Event::new(
            "bind-session-malformed.json",
            400,
            "a visit without a session",
            visit("state=x"),
        ),
        Event::new(
            "bind-session-declined.json",
            403,
            "the user said no at the provider",
            visit(&format!("{SESSION}&error=access_denied")),
        ),
        Event::new(
            "bind-session-connected.json",
            200,
            "the page that a browser shows in the end",
            visit("result=connected"),
        ),
        Event::new(
            "bind-session-no-token.json",
            401,
            "nobody is signed in",
            event(Request::get(at(SESSION)).header("accept", "application/json"), ""),
        ),
        Event::new(
            "bind-session-ping.json",
            200,
            "health, without a sign-in",
            event(Request::get("/ping"), ""),
        ),
    ]
}

/// Returns `events/local.env`: the services' variables for stand-ins on the default ports.
///
/// # Errors
/// Never: the default ports are valid.
pub fn env_file() -> Result<String, url::ParseError> {
    let addresses = Addresses::on_ports_from(DEFAULT_PORT)?;
    let variables = environment::functions(&addresses, ISSUER, environment::OIDC_CLIENT_ID);
    let lines = variables.into_iter().map(|(name, value)| format!("{name}={value}\n"));
    let about = "# The functions' environment while `cargo run -p local` plays AWS.\n\
                 # For development only: every secret here is public.\n";
    Ok(std::iter::once(about.to_owned()).chain(lines).collect())
}

fn message(token: &str, message: &str) -> Value {
    let request = Request::builder().method(Method::POST).uri("/invocations");
    let request = if token.is_empty() { request } else { signed(request, token) };
    let request = request.header("content-type", "application/json");
    event(request, &json!({ "sessionId": "sample", "message": message }).to_string())
}

fn get(path: &str) -> Builder {
    signed(Request::get(path), &token())
}

fn signed(request: Builder, token: &str) -> Builder {
    request.header("x-amzn-oidc-data", token).header("x-amzn-oidc-identity", "alice")
}

fn event(request: Builder, body: &str) -> Value {
    let request = request.header("host", HOST).header("x-forwarded-proto", "http").body(());
    request.map_or(Value::Null, |request| {
        alb_event::event(&request.into_parts().0, &Bytes::copy_from_slice(body.as_bytes()))
    })
}

fn token() -> String {
    token_with(&json!({}), &json!({}))
}

/// Returns a token in which these members of header and payload are changed.
fn token_with(header: &Value, payload: &Value) -> String {
    let mut all_header = json!({
        "typ": "JWT", "alg": "ES256", "kid": development_key::KEY_ID, "exp": EXPIRES,
        "iss": ISSUER, "client": environment::OIDC_CLIENT_ID,
        "signer": ARN,
    });
    let mut all_payload = json!({
        "sub": "alice", "name": "Alice Example", "email": "alice@example.com", "exp": EXPIRES,
        "iss": ISSUER,
    });
    for (all, changes) in [(&mut all_header, header), (&mut all_payload, payload)] {
        for (name, value) in changes.as_object().into_iter().flatten() {
            all[name] = value.clone();
        }
    }
    development_key::sign(&all_header, &all_payload)
}

fn foreign_signer() -> String {
    ARN.replace("000000000000", "999999999999")
}

fn with_payload_of(token: &str, other: &str) -> String {
    let part = |token: &str, at: usize| token.split('.').nth(at).unwrap_or_default().to_owned();
    format!("{}.{}.{}", part(token, 0), part(other, 1), part(token, 2))
}
