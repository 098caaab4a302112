//! The tools of one turn.

use std::{fmt, sync::Arc};

use crate::tool::{Tool, ToolSource, ToolSpec};

/// The tools that a turn can use; cheap to clone.
#[derive(Clone)]
pub struct Toolbox(Arc<[Tool]>);

impl Toolbox {
    /// What `sources` have now. Of two tools with one name the first counts.
    #[must_use]
    pub fn from_sources(sources: &[Arc<dyn ToolSource>]) -> Self {
        let mut tools: Vec<Tool> = Vec::new();
        for tool in sources.iter().flat_map(|source| source.tools()) {
            if tools.contains(&tool) {
                tracing::error!(tool = tool.name(), "two tools have one name; one is left out");
            } else {
                tools.push(tool);
            }
        }
        Self(tools.into())
    }

    /// The tool that the model calls by `name`.
    pub(crate) fn named(&self, name: &str) -> Option<&Tool> {
        self.0.iter().find(|tool| tool.name() == name)
    }

    /// What the model is told of them.
    pub(crate) fn specs(&self) -> Vec<&ToolSpec> {
        self.0.iter().map(Tool::spec).collect()
    }
}

impl fmt::Debug for Toolbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter()).finish()
    }
}
