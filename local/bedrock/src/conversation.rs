//! What was said before in a conversation, as far as the script looks at it: it remembers nothing itself.

use std::collections::HashMap;

use super::request::{Block, Output, Request, Role};

/// What the user said, and what the model answered in the end.
#[derive(Default)]
pub(super) struct Exchange {
    pub(super) said: String,
    pub(super) answered: String,
}

/// Returns all exchanges. The last one is not answered yet.
pub(super) fn exchanges(request: &Request) -> Vec<Exchange> {
    let mut exchanges: Vec<Exchange> = Vec::new();
    for message in &request.messages {
        let text = message.text();
        match (message.role, exchanges.last_mut()) {
            _ if text.is_empty() => {}
            (Role::User, _) => exchanges.push(Exchange { said: text, ..Exchange::default() }),
            (Role::Assistant, Some(exchange)) => exchange.answered = text,
            (Role::Assistant, None) => {}
        }
    }
    exchanges
}

/// The repositories that the conversation has shown.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Those in a list of the user's own.
    pub(super) own: Vec<String>,
    /// Those that a search has found, which can be anybody's.
    pub(super) found: Vec<String>,
}

impl Known {
    pub(super) fn of(request: &Request) -> Self {
        let blocks = || request.messages.iter().flat_map(|message| &message.content);
        let uses = blocks().filter_map(|block| match block {
            Block::ToolUse(it) => Some((it.tool_use_id.as_str(), it.name.as_str())),
            _ => None,
        });
        let tools: HashMap<&str, &str> = uses.collect();
        let mut known = Self::default();
        for block in blocks() {
            let Block::ToolResult(result) = block else { continue };
            let names = match tools.get(result.tool_use_id.as_str()) {
                Some(&"github_list_repositories") => &mut known.own,
                Some(&"github_search_repositories") => &mut known.found,
                _ => continue,
            };
            for output in &result.content {
                let Output::Json(data) = output else { continue };
                let all = data["repositories"].as_array().into_iter().flatten();
                for name in all.filter_map(|it| it["fullName"].as_str()) {
                    if !names.iter().any(|known| known == name) {
                        names.push(name.to_owned());
                    }
                }
            }
        }
        known
    }

    /// Returns the repositories of this name: the user's own, and what was found only if there is none.
    pub(super) fn named(&self, name: &str) -> Vec<&str> {
        let is_it = |full: &&String| {
            full.split_once('/').is_some_and(|(_, own)| own.eq_ignore_ascii_case(name))
        };
        let own: Vec<&str> = self.own.iter().filter(is_it).map(String::as_str).collect();
        if own.is_empty() {
            return self.found.iter().filter(is_it).map(String::as_str).collect();
        }
        own
    }
}
