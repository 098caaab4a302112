//! What of a request may be shown. What is not known to be harmless is a secret: it is shown as a dot and
//! four hex digits of its SHA-256, so that one value can be followed from hop to hop.

use axum::http::{HeaderMap, Uri, header::CONTENT_TYPE};
use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::concealed::concealed;

/// The members and parameters whose values are shown.
const SHOWN: [&str; 42] = [
    "account",
    "approved",
    "client_id",
    "content",
    "created",
    "delta",
    "detail",
    "expiresIn",
    "expires_in",
    "forceAuthentication",
    "full_name",
    "grant_type",
    "interruptId",
    "label",
    "limit",
    "login",
    "message",
    "messageId",
    "name",
    "number",
    "oauth2Flow",
    "page",
    "per_page",
    "private",
    "provider",
    "reason",
    "resourceCredentialProviderName",
    "response_type",
    "result",
    "role",
    "scope",
    "scopes",
    "sessionId",
    "sessionStatus",
    "status",
    "text",
    "threadId",
    "title",
    "token_type",
    "tool",
    "userId",
    "visibility",
];
/// The headers that are shown.
const HEADERS: [&str; 7] = [
    "content-type",
    "if-match",
    "if-none-match",
    "range",
    "x-accepted-oauth-scopes",
    "x-github-request-id",
    "x-oauth-scopes",
];
/// How many characters a name of a member or parameter has at most.
const LONGEST_NAME: usize = 32;
/// How many characters of a body are shown.
const LONGEST: usize = 4_000;

/// A path with its parameters, secrets concealed.
pub(super) fn address(uri: &Uri) -> String {
    let Some(query) = uri.query() else { return uri.path().to_owned() };
    format!("{}?{}", uri.path(), form(query.as_bytes()))
}

/// Headers and body, secrets concealed.
pub(super) fn message(headers: &HeaderMap, body: &[u8]) -> String {
    let shown = headers.iter().filter(|(name, _)| HEADERS.contains(&name.as_str()));
    let mut lines: Vec<String> =
        shown.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap_or("…"))).collect();
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let text = match media_type.unwrap_or_default().split(';').next().unwrap_or_default() {
        "application/x-www-form-urlencoded" => Some(form(body)),
        it if it.ends_with("json") => {
            json(body).and_then(|json| serde_json::to_string_pretty(&json).ok())
        }
        _ => None,
    };
    lines.extend(text.filter(|text| !text.is_empty()));
    cut(&lines.join("\n"), LONGEST)
}

/// A JSON document, secrets concealed.
pub(super) fn json(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok().map(|value| shown(value, false))
}

fn shown(value: Value, is_harmless: bool) -> Value {
    match value {
        Value::String(text) if !is_harmless => Value::String(concealed(&text)),
        Value::Array(all) => all.into_iter().map(|it| shown(it, is_harmless)).collect(),
        Value::Object(members) => {
            let member = |(name, value): (String, Value)| {
                let value = shown(value, SHOWN.contains(&name.as_str()));
                (self::name(&name), value)
            };
            Value::Object(members.into_iter().map(member).collect::<Map<_, _>>())
        }
        other => other,
    }
}

fn form(text: &[u8]) -> String {
    let pairs = form_urlencoded::parse(text).map(|(key, value)| match &*value {
        // What has no value may be one.
        "" => concealed(&key),
        _ if SHOWN.contains(&&*key) => format!("{key}={value}"),
        _ => format!("{}={}", name(&key), concealed(&value)),
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// At most `most` characters. Those that can't be seen, or turn the direction of writing, are shown by
/// their codes.
pub(super) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", invisible::shown_in_lines(&text[..end])),
        None => invisible::shown_in_lines(text),
    }
}

/// A name that an interface may have; a secret in its place is concealed.
fn name(text: &str) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    match text.len() <= LONGEST_NAME && text.chars().all(is_name) {
        true => text.to_owned(),
        false => concealed(text),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, Uri};

    use super::{address, cut, json, message};

    #[test]
    fn what_is_not_known_to_be_harmless_is_concealed_wherever_it_stands() {
        let body = br#"{"scopes":["repo"],"userId":"alice","accessToken":"s3cret","more":{"list":["s3cret"]},
            "state":"s3cret","expiresIn":5}"#;
        let shown = json(body).unwrap();
        assert_eq!(shown["scopes"][0], "repo");
        assert_eq!((&shown["userId"], &shown["expiresIn"]), (&"alice".into(), &5.into()));
        let mark = shown["accessToken"].as_str().unwrap();
        assert!(mark.starts_with('●') && mark.chars().count() == 5, "{mark}");
        for same in [&shown["more"]["list"][0], &shown["state"]] {
            assert_eq!(same, mark, "one value has one mark");
        }
        let uri: Uri = "/consent?s3cret".parse().unwrap();
        assert_eq!(address(&uri), format!("/consent?{mark}"), "a secret in the place of a name");
        let long = "s3cret".repeat(8);
        let named = json(format!(r#"{{"{long}":1}}"#).as_bytes()).unwrap();
        assert!(!named.to_string().contains("s3cret"), "{named}");
        let uri: Uri =
            "/identities/oauth2/authorize?request_uri=s3cret&scope=repo".parse().unwrap();
        assert_eq!(
            address(&uri),
            format!("/identities/oauth2/authorize?request_uri={mark}&scope=repo")
        );
    }

    #[test]
    fn of_the_headers_only_those_that_are_named_are_shown() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("authorization", "Bearer s3cret"),
            ("cookie", "s3cret"),
            ("x-amzn-oidc-data", "s3cret"),
            ("x-oauth-scopes", "repo"),
            ("content-type", "application/x-www-form-urlencoded"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        let text = message(&headers, b"code=s3cret&scope=repo&client_secret=s3cret");
        assert!(text.contains("x-oauth-scopes: repo") && text.contains("scope=repo"), "{text}");
        assert!(!text.contains("s3cret") && !text.contains("Bearer"), "{text}");
        assert_eq!(message(&HeaderMap::new(), b"s3cret"), "", "a body of no known type");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!((cut("äöü", 2), cut("äöü", 3)), ("äö…".to_owned(), "äöü".to_owned()));
        assert_eq!(cut("a\u{202e}b\nc", 9), "a⟨U+202E⟩b\nc");
    }
}
