//! Which servers there are, as the operator has written it: JSON in the shape that MCP clients use,
//! `{"calendar": {"url": "https://…/mcp", "auth": {…}}}`, with or without `mcpServers` around it.
//!
//! A server is not trusted with what it says of itself: which of its tools only read, which are offered,
//! and how much may be asked for at the provider stand here, or nowhere.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

use serde::Deserialize;
use url::Url;
use vault::{ProviderName, Scope, endpoint};

/// How many servers there may be.
const MOST_SERVERS: usize = 16;
/// How long a server's name may be: it begins the name of each of its tools, which has 64 characters.
const LONGEST_NAME: usize = 24;
/// Names that would make a tool look like one of ours.
const RESERVED: [&str; 3] = ["connect", "find", "github"];

/// The MCP servers whose tools the agent may use.
#[derive(Debug, Clone, Default)]
pub struct McpServers(pub(crate) Vec<ServerSettings>);

/// One server.
#[derive(Debug, Clone)]
pub(crate) struct ServerSettings {
    pub(crate) name: String,
    pub(crate) url: Url,
    pub(crate) auth: Option<Auth>,
    /// Its tools that are offered, by its own names; all if `None`.
    pub(crate) tools: Option<BTreeSet<String>>,
    /// Its tools that are believed to read only.
    pub(crate) read_only: BTreeSet<String>,
}

/// Whose tokens a server takes, and what they have to allow.
#[derive(Debug, Clone)]
pub(crate) struct Auth {
    pub(crate) provider: ProviderName,
    /// What people call the provider.
    pub(crate) label: Option<String>,
    pub(crate) scopes: Vec<Scope>,
    /// What may be asked for besides, once the server says that a call needs it.
    pub(crate) more_scopes: Vec<Scope>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    url: String,
    #[serde(rename = "type")]
    transport: Option<String>,
    auth: Option<AuthEntry>,
    tools: Option<BTreeSet<String>>,
    #[serde(default, alias = "readOnly")]
    read_only: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthEntry {
    provider: String,
    label: Option<String>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default, alias = "moreScopes")]
    more_scopes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Document {
    #[serde(rename_all = "camelCase")]
    Wrapped {
        mcp_servers: BTreeMap<String, serde_json::Value>,
    },
    Plain(BTreeMap<String, serde_json::Value>),
}

impl FromStr for McpServers {
    type Err = String;

    /// Reads the JSON; the error says which server is wrong, and why.
    fn from_str(text: &str) -> Result<Self, String> {
        let document: Document = serde_json::from_str(text)
            .map_err(|_| "must be a JSON object of servers by their names".to_owned())?;
        let (Document::Wrapped { mcp_servers: entries } | Document::Plain(entries)) = document;
        if entries.len() > MOST_SERVERS {
            return Err(format!("names more than {MOST_SERVERS} servers"));
        }
        let server = |(name, entry): (String, serde_json::Value)| {
            let entry = serde_json::from_value(entry).map_err(|error| error.to_string());
            let server = entry.and_then(|entry| ServerSettings::new(&name, entry));
            server.map_err(|why| format!("{name:?}: {why}"))
        };
        entries.into_iter().map(server).collect::<Result<_, _>>().map(Self)
    }
}

impl ServerSettings {
    fn new(name: &str, entry: Entry) -> Result<Self, String> {
        let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(is_allowed) {
            return Err(format!("a server's name has 1 to {LONGEST_NAME} of a-z 0-9 -"));
        }
        if RESERVED.contains(&name) {
            return Err("this name is reserved: its tools would look like the agent's own".into());
        }
        let Entry { url, transport, auth, tools, read_only } = entry;
        if transport.is_some_and(|it| !matches!(it.as_str(), "http" | "streamable-http")) {
            return Err("only servers over streamable HTTP are supported (type \"http\")".into());
        }
        let url = endpoint(&url).map_err(|error| format!("url: {error}"))?;
        if url.password().is_some() || !url.username().is_empty() || url.fragment().is_some() {
            return Err("url: has no user, password or fragment".into());
        }
        let unknown = tools.as_ref().and_then(|tools| read_only.difference(tools).next());
        if let Some(tool) = unknown {
            return Err(format!("read_only names {tool:?}, which tools does not"));
        }
        let auth = auth.map(Auth::new).transpose()?;
        Ok(Self { name: name.to_owned(), url, auth, tools, read_only })
    }
}

impl Auth {
    fn new(entry: AuthEntry) -> Result<Self, String> {
        let AuthEntry { provider, label, scopes, more_scopes } = entry;
        let provider = ProviderName::parse(provider).map_err(|error| format!("auth: {error}"))?;
        let parsed = |scopes: Vec<String>| {
            let parsed = scopes.into_iter().map(Scope::parse).collect::<Result<Vec<_>, _>>();
            parsed.map_err(|error| format!("auth: {error}"))
        };
        let label = label.map(|label| label.trim().to_owned());
        let is_label = |it: &str| (1..=60).contains(&it.len()) && invisible::shown(it) == it;
        if label.as_deref().is_some_and(|label| !is_label(label)) {
            return Err("auth: label has 1 to 60 bytes that can be seen".into());
        }
        let (scopes, more_scopes) = (parsed(scopes)?, parsed(more_scopes)?);
        Ok(Self { provider, label, scopes, more_scopes })
    }
}

#[cfg(test)]
mod tests {
    use super::McpServers;

    fn read(text: &str) -> Result<McpServers, String> {
        text.parse()
    }

    #[test]
    fn servers_are_read_in_the_shape_that_mcp_clients_use() {
        let plain = r#"{"calendar":{"url":"https://calendar.example/mcp","type":"http",
            "auth":{"provider":"calendar","scopes":["events.read"],"more_scopes":["events.write"]},
            "tools":["list","create"],"read_only":["list"]}}"#;
        for text in [plain.to_owned(), format!(r#"{{"mcpServers":{plain}}}"#)] {
            let servers = read(&text).unwrap().0;
            let [server] = servers.as_slice() else { panic!("{servers:?}") };
            assert_eq!(server.name, "calendar");
            assert_eq!(server.url.as_str(), "https://calendar.example/mcp");
            let auth = server.auth.as_ref().unwrap();
            assert_eq!(auth.scopes.len() + auth.more_scopes.len(), 2);
            assert!(server.read_only.contains("list") && !server.read_only.contains("create"));
        }
        assert!(read("{}").unwrap().0.is_empty());
        assert!(read(r#"{"open":{"url":"https://open.example/"}}"#).unwrap().0[0].auth.is_none());
    }

    #[test]
    fn a_mistake_names_its_server_and_says_what_to_do() {
        for (text, says) in [
            ("[]", "JSON object"),
            ("{", "JSON object"),
            (r#"{"a b":{"url":"https://x.example"}}"#, "a-z 0-9"),
            (r#"{"github":{"url":"https://x.example"}}"#, "reserved"),
            (r#"{"a":{}}"#, "url"),
            (r#"{"a":{"url":"http://x.example"}}"#, "https"),
            (r#"{"a":{"url":"https://u:p@x.example"}}"#, "password"),
            (r#"{"a":{"url":"https://x.example","type":"sse"}}"#, "streamable"),
            (r#"{"a":{"url":"https://x.example","headers":{}}}"#, "headers"),
            (r#"{"a":{"url":"https://x.example","tools":["b"],"read_only":["c"]}}"#, "\"c\""),
            (r#"{"a":{"url":"https://x.example","auth":{"provider":"no name"}}}"#, "auth"),
            (
                r#"{"a":{"url":"https://x.example","auth":{"provider":"p","scopes":["a b"]}}}"#,
                "auth",
            ),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
