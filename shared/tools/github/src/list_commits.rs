//! `github_list_commits`: GitHub REST API, "List commits".

use agent::tool::{Reply, ToolName};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use url::form_urlencoded::Serializer;
use vault::AccessToken;

use crate::{
    chosen::Member,
    client::GitHub,
    page::PageNumber,
    repository::{self, Name, PathInside, given},
    typed::{Described, Read},
};

pub(crate) struct ListCommits;

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Whose repository: a login.
    owner: Name,
    /// The repository's name.
    repo: Name,
    /// A branch, a tag or a commit to begin with; the default branch if left out.
    #[schemars(with = "String", default)]
    branch: Option<String>,
    /// Only commits that changed this file or folder.
    #[schemars(with = "String", default)]
    path: Option<PathInside>,
    /// Which page of the list, 1 to 100; the first if left out. There is a next one if the last result
    /// has `"more": true`.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100))]
    page: PageNumber,
}

const SHOWN: &[Member] = &[
    ("sha", "/sha"),
    ("message", "/commit/message"),
    ("author", "/commit/author/name"),
    ("login", "/author/login"),
    ("date", "/commit/author/date"),
];

impl Described for ListCommits {
    const NAME: ToolName = ToolName::from_static("github_list_commits");
    const DESCRIPTION: &'static str = "Lists the commits of a GitHub repository, the latest first, 20 on \
        each page. Long messages are shortened.";
    const SCOPES: &'static [&'static str] = &["read:user"];
    const AT_MOST: &'static [&'static str] = &["repo"];
    type Input = Input;
}

impl Read for ListCommits {
    async fn read(github: &GitHub, input: Input, token: &AccessToken) -> Reply<Value> {
        let reply = github.page(&route(&input), token).await;
        let reply = reply.map(|page| page.shown("commits", SHOWN));
        repository::explained(github, reply, &input.owner, &input.repo, token).await
    }
}

fn route(Input { owner, repo, branch, path, page }: &Input) -> String {
    let mut query = Serializer::new(String::new());
    let path = path.as_ref().map(PathInside::as_str).filter(|path| !path.is_empty());
    let named = [("sha", given(branch.as_deref())), ("path", path)];
    query.extend_pairs(named.into_iter().filter_map(|(name, value)| Some((name, value?))));
    query.append_pair("per_page", "20").append_pair("page", &page.to_string());
    format!("{}/commits?{}", repository::path(owner, repo), query.finish())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::route;

    #[test]
    fn a_branch_and_a_path_are_values_of_the_query_and_nothing_else() {
        let input = json!({ "owner": "o", "repo": "r", "branch": "a&page=9", "path": "a b/ä#" });
        let all = "/repos/o/r/commits?sha=a%26page%3D9&path=a+b%2F%C3%A4%23&per_page=20&page=1";
        assert_eq!(route(&serde_json::from_value(input).unwrap()), all);
        let blank = json!({ "owner": "o", "repo": "r", "branch": " ", "path": "." });
        let plain = "/repos/o/r/commits?per_page=20&page=1";
        assert_eq!(route(&serde_json::from_value(blank).unwrap()), plain);
        let normalized = json!({ "owner": "o", "repo": "r", "branch": "", "path": "./src/" });
        let normalized = route(&serde_json::from_value(normalized).unwrap());
        assert!(normalized.contains("?path=src&"), "{normalized}");
    }
}
