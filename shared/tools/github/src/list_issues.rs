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
    page::PageNumber,
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
        updated first. A page holds 50 issues and pull requests, of which the issues are shown.";
    const SCOPES: &'static [&'static str] = &["read:user"];
    const AT_MOST: &'static [&'static str] = &["repo"];
    type Input = Input;
}

impl Read for ListIssues {
    async fn read(github: &GitHub, input: Input, token: &AccessToken) -> Reply<Value> {
        let reply = github.page(&route(&input), token).await;
        let reply = reply.map(|page| page.shown("issues", shown));
        repository::explained(github, reply, &input.owner, &input.repo, token).await
    }
}

fn route(Input { owner, repo, state, page }: &Input) -> String {
    let state = match state {
        State::Open => "open",
        State::Closed => "closed",
        State::All => "all",
    };
    let repository = repository::path(owner, repo);
    format!("{repository}/issues?per_page=50&sort=updated&state={state}&page={page}")
}

fn shown(issue: Issue) -> Option<Value> {
    issue.pull_request.is_none().then(|| {
        json!({
            "number": issue.number, "title": issue.title, "state": issue.state,
            "author": issue.user.map(|user| user.login), "comments": issue.comments,
            "url": issue.html_url, "updatedAt": issue.updated_at,
        })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Input, route, shown};

    #[test]
    fn open_issues_are_listed_unless_the_input_says_which() {
        let route = |input| route(&serde_json::from_value::<Input>(input).unwrap());
        let garden = json!({ "owner": "octo-alice", "repo": "garden" });
        let open = "/repos/octo-alice/garden/issues?per_page=50&sort=updated&state=open&page=1";
        assert_eq!(route(garden), open);
        let closed = json!({ "owner": "o", "repo": "r", "state": "closed", "page": 2 });
        assert!(route(closed).ends_with("state=closed&page=2"));
    }

    #[test]
    fn pull_requests_are_left_out_and_an_issue_may_have_lost_its_author() {
        let issue = json!({ "number": 1, "title": "Water", "state": "open", "user": null });
        let seen = shown(serde_json::from_value(issue).unwrap()).unwrap();
        assert!(seen["author"].is_null(), "{seen}");
        let pull_request =
            json!({ "number": 2, "title": "Prune", "state": "open", "pull_request": {} });
        assert!(shown(serde_json::from_value(pull_request).unwrap()).is_none());
    }
}
