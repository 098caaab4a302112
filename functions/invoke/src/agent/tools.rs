//! The tools: what the model is told of each, and what a token must allow before it runs.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use vault::Scope;

/// Something the agent can do for the user at GitHub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    /// The signed-in GitHub profile.
    GetProfile,
    /// The user's repositories, private ones too.
    ListRepositories,
}

impl Tool {
    pub(crate) const ALL: [Self; 2] = [Self::GetProfile, Self::ListRepositories];

    /// The tool that the model calls by `name`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }

    /// What the model calls it by.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::GetProfile => "github_get_profile",
            Self::ListRepositories => "github_list_repositories",
        }
    }

    /// What the model knows of it.
    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::GetProfile => "Gets the GitHub profile of the user you act for.",
            Self::ListRepositories => {
                "Lists the GitHub repositories that the user you act for can reach, the most \
                 recently updated first, at most 100."
            }
        }
    }

    /// What its input has to look like (JSON Schema).
    pub(crate) fn input_schema(self) -> Value {
        match self {
            Self::GetProfile => json!({ "type": "object", "properties": {} }),
            Self::ListRepositories => json!({
                "type": "object",
                "properties": {
                    "visibility": {
                        "type": "string",
                        "enum": ["all", "public", "private"],
                        "description": "Which repositories; all if left out."
                    }
                }
            }),
        }
    }

    /// The least that a token must allow (GitHub, "Scopes for OAuth apps").
    fn scope_names(self) -> &'static [&'static str] {
        match self {
            Self::GetProfile => &["read:user"],
            Self::ListRepositories => &["repo"],
        }
    }

    /// The least that a token must allow.
    pub(crate) fn scopes(self) -> BTreeSet<Scope> {
        let scopes = self.scope_names().iter();
        scopes.filter_map(|name| Scope::parse(*name).ok()).collect()
    }
}

/// Scopes as OAuth writes them (RFC 6749, section 3.3).
pub(crate) fn joined(scopes: &BTreeSet<Scope>) -> String {
    scopes.iter().map(Scope::as_str).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::Tool;

    #[test]
    fn every_tool_has_its_own_name_and_well_formed_scopes() {
        for tool in Tool::ALL {
            assert_eq!(Tool::named(tool.name()), Some(tool));
            assert_eq!(tool.scopes().len(), tool.scope_names().len());
        }
        assert_eq!(Tool::named("rm"), None);
    }
}
