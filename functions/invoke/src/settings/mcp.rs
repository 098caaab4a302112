//! Which MCP servers there are ([`MCP`](super::MCP)).

use std::{fs, sync::Arc};

use agent::provider::Provider;
use edge::Reader;
use tools_mcp::{McpServers, McpTools};

use super::MCP_SERVERS;

/// Reads the variable, or the file that it names; `github` is the provider of our own tools.
pub(super) fn read(reader: &mut Reader<'_>, github: Option<&Arc<Provider>>) -> Option<McpTools> {
    let Some(servers) = reader.optional(&MCP_SERVERS, servers) else {
        return McpTools::new(McpServers::default(), &[]).ok();
    };
    let known: Vec<Arc<Provider>> = github.cloned().into_iter().collect();
    McpTools::new(servers, &known).map_err(|error| reader.mistake(&MCP_SERVERS, error)).ok()
}

fn servers(text: &str) -> Result<McpServers, String> {
    let Some(path) = text.strip_prefix('@') else { return text.parse() };
    let read = fs::read_to_string(path).map_err(|error| format!("{path:?}: {error}"))?;
    read.parse()
}

#[cfg(test)]
mod tests {
    use agent::tool::ToolSource;

    use crate::settings::tests::read;

    const CALENDAR: &str = r#"{"calendar":{"url":"https://calendar.example/mcp",
        "auth":{"provider":"calendar","label":"Calendar","scopes":["events.read"]}}}"#;

    #[test]
    fn there_are_no_servers_unless_some_are_named() {
        assert!(read(&[]).unwrap().mcp.providers().is_empty());
        let mcp = read(&[("MCP_SERVERS", CALENDAR)]).unwrap().mcp;
        assert_eq!(mcp.providers()[0].label(), "Calendar");
    }

    #[test]
    fn servers_are_read_from_a_file() {
        let path = std::env::temp_dir().join(format!("mcp-servers-{}.json", std::process::id()));
        std::fs::write(&path, CALENDAR).unwrap();
        let named = format!("@{}", path.display());
        assert_eq!(read(&[("MCP_SERVERS", &named)]).unwrap().mcp.providers().len(), 1);
        std::fs::remove_file(&path).unwrap();
        let error = read(&[("MCP_SERVERS", &named)]).err().unwrap().to_string();
        assert!(error.contains("MCP_SERVERS") && error.contains("mcp-servers"), "{error}");
    }

    #[test]
    fn a_server_that_takes_githubs_tokens_is_never_given_more_than_github_is_asked_for() {
        let server = |scope: &str| {
            format!(
                r#"{{"github-mcp":{{"url":"https://api.githubcopilot.com/mcp/",
                "auth":{{"provider":"github","scopes":["{scope}"]}}}}}}"#
            )
        };
        let mcp = read(&[("MCP_SERVERS", &server("repo"))]).unwrap().mcp;
        assert_eq!(mcp.providers()[0].label(), "GitHub");
        let error = read(&[("MCP_SERVERS", &server("admin:org"))]).err().unwrap().to_string();
        assert!(error.contains("MCP_SERVERS") && error.contains("github"), "{error}");
    }
}
