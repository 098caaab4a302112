//! What issues and pull requests have in common: for GitHub every pull request is an issue, too, and both
//! are numbered together.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    page::PageNumber,
    repository::{self, Name},
};

/// Which of a repository's issues or pull requests are listed.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct ListInput {
    /// Whose repository: a login.
    pub(crate) owner: Name,
    /// The repository's name.
    pub(crate) repo: Name,
    /// Which of them; the open ones if left out.
    #[serde(default)]
    state: State,
    /// Which page of the list, 1 to 100; the first if left out. There is a next one if the last result
    /// has `"more": true`.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100))]
    page: PageNumber,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum State {
    #[default]
    Open,
    Closed,
    All,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::All => "all",
        })
    }
}

impl ListInput {
    /// The list of `what` the repository has, the most recently updated first: 20 on a page, because GitHub
    /// sends all of their texts along.
    pub(crate) fn route(&self, what: &str) -> String {
        let Self { owner, repo, state, page } = self;
        let repository = repository::path(owner, repo);
        format!(
            "{repository}/{what}?per_page=20&sort=updated&direction=desc&state={state}&page={page}"
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::ListInput;

    #[test]
    fn the_open_ones_are_listed_unless_the_input_says_which() {
        let route = |input| serde_json::from_value::<ListInput>(input).unwrap().route("issues");
        let open = "/repos/octo-alice/garden/issues?per_page=20&sort=updated&direction=desc&state=open&page=1";
        assert_eq!(route(json!({ "owner": "octo-alice", "repo": "garden" })), open);
        let closed = json!({ "owner": "o", "repo": "r", "state": "closed", "page": 2 });
        assert!(route(closed).ends_with("state=closed&page=2"));
    }
}
