//! What MCP's clients and servers send: nothing panics, a model and a person see nothing that is hidden, and
//! what a client has said comes back as it was.
//!
//! The first byte of the input chooses what it is.

use http::{HeaderMap, HeaderValue};
use invisible::{is_invisible, shown};
use invoke::fuzzing::{mcp_client, mcp_session};
use serde::Deserialize;
use serde_json::{Map, Value};
use tools_mcp::fuzzing;

/// The limits of what a model is shown, and of a name that models take.
const MOST_SHOWN: usize = 40_000;
const MOST_OF_SCHEMA: usize = 16 * 1024;
const LONGEST_NAME: usize = 64;
const LONGEST_CLIENT_NAME: usize = 100;

/// What is read of a client's first message. In what is not, JSON's grammar allows half a surrogate pair, which no
/// string of ours can hold.
#[derive(Deserialize)]
struct Initialize {
    params: Value,
}

/// Reads one input.
pub(crate) fn run(input: &[u8]) {
    let Some((kind, sent)) = input.split_first() else { return };
    match kind {
        b'c' => challenge(sent),
        b'i' => initialize(sent),
        b'n' => name(sent),
        b'q' => question(sent),
        b'r' => result(sent),
        b's' => schema(sent),
        _ => {}
    }
}

/// `WWW-Authenticate`.
fn challenge(sent: &[u8]) {
    let Ok(header) = str::from_utf8(sent) else { return };
    let (scopes, is_insufficient) = fuzzing::challenge(header);
    let is_bearer = header.get(..7).is_some_and(|it| it.eq_ignore_ascii_case("bearer "));
    assert!(is_bearer || (scopes.is_none() && !is_insufficient), "of another scheme");
    assert!(scopes.is_none_or(|scopes| scopes.len() <= header.len()));
}

/// A client's first message; the session id that it gets is all that is kept of it.
fn initialize(sent: &[u8]) {
    let Some(session) = mcp_session(sent) else { return };
    assert!(session.bytes().all(|byte| (0x21..=0x7e).contains(&byte)), "no session id: {session}");
    let header = HeaderValue::from_str(&session).expect("a header");
    let headers = HeaderMap::from_iter([("mcp-session-id".parse().expect("a name"), header)]);
    let (name, shows_urls) = mcp_client(&headers);
    let text = str::from_utf8(sent).expect("text, because it was read");
    let Initialize { params: said } =
        serde_json::from_str(text).expect("JSON, because it was read");
    assert_eq!(shows_urls, said["capabilities"]["elicitation"]["url"].is_object());
    let info = &said["clientInfo"];
    let own = info["title"].as_str().or(info["name"].as_str()).unwrap_or_default();
    let own: String = own.trim().chars().take(LONGEST_CLIENT_NAME).collect();
    let own = if own.is_empty() { "unnamed" } else { &own };
    let own: String = shown(own).trim().chars().take(LONGEST_CLIENT_NAME).collect();
    assert_eq!(name, own, "another client than the one that has begun");
}

/// A tool's name.
fn name(sent: &[u8]) {
    let Ok(tool) = str::from_utf8(sent) else { return };
    let name = fuzzing::name(tool).expect("a name");
    let is_allowed = |it: u8| it.is_ascii_alphanumeric() || it == b'_' || it == b'-';
    assert!(name.len() <= LONGEST_NAME && name.bytes().all(is_allowed), "no model takes {name}");
    assert!(name.starts_with("server_"));
    let another = fuzzing::name(&format!("{tool}?")).expect("a name");
    assert_ne!(name, another, "two tools have one name");
}

/// What a server asks the user.
fn question(sent: &[u8]) {
    let Some(asked) = fuzzing::asked(sent) else { return };
    let inquiry = match asked {
        Ok(inquiry) => inquiry,
        Err(failure) => return is_seen_whole(&failure.text),
    };
    assert!((1..=8).contains(&inquiry.questions.len()));
    inquiry.questions.iter().for_each(|question| is_seen_whole(&question.message));
}

/// The result of a call.
fn result(sent: &[u8]) {
    match fuzzing::shown(sent) {
        None => {}
        Some(Err(failure)) => is_seen_whole(&failure.text),
        Some(Ok(shown)) => {
            assert_eq!(shown["from"], "server", "a result of nobody");
            assert!(shown["text"].as_str().is_none_or(|text| text.len() <= MOST_SHOWN));
            all_is_seen(&shown);
        }
    }
}

/// A tool's input schema.
fn schema(sent: &[u8]) {
    let Ok(schema) = serde_json::from_slice::<Map<String, Value>>(sent) else { return };
    let Some(fit) = fuzzing::schema(&schema) else { return };
    let top = fit.as_object().expect("an object");
    assert_eq!(top["type"], "object");
    assert!(top.keys().all(|it| ["type", "properties", "required"].contains(&it.as_str())));
    assert!(fit.to_string().len() <= MOST_OF_SCHEMA);
    all_is_seen(&fit["properties"]);
    assert_eq!(fuzzing::schema(top), Some(fit.clone()), "what fits is changed again");
}

fn all_is_seen(value: &Value) {
    match value {
        Value::String(text) => is_seen_whole(text),
        Value::Array(items) => items.iter().for_each(all_is_seen),
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| {
                is_seen_whole(name);
                all_is_seen(value);
            });
        }
        _ => {}
    }
}

fn is_seen_whole(text: &str) {
    let is_hidden = |it: char| is_invisible(it) && it != '\n' && it != '\t';
    assert!(!text.contains(is_hidden), "something is hidden in {text:?}");
}
