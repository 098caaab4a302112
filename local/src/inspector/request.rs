//! What a request to a stand-in is called, who sent it, and what its answer means.

use axum::http::{HeaderMap, Method, StatusCode, request::Parts};
use serde_json::Value;
use url::form_urlencoded;
use vault::SessionUri;

use super::{
    hop::{Hop, Kind, Place},
    recorder::now,
    redaction::{address, cut, message},
};
use crate::{concealed::concealed, environment::BINDING};

/// How many characters of a message are shown beside an arrow.
const WORDS: usize = 60;
/// How many of what came back.
const LONGEST_NOTE: usize = 90;

/// A request and its body, as far as it was looked at.
pub(super) struct Seen<'a> {
    pub(super) to: Place,
    pub(super) head: &'a Parts,
    pub(super) body: &'a [u8],
}

impl Seen<'_> {
    /// The hop that begins with it.
    pub(super) fn hop(&self) -> Hop {
        let json = serde_json::from_slice(self.body).unwrap_or(Value::Null);
        let (title, note, kind) = self.name(&json);
        let title = cut(&title, WORDS);
        let sent = [address(&self.head.uri), message(&self.head.headers, self.body)];
        Hop {
            number: 0,
            at: now(),
            from: self.from(),
            to: self.to,
            title,
            note,
            kind,
            milliseconds: None,
            status: None,
            person: self.person(&json),
            flow: flow(self.head.uri.query().unwrap_or_default(), &json),
            checks: Vec::new(),
            sent: format!("{} {}", self.head.method, sent.join("\n").trim_end()),
            answered: String::new(),
            audit: Vec::new(),
        }
    }

    /// A browser says how it came to ask (Fetch Metadata); everything else is a program's.
    fn from(&self) -> Place {
        let path = self.head.uri.path();
        if self.to == Place::LoadBalancer || self.head.headers.contains_key("sec-fetch-mode") {
            return Place::Browser;
        }
        match self.to {
            Place::IdentityProvider => Place::LoadBalancer,
            Place::Github if path.ends_with("/access_token") => Place::Agentcore,
            Place::Calendar if path == "/token" => Place::Agentcore,
            Place::Agentcore if path.ends_with("/CompleteResourceTokenAuth") => Place::Binder,
            _ => Place::Agent,
        }
    }

    fn person(&self, json: &Value) -> Option<String> {
        if self.to == Place::S3 {
            // The bucket, the person, the conversation.
            let person = self.head.uri.path().split('/').nth(2).filter(|it| !it.is_empty())?;
            return Some(person.to_owned());
        }
        let member = json["userId"].as_str().or_else(|| json["userIdentifier"]["userId"].as_str());
        member.map(str::to_owned)
    }

    /// Its title, what is known of it before it is answered, and what it is for.
    fn name(&self, json: &Value) -> (String, String, Kind) {
        let (path, method) = (self.head.uri.path(), &self.head.method);
        let plain = |title: String| (title, String::new(), Kind::Plain);
        match self.to {
            Place::S3 => plain(operation(self.head)),
            Place::Bedrock if path.ends_with("/converse-stream") => plain("ConverseStream".into()),
            Place::Agentcore => vault(path, json).unwrap_or_else(|| plain(path.to_owned())),
            Place::Calendar if path == "/mcp" => {
                let (asked, tool) = (&json["method"], &json["params"]["name"]);
                let words = [asked, tool].into_iter().filter_map(Value::as_str);
                plain(words.collect::<Vec<_>>().join(" "))
            }
            Place::Github | Place::Calendar if path.ends_with("/authorize") => {
                let title = if method == Method::POST { "the answer" } else { "consent page" };
                (title.to_owned(), String::new(), Kind::Consent)
            }
            Place::Github | Place::Calendar
                if path.ends_with("/access_token") || path == "/token" =>
            {
                (format!("{method} {path}"), "code → token".to_owned(), Kind::Bound)
            }
            Place::LoadBalancer => {
                let kind = match path {
                    "/consent" => Kind::Consent,
                    BINDING => Kind::Bound,
                    "/oauth2/idpresponse" => Kind::Identity,
                    _ => Kind::Plain,
                };
                (format!("{method} {path}"), said(json), kind)
            }
            Place::IdentityProvider => (format!("{method} {path}"), String::new(), Kind::Identity),
            _ => plain(format!("{method} {path}")),
        }
    }
}

/// An operation of Amazon S3 by its method and parameters.
fn operation(head: &Parts) -> String {
    let conditions = ["if-match", "if-none-match"];
    let condition = conditions.into_iter().find(|name| head.headers.contains_key(*name));
    let is_list = head.uri.query().is_some_and(|query| query.contains("list-type=2"));
    let name = match head.method {
        Method::GET if is_list => "ListObjectsV2",
        Method::GET => "GetObject",
        Method::PUT => "PutObject",
        Method::HEAD => "HeadObject",
        Method::DELETE => "DeleteObject",
        _ => head.method.as_str(),
    };
    match condition {
        Some("if-match") => format!("{name} If-Match"),
        Some(_) => format!("{name} If-None-Match"),
        None => name.to_owned(),
    }
}

/// An operation of AgentCore Identity, or a page of it that the browser visits.
fn vault(path: &str, json: &Value) -> Option<(String, String, Kind)> {
    let (_, name) = path.rsplit_once('/')?;
    Some(match path {
        "/identities/oauth2/token" => {
            let scopes = json["scopes"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let scopes = scopes.collect::<Vec<_>>().join(" ");
            (format!("GetResourceOauth2Token [{scopes}]"), String::new(), Kind::Token)
        }
        "/identities/oauth2/authorize" => ("authorize".to_owned(), String::new(), Kind::Consent),
        _ if path.starts_with("/identities/oauth2/callback/") => {
            let note = "the code comes back, and is not exchanged yet".to_owned();
            ("code".to_owned(), note, Kind::Consent)
        }
        "/identities/CompleteResourceTokenAuth" => {
            (name.to_owned(), "only now: code → token".to_owned(), Kind::Bound)
        }
        _ if name.starts_with("GetWorkloadAccessToken") => {
            let user = json["userId"].as_str().map(|user| format!("for {user}"));
            (name.to_owned(), user.unwrap_or_default(), Kind::Token)
        }
        _ => return None,
    })
}

/// What the user says, in either shape of a request.
fn said(json: &Value) -> String {
    let messages = json["messages"].as_array().and_then(|all| all.last());
    let words = json["message"].as_str().or_else(|| messages?["content"].as_str());
    words.map(|words| format!("“{}”", cut(words, WORDS))).unwrap_or_default()
}

/// What an answer means, in a few words; empty if its status says it all.
pub(super) fn outcome(
    hop: &Hop,
    status: StatusCode,
    headers: &HeaderMap,
    json: &Value,
) -> Option<String> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let note = match hop.to {
        Place::Agentcore if json["accessToken"].is_string() => {
            let token = concealed(json["accessToken"].as_str().unwrap_or_default());
            format!("a token: {token}")
        }
        Place::Agentcore if json["authorizationUrl"].is_string() => {
            let session = json["sessionUri"].as_str().unwrap_or_default();
            format!("no token → consent, session {}", concealed(session))
        }
        Place::S3 if status == StatusCode::NOT_FOUND => "there is none yet".to_owned(),
        Place::S3 if status == StatusCode::PRECONDITION_FAILED => {
            "another request was faster".to_owned()
        }
        Place::Github => {
            let request = header("x-github-request-id")?;
            format!("{} · x-github-request-id {request}", status.as_u16())
        }
        _ if status.is_redirection() => {
            let to = header("location")?.parse().ok()?;
            format!("{} → {}", status.as_u16(), address(&to))
        }
        _ if !status.is_success() => status.to_string(),
        _ => return None,
    };
    Some(cut(&note, LONGEST_NOTE))
}

/// The fingerprint of the flow whose session is named in a query or a document, as in the audit trail.
pub(super) fn flow(query: &str, json: &Value) -> Option<String> {
    let is_session = |name: &str| ["request_uri", "session_id"].contains(&name);
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let named = pairs.find(|(name, _)| is_session(name)).map(|(_, value)| value.into_owned());
    let session = named.or_else(|| json["sessionUri"].as_str().map(str::to_owned))?;
    Some(SessionUri::parse(session).ok()?.fingerprint())
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use serde_json::json;

    use super::{Kind, Place, Seen, flow};

    fn hop(to: Place, method: &str, uri: &str, headers: &[(&str, &str)], body: &str) -> super::Hop {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        Seen { to, head: &head, body: body.as_bytes() }.hop()
    }

    const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

    #[test]
    fn a_request_of_the_agents_has_the_name_that_its_service_gives_it() {
        let created = hop(Place::S3, "PUT", "/b/alice/c.json", &[("if-none-match", "*")], "");
        assert_eq!(created.title, "PutObject If-None-Match");
        let token = r#"{"scopes":["repo"]}"#;
        for (to, method, uri, title) in [
            (Place::S3, "GET", "/b?list-type=2", "ListObjectsV2"),
            (Place::Bedrock, "POST", "/model/m/converse-stream", "ConverseStream"),
            (Place::Agentcore, "POST", "/identities/oauth2/token", "GetResourceOauth2Token [repo]"),
            (Place::Github, "GET", "/user/repos", "GET /user/repos"),
        ] {
            let hop = hop(to, method, uri, &JSON, token);
            assert_eq!((hop.title.as_str(), hop.from), (title, Place::Agent), "{uri}");
        }
    }

    #[test]
    fn a_request_is_known_by_who_makes_it() {
        let visit = [("sec-fetch-mode", "navigate")];
        let complete = "/identities/CompleteResourceTokenAuth";
        for (to, uri, headers, from) in [
            (Place::Agentcore, complete, &JSON[..], Place::Binder),
            (Place::Github, "/login/oauth/access_token", &[], Place::Agentcore),
            (Place::Github, "/login/oauth/authorize", &visit, Place::Browser),
            (Place::LoadBalancer, "/consent?flow=x", &[], Place::Browser),
            (Place::IdentityProvider, "/token", &[], Place::LoadBalancer),
        ] {
            assert_eq!(hop(to, "POST", uri, headers, "").from, from, "{uri}");
        }
    }

    #[test]
    fn a_message_is_shown_in_both_shapes_and_its_person_is_known_by_the_key() {
        for body in [r#"{"message":"Hi"}"#, r#"{"messages":[{"role":"user","content":"Hi"}]}"#] {
            let hop = hop(Place::LoadBalancer, "POST", "/invocations", &JSON, body);
            assert_eq!((hop.note.as_str(), hop.kind), ("“Hi”", Kind::Plain));
        }
        assert_eq!(
            hop(Place::S3, "GET", "/b/alice/c.json", &[], "").person.as_deref(),
            Some("alice")
        );
    }

    #[test]
    fn a_flow_has_the_fingerprint_of_the_audit_trail() {
        // printf urn:ietf:params:oauth:request_uri:one | sha256sum
        let expected = "a4ea28586dcebba9";
        for (query, json) in [
            ("request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3Aone", json!(null)),
            ("state=x&session_id=urn:ietf:params:oauth:request_uri:one", json!(null)),
            ("", json!({ "sessionUri": "urn:ietf:params:oauth:request_uri:one" })),
        ] {
            let flow = flow(query, &json).unwrap();
            assert_eq!(flow, expected);
        }
        assert_eq!(flow("state=x", &json!({})), None);
    }
}
