//! Which client calls, and whether it can show its user the address of a page.
//!
//! Clients of 2026-07-28 say both in every request. Those of the versions before say them once, in
//! `initialize`, and send the session id that they get with every other request: so the session id is what
//! they have said, and nothing is kept here. It proves nothing, and decides nothing but in which form a link
//! is told.

use http::{HeaderMap, header};
use rmcp::{RoleServer, model::ProtocolVersion, service::RequestContext};
use serde::Deserialize;
use serde_json::Value;
use url::form_urlencoded;
use vault::ClientName;

use super::SESSION;

/// As a session id begins of a client that shows addresses, and of one that does not.
const SHOWS_URLS: &str = "url";
const SHOWS_TEXT: &str = "text";

/// A client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Client {
    pub(super) name: ClientName,
    /// Whether it asked in `initialize` for elicitations with an address.
    shows_urls: bool,
}

/// How a client is told what its user has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As a result that asks for input (2026-07-28, "Multi Round-Trip Requests").
    InputRequired,
    /// As an error with the elicitation in it (2025-11-25, `URLElicitationRequiredError`).
    ElicitationError,
    /// As a text.
    Text,
}

#[derive(Deserialize)]
struct Initialize {
    method: String,
    params: Value,
}

impl Client {
    /// The client that sends `headers`.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let session = text(SESSION).and_then(|session| {
            let (form, name) = form_urlencoded::parse(session.as_bytes()).next()?;
            Some((form == SHOWS_URLS, name.into_owned()))
        });
        let agent = || text(header::USER_AGENT).unwrap_or_default().to_owned();
        let (shows_urls, name) = session.unwrap_or_default();
        let name = if name.is_empty() { agent() } else { name };
        Self { name: shown(&name), shows_urls }
    }

    /// Its name, and whether it shows addresses.
    #[cfg(fuzzing)]
    pub(super) fn in_words(self) -> (String, bool) {
        (self.name.as_str().to_owned(), self.shows_urls)
    }

    /// What is known of it besides by the request of `context`.
    pub(super) fn in_request(self, context: &RequestContext<RoleServer>) -> (ClientName, Form) {
        if !is_modern(context) {
            let form = if self.shows_urls { Form::ElicitationError } else { Form::Text };
            return (self.name, form);
        }
        let elicitation = context.client_capabilities().and_then(|it| it.elicitation);
        let form = match elicitation.is_some_and(|it| it.url.is_some()) {
            true => Form::InputRequired,
            false => Form::Text,
        };
        let name =
            context.client_info().map(|info| shown(info.title.as_ref().unwrap_or(&info.name)));
        (name.unwrap_or(self.name), form)
    }
}

fn is_modern(context: &RequestContext<RoleServer>) -> bool {
    let first = ProtocolVersion::V_2026_07_28;
    context.protocol_version().is_some_and(|version| version.as_str() >= first.as_str())
}

/// A name as a person can see all of it.
fn shown(name: &str) -> ClientName {
    ClientName::shortened(&invisible::shown(name))
}

/// The session id of a client that sends `body`, if it is its `initialize`.
pub(super) fn session(body: &[u8]) -> Option<String> {
    // RFC 8259, section 8.1; of a slice, Serde passes over what nobody asks for as bytes.
    let body = str::from_utf8(body).ok()?;
    let Initialize { method, params } = serde_json::from_str(body).ok()?;
    if method != "initialize" {
        return None;
    }
    let shows_urls = params["capabilities"]["elicitation"]["url"].is_object();
    let info = &params["clientInfo"];
    let name = info["title"].as_str().or(info["name"].as_str()).unwrap_or_default();
    let form = if shows_urls { SHOWS_URLS } else { SHOWS_TEXT };
    let mut session = form_urlencoded::Serializer::new(String::new());
    session.append_pair(form, ClientName::shortened(name).as_str());
    Some(session.finish())
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, header};
    use serde_json::{Value, json};

    use super::{Client, SESSION, session};

    fn of(initialize: &Value) -> (String, Client) {
        let id = session(initialize.to_string().as_bytes()).unwrap();
        assert!(id.bytes().all(|byte| (0x21..=0x7e).contains(&byte)), "{id}");
        let headers = [
            (SESSION, HeaderValue::from_str(&id).unwrap()),
            (header::USER_AGENT, HeaderValue::from_static("python-httpx/1")),
        ];
        (id, Client::of(&headers.into_iter().collect::<HeaderMap>()))
    }

    #[test]
    fn a_session_id_is_what_the_client_has_said_at_its_beginning() {
        let initialize = |elicitation: Value| {
            json!({
                "jsonrpc": "2.0", "id": 1, "method": "initialize",
                "params": {
                    "capabilities": { "elicitation": elicitation },
                    "clientInfo": { "name": "Ünder & = a\u{202e}gent", "version": "1" },
                },
            })
        };
        let (_, client) = of(&initialize(json!({ "url": {} })));
        assert!(client.shows_urls);
        assert_eq!(client.name.as_str(), "Ünder & = a⟨U+202E⟩gent");
        let (_, client) = of(&initialize(json!({})));
        assert!(!client.shows_urls);
        assert_eq!(session(br#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}"#), None);
    }

    #[test]
    fn what_is_not_utf8_begins_nothing() {
        let body = |version: &[u8]| {
            let rest = br#"","id":1,"method":"initialize","params":{"clientInfo":{"name":"a"}}}"#;
            [br#"{"jsonrpc":"2.0"#, version, rest].concat()
        };
        assert!(session(&body(b"")).is_some());
        assert_eq!(session(&body(b"\x95")), None);
    }

    #[test]
    fn a_client_without_a_session_is_called_by_its_user_agent() {
        let agent = [(header::USER_AGENT, HeaderValue::from_static("python-httpx/1"))];
        let client = Client::of(&agent.into_iter().collect());
        assert_eq!((client.name.as_str(), client.shows_urls), ("python-httpx/1", false));
        assert_eq!(Client::of(&HeaderMap::new()).name.as_str(), "unnamed");
    }
}
