//! `github_list_repositories`: GitHub REST API, "List repositories for the authenticated user".
//!
//! GitHub has no scope for reading private repositories alone, so that listing them takes `repo`.

use agent::tool::{Reply, ToolName};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use vault::AccessToken;

use crate::{
    client::GitHub,
    typed::{Described, Read},
};

pub(crate) struct ListRepositories;

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Which repositories; all if left out.
    #[serde(default)]
    visibility: Visibility,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Visibility {
    #[default]
    All,
    Public,
    Private,
}

/// What the model gets to see of a repository; GitHub's answer has a hundred members.
#[derive(Debug, Deserialize)]
struct Repository {
    full_name: String,
    private: bool,
    description: Option<String>,
    updated_at: Option<String>,
}

impl Described for ListRepositories {
    const NAME: ToolName = ToolName::from_static("github_list_repositories");
    const DESCRIPTION: &'static str = "Lists the GitHub repositories that the user you act for can \
        reach, the most recently updated first, at most 100.";
    const SCOPES: &'static [&'static str] = &["repo"];
    type Input = Input;
}

impl Read for ListRepositories {
    async fn read(github: &GitHub, input: Input, token: &AccessToken) -> Reply<Value> {
        github.get(route(&input), token).await.map(shown)
    }
}

fn route(input: &Input) -> &'static str {
    match input.visibility {
        Visibility::All => "/user/repos?per_page=100&sort=updated&visibility=all",
        Visibility::Public => "/user/repos?per_page=100&sort=updated&visibility=public",
        Visibility::Private => "/user/repos?per_page=100&sort=updated&visibility=private",
    }
}

fn shown(repositories: Vec<Repository>) -> Value {
    let shown = repositories.into_iter().map(|repository| {
        json!({
            "fullName": repository.full_name, "private": repository.private,
            "description": repository.description, "updatedAt": repository.updated_at,
        })
    });
    json!({ "repositories": shown.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Input, route};

    #[test]
    fn all_repositories_are_listed_unless_the_input_says_which() {
        let route = |input| route(&serde_json::from_value::<Input>(input).unwrap());
        assert!(route(json!({})).ends_with("visibility=all"));
        assert!(route(json!({ "visibility": "private" })).ends_with("visibility=private"));
        assert!(serde_json::from_value::<Input>(json!({ "visibility": "secret" })).is_err());
    }
}
