//! `github_list_repositories`: GitHub REST API, "List repositories for the authenticated user".
//!
//! GitHub has no scope for reading private repositories alone, so that listing them takes `repo`.

use agent::tool::{Reply, ToolName};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use vault::AccessToken;

use crate::{
    chosen::Member,
    client::GitHub,
    page::PageNumber,
    typed::{Described, Read},
};

pub(crate) struct ListRepositories;

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Which repositories; all if left out.
    #[serde(default)]
    visibility: Visibility,
    /// Which page of the list, 1 to 100; the first if left out. There is a next one if the last result
    /// has `"more": true`.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100))]
    page: PageNumber,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Visibility {
    #[default]
    All,
    Public,
    Private,
}

const SHOWN: &[Member] = &[
    ("fullName", "/full_name"),
    ("private", "/private"),
    ("description", "/description"),
    ("updatedAt", "/updated_at"),
];

impl Described for ListRepositories {
    const NAME: ToolName = ToolName::from_static("github_list_repositories");
    const DESCRIPTION: &'static str = "Lists the GitHub repositories that the user you act for can \
        reach, the most recently updated first, 100 on each page.";
    const SCOPES: &'static [&'static str] = &["repo"];
    type Input = Input;
}

impl Read for ListRepositories {
    async fn read(github: &GitHub, input: Input, token: &AccessToken) -> Reply<Value> {
        let page = github.page(&route(&input), token).await;
        page.map(|page| {
            let mut shown = page.shown("repositories", SHOWN);
            if let Some(app) = &github.app {
                shown["leftOut"] = app.left_out().into();
            }
            shown
        })
    }
}

fn route(Input { visibility, page }: &Input) -> String {
    let visibility = match visibility {
        Visibility::All => "all",
        Visibility::Public => "public",
        Visibility::Private => "private",
    };
    format!("/user/repos?per_page=100&sort=updated&visibility={visibility}&page={page}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Input, route};

    #[test]
    fn all_repositories_are_listed_unless_the_input_says_which() {
        let route = |input| route(&serde_json::from_value::<Input>(input).unwrap());
        assert!(route(json!({})).ends_with("visibility=all&page=1"));
        let private = json!({ "visibility": "private", "page": 3 });
        assert!(route(private).ends_with("visibility=private&page=3"));
        assert!(serde_json::from_value::<Input>(json!({ "visibility": "secret" })).is_err());
    }
}
