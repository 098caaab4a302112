//! The tools: what the model is told of each, and what a token must allow before it runs.
//!
//! Scopes are GitHub's ("Scopes for OAuth apps"), and the least that does the work. GitHub has
//! none for reading private repositories alone, so listing them needs `repo`. For an issue
//! `public_repo` is enough, as long as the repository is public; `repo` would open every private
//! one for it. A private one is the exception: GitHub says so, and only then `repo` is asked for.

use serde_json::{Value, json};

use super::scopes::{Scopes, named};

/// Something the agent can do for the user at GitHub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    /// It changes nothing, so that it can be run again.
    Reads(Reading),
    /// It changes something. Such a call is claimed before it is made, made once, and by default
    /// approved by the user.
    Changes(Change),
}

/// What a tool reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// The signed-in GitHub profile.
    Profile,
    /// The user's repositories, private ones too.
    Repositories,
}

/// What a tool changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// A new issue in a repository.
    CreateIssue,
}

impl Tool {
    pub(crate) const ALL: [Self; 3] = [
        Self::Reads(Reading::Profile),
        Self::Reads(Reading::Repositories),
        Self::Changes(Change::CreateIssue),
    ];

    /// The tool that the model calls by `name`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }

    /// What the model calls it by.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Reads(Reading::Profile) => "github_get_profile",
            Self::Reads(Reading::Repositories) => "github_list_repositories",
            Self::Changes(Change::CreateIssue) => "github_create_issue",
        }
    }

    /// What the model knows of it.
    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::Reads(Reading::Profile) => "Gets the GitHub profile of the user you act for.",
            Self::Reads(Reading::Repositories) => {
                "Lists the GitHub repositories that the user you act for can reach, the most \
                 recently updated first, at most 100."
            }
            Self::Changes(Change::CreateIssue) => {
                "Creates an issue in a GitHub repository, as the user you act for. The user may \
                 be asked to confirm it first; you can't confirm it."
            }
        }
    }

    /// What its input has to look like (JSON Schema).
    pub(crate) fn input_schema(self) -> Value {
        match self {
            Self::Reads(Reading::Profile) => json!({ "type": "object", "properties": {} }),
            Self::Reads(Reading::Repositories) => json!({
                "type": "object",
                "properties": {
                    "visibility": {
                        "type": "string",
                        "enum": ["all", "public", "private"],
                        "description": "Which repositories; all if left out."
                    }
                }
            }),
            Self::Changes(Change::CreateIssue) => json!({
                "type": "object",
                "properties": {
                    "owner": { "type": "string", "description": "Whose repository: a login." },
                    "repo": { "type": "string", "description": "The repository's name." },
                    "title": { "type": "string", "description": "At most 256 characters." },
                    "body": { "type": "string", "description": "Markdown; may be left out." }
                },
                "required": ["owner", "repo", "title"],
                "additionalProperties": false
            }),
        }
    }

    fn scope_names(self) -> &'static [&'static str] {
        match self {
            Self::Reads(Reading::Profile) => &["read:user"],
            Self::Reads(Reading::Repositories) => &["repo"],
            Self::Changes(Change::CreateIssue) => &["public_repo"],
        }
    }

    /// The least that a token must allow.
    pub(crate) fn scopes(self) -> Scopes {
        named(self.scope_names().iter().copied())
    }

    /// What else it may need, if GitHub says that it does. Nothing that GitHub answers makes us
    /// ask for more.
    pub(crate) fn wider_scopes(self) -> Scopes {
        match self {
            Self::Reads(_) => Scopes::new(),
            Self::Changes(Change::CreateIssue) => named(["repo"]),
        }
    }
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
