//! `find_tools`: finds tools of other servers by words, where there are more than the model is shown.

use std::cmp::Reverse;

use futures_util::future::{BoxFuture, FutureExt, ready};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use vault::AccessToken;

use crate::tool::{Failure, InputSchema, ReadTool, Reply, ServerTools, Tool, ToolName, ToolSpec};

/// The member of the result that names the tools.
pub(crate) const FOUND: &str = "foundTools";
/// What it is called.
pub(crate) const NAME: ToolName = ToolName::from_static("find_tools");
/// How many are returned.
const MOST_FOUND: usize = 8;
/// How much of a description is searched and returned, in bytes.
const DESCRIPTION: usize = 300;

/// The search.
pub(crate) struct FindTools {
    spec: ToolSpec,
    entries: Vec<Entry>,
}

struct Entry {
    name: String,
    description: String,
    /// Both, in lower case.
    searched: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Words that the tool's name or description may have.
    query: String,
}

impl FindTools {
    pub(crate) fn new(servers: &[ServerTools]) -> Self {
        let count = |server: &ServerTools| {
            format!("{} ({} tools)", server.prefix.trim_end_matches('_'), server.tools.len())
        };
        let counts: Vec<String> = servers.iter().map(count).collect();
        let description = format!(
            "Finds tools by words. There are more than are shown: {}. What it finds can be called \
             from then on.",
            counts.join(", ")
        );
        let spec = ToolSpec {
            name: NAME,
            description: description.into(),
            input: InputSchema::from_type::<Input>(),
            needs: None,
        };
        let tools = servers.iter().flat_map(|server| &server.tools);
        Self { spec, entries: tools.map(Entry::new).collect() }
    }

    fn find(&self, query: &str) -> Value {
        let query = query.to_lowercase();
        let words: Vec<&str> = query.split_whitespace().collect();
        let score = |entry: &Entry| words.iter().filter(|it| entry.searched.contains(**it)).count();
        let scored = self.entries.iter().map(|entry| (score(entry), entry));
        let mut scored: Vec<_> = scored.filter(|(score, _)| *score > 0).collect();
        scored.sort_by_key(|(score, _)| Reverse(*score));
        let found = scored.iter().take(MOST_FOUND);
        let found = found.map(|(_, it)| json!({ "name": it.name, "description": it.description }));
        let found: Vec<Value> = found.collect();
        json!({ FOUND: found, "notShown": scored.len().saturating_sub(MOST_FOUND) })
    }
}

impl Entry {
    fn new(tool: &Tool) -> Self {
        let description = &tool.spec().description;
        let description = &description[..description.floor_char_boundary(DESCRIPTION)];
        let (name, description) = (tool.name().to_owned(), description.to_owned());
        let searched = format!("{name} {description}").to_lowercase();
        Self { name, description, searched }
    }
}

impl ReadTool for FindTools {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn read<'a>(
        &'a self,
        input: &'a Value,
        _: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Reply<Value>> {
        let outcome = match Input::deserialize(input) {
            Ok(Input { query }) => Ok(self.find(&query)),
            Err(error) => Err(Failure::new("wrong_input", error.to_string())),
        };
        ready(Reply { outcome, allows: None, request_id: None }).boxed()
    }
}
