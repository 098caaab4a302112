//! The tools of one turn: which the model is shown, and which it can call.
//!
//! A model that is shown hundreds of tools calls the wrong one, and pays for them with each request. So of
//! the tools of other servers at most [`MOST_SHOWN`] are shown, and the others are found by a tool that
//! searches. What was found, or called, in the conversation is shown first.

use std::{collections::HashSet, fmt, sync::Arc};

use identity::UserId;
use session::{Message, ToolOutput};

use crate::{
    find_tools::{self, FOUND, FindTools},
    tool::{ServerTools, Tool, ToolSource, ToolSpec},
};

/// How many tools of other servers the model is shown.
pub const MOST_SHOWN: usize = 15;

/// The tools that a turn can use; cheap to clone.
#[derive(Clone)]
pub struct Toolbox(Arc<Tools>);

struct Tools {
    /// Always shown.
    own: Vec<Tool>,
    servers: Vec<ServerTools>,
    /// All tools of the servers: one of each in turn, so that each server has some of those shown.
    of_servers: Vec<Tool>,
}

impl Toolbox {
    /// What `sources` have for `user` now. Of two tools with one name the first counts.
    #[must_use]
    pub fn for_user(sources: &[Arc<dyn ToolSource>], user: &UserId) -> Self {
        let mut names = HashSet::new();
        let mut is_new = |tool: &Tool| {
            let is_new = names.insert(tool.name().to_owned());
            if !is_new {
                tracing::error!(tool = tool.name(), "two tools have one name; one is left out");
            }
            is_new
        };
        let mut own: Vec<Tool> = sources.iter().flat_map(|source| source.tools()).collect();
        own.retain(&mut is_new);
        let mut servers: Vec<ServerTools> =
            sources.iter().flat_map(|source| source.servers(user)).collect();
        servers.iter_mut().for_each(|server| server.tools.retain(&mut is_new));
        let of_servers = one_of_each(&servers);
        if of_servers.len() > MOST_SHOWN {
            own.push(Tool::Read(Arc::new(FindTools::new(&servers))));
        }
        Self(Arc::new(Tools { own, servers, of_servers }))
    }

    /// All that there are for a client that chooses by itself: without the search, because it is shown all.
    pub fn all(&self) -> impl Iterator<Item = &Tool> {
        let own = self.0.own.iter().filter(|tool| tool.name() != find_tools::NAME.as_str());
        own.chain(&self.0.of_servers)
    }

    /// The tool that the model calls by `name`, shown or not.
    pub(crate) fn named(&self, name: &str) -> Option<&Tool> {
        self.0.own.iter().chain(&self.0.of_servers).find(|tool| tool.name() == name)
    }

    /// Why there is no tool of this name, if it would be one of a server's whose tools are not known.
    pub(crate) fn why_unknown(&self, name: &str) -> Option<&str> {
        let server = self.0.servers.iter().find(|server| name.starts_with(&server.prefix))?;
        server.unknown.as_deref()
    }

    /// What the model is told of them, after `messages`.
    pub(crate) fn specs<'a>(&self, messages: impl Iterator<Item = &'a Message>) -> Vec<&ToolSpec> {
        let mut shown: Vec<&Tool> = self.0.own.iter().collect();
        let all = &self.0.of_servers;
        if all.len() <= MOST_SHOWN {
            shown.extend(all);
        } else {
            let wanted = mentioned(messages);
            let (wanted, others): (Vec<&Tool>, Vec<&Tool>) =
                all.iter().partition(|tool| wanted.contains(tool.name()));
            shown.extend(wanted.into_iter().chain(others).take(MOST_SHOWN));
        }
        shown.into_iter().map(Tool::spec).collect()
    }
}

/// The tools of `servers`, one of each in turn.
fn one_of_each(servers: &[ServerTools]) -> Vec<Tool> {
    let longest = servers.iter().map(|server| server.tools.len()).max().unwrap_or_default();
    let nth = |at: usize| servers.iter().filter_map(move |server| server.tools.get(at).cloned());
    (0..longest).flat_map(nth).collect()
}

/// The names of the tools that were called or found in `messages`.
fn mentioned<'a>(messages: impl Iterator<Item = &'a Message>) -> HashSet<&'a str> {
    let mut names = HashSet::new();
    for message in messages {
        names.extend(message.tool_uses().map(|call| call.name.as_str()));
        for output in message.tool_results().flat_map(|result| &result.content) {
            let ToolOutput::Json(data) = output else { continue };
            let found = data[FOUND].as_array().into_iter().flatten();
            names.extend(found.filter_map(|tool| tool["name"].as_str()));
        }
    }
    names
}

impl fmt::Debug for Toolbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0.own).entries(&self.0.of_servers).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::future::{BoxFuture, FutureExt, ready};
    use identity::UserId;
    use serde_json::{Value, json};
    use session::{Block, Message, Role, ToolOutput, ToolResult, ToolStatus, ToolUse};
    use vault::AccessToken;

    use super::{MOST_SHOWN, Toolbox};
    use crate::tool::{
        Failure, InputSchema, ReadTool, Reply, ServerTools, Tool, ToolName, ToolSource, ToolSpec,
    };

    #[derive(Debug)]
    struct Servers;

    struct Remote(ToolSpec);

    impl ReadTool for Remote {
        fn spec(&self) -> &ToolSpec {
            &self.0
        }

        fn read<'a>(
            &'a self,
            _: &'a Value,
            _: Option<&'a AccessToken>,
        ) -> BoxFuture<'a, Reply<Value>> {
            ready(Reply::failed(Failure::new("never", "not called"))).boxed()
        }
    }

    fn remote(name: String) -> Tool {
        let description = format!("Does the thing of {name}").into();
        let input = InputSchema::from_server(json!({ "type": "object", "properties": {} }));
        let name = ToolName::parse(name).unwrap();
        Tool::Read(Arc::new(Remote(ToolSpec { name, description, input, needs: None })))
    }

    impl ToolSource for Servers {
        fn tools(&self) -> Vec<Tool> {
            vec![remote("own".into())]
        }

        fn servers(&self, _: &UserId) -> Vec<ServerTools> {
            let tools = |server: &str, count: usize| ServerTools {
                prefix: format!("{server}_"),
                tools: (0..count).map(|number| remote(format!("{server}_{number}"))).collect(),
                unknown: None,
            };
            let mut down = tools("down", 0);
            down.unknown = Some("It is down.".into());
            vec![tools("large", 10_000), tools("small", 3), down, tools("small", 1)]
        }
    }

    fn toolbox() -> Toolbox {
        Toolbox::for_user(&[Arc::new(Servers)], &UserId::parse("alice").unwrap())
    }

    fn shown(toolbox: &Toolbox, messages: &[Message]) -> Vec<String> {
        let specs = toolbox.specs(messages.iter());
        specs.into_iter().map(|spec| spec.name.as_str().to_owned()).collect()
    }

    #[test]
    fn of_ten_thousand_tools_the_model_is_shown_fifteen_and_a_search() {
        let shown = shown(&toolbox(), &[]);
        assert_eq!(shown.len(), 2 + MOST_SHOWN, "{shown:?}");
        for name in ["own", "find_tools", "large_0", "small_0", "small_2"] {
            assert!(shown.iter().any(|it| it == name), "{name}: {shown:?}");
        }
    }

    #[test]
    fn what_was_found_or_called_is_shown() {
        let data = json!({ "foundTools": [{ "name": "large_7777" }] });
        let found = ToolResult {
            tool_use_id: "a".into(),
            status: ToolStatus::Success,
            content: vec![ToolOutput::Json(data)],
            decision: None,
        };
        let called =
            ToolUse { tool_use_id: "b".into(), name: "large_8888".into(), input: json!({}) };
        let blocks = vec![Block::ToolResult(found), Block::ToolUse(called)];
        let messages = [Message { role: Role::User, content: blocks, id: None }];
        let shown = shown(&toolbox(), &messages);
        assert_eq!(shown.len(), 2 + MOST_SHOWN);
        assert!(shown.contains(&"large_7777".to_owned()), "{shown:?}");
        assert!(shown.contains(&"large_8888".to_owned()), "{shown:?}");
    }

    #[test]
    fn a_tool_that_is_not_shown_can_be_called_and_a_missing_one_has_its_servers_reason() {
        let toolbox = toolbox();
        assert!(toolbox.named("large_9999").is_some());
        assert!(toolbox.named("large_10000").is_none());
        assert_eq!(toolbox.why_unknown("down_anything"), Some("It is down."));
        assert_eq!(toolbox.why_unknown("large_10000"), None);
    }

    #[tokio::test]
    async fn a_search_returns_the_best_matches_by_name_and_description() {
        let toolbox = toolbox();
        let Some(Tool::Read(find)) = toolbox.named("find_tools") else { panic!("no search") };
        let found = find.read(&json!({ "query": "thing SMALL" }), None).await.outcome.unwrap();
        let names = found["foundTools"].as_array().unwrap().iter().map(|it| it["name"].as_str());
        let names: Vec<_> = names.flatten().collect();
        assert_eq!(names[..3], ["small_0", "small_1", "small_2"], "{found}");
        let none = find.read(&json!({ "query": "zebra" }), None).await.outcome.unwrap();
        assert_eq!(none["foundTools"], json!([]));
    }
}
