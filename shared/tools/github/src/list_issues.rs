//! `github_list_issues`: GitHub REST API, "List repository issues".
//!
//! Reading a public repository needs no scope, so the narrowest set is enough; for a private one GitHub
//! says that it takes `repo`. GitHub lists pull requests among the issues; they are left out.

use agent::tool::{Reply, ToolName};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use vault::AccessToken;

use crate::{
    client::GitHub,
    repository::{self, Name},
    typed::{Described, Read},
};

pub(crate) struct ListIssues;

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Whose repository: a login.
    owner: Name,
    /// The repository's name.
    repo: Name,
    /// Which issues; the open ones if left out.
    #[serde(default)]
    state: State,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum State {
    #[default]
    Open,
    Closed,
    All,
}

/// What the model gets to see of an issue.
#[derive(Debug, Deserialize)]
struct Issue {
    number: u64,
    title: String,
    state: String,
    user: Option<User>,
    comments: Option<u64>,
    html_url: Option<String>,
    updated_at: Option<String>,
    pull_request: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct User {
    login: String,
}

impl Described for ListIssues {
    const NAME: ToolName = ToolName::from_static("github_list_issues");
    const DESCRIPTION: &'static str = "Lists the issues of a GitHub repository, the most recently \
        updated first, out of its latest 50 issues and pull requests.";
    const SCOPES: &'static [&'static str] = &["read:user"];
    const AT_MOST: &'static [&'static str] = &["repo"];
    type Input = Input;
}

impl Read for ListIssues {
    async fn read(github: &GitHub, input: Input, token: &AccessToken) -> Reply<Value> {
        github.get(&route(&input), token).await.map(shown)
    }
}

fn route(Input { owner, repo, state }: &Input) -> String {
    let state = match state {
        State::Open => "open",
        State::Closed => "closed",
        State::All => "all",
    };
    let repository = repository::path(owner, repo);
    format!("{repository}/issues?per_page=50&sort=updated&state={state}")
}

fn shown(issues: Vec<Issue>) -> Value {
    let issues = issues.into_iter().filter(|issue| issue.pull_request.is_none());
    let shown = issues.map(|issue| {
        json!({
            "number": issue.number, "title": issue.title, "state": issue.state,
            "author": issue.user.map(|user| user.login), "comments": issue.comments,
            "url": issue.html_url, "updatedAt": issue.updated_at,
        })
    });
    json!({ "issues": shown.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Input, route, shown};

    #[test]
    fn open_issues_are_listed_unless_the_input_says_which() {
        let route = |input| route(&serde_json::from_value::<Input>(input).unwrap());
        let garden = json!({ "owner": "octo-alice", "repo": "garden" });
        let open = "/repos/octo-alice/garden/issues?per_page=50&sort=updated&state=open";
        assert_eq!(route(garden), open);
        let closed = json!({ "owner": "o", "repo": "r", "state": "closed" });
        assert!(route(closed).ends_with("state=closed"));
    }

    #[test]
    fn pull_requests_are_left_out_and_an_issue_may_have_lost_its_author() {
        let answer = json!([
            { "number": 1, "title": "Water", "state": "open", "user": null },
            { "number": 2, "title": "Prune", "state": "open", "pull_request": {} },
        ]);
        let seen = shown(serde_json::from_value(answer).unwrap());
        assert_eq!(seen["issues"].as_array().map(Vec::len), Some(1));
        assert!(seen["issues"][0]["author"].is_null(), "{seen}");
    }
}
