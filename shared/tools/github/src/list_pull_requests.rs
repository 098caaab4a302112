//! `github_list_pull_requests`: GitHub REST API, "List pull requests".

use agent::tool::{Reply, ToolName};
use serde_json::Value;
use vault::AccessToken;

use crate::{
    chosen::Member,
    client::GitHub,
    repository,
    threads::ListInput,
    typed::{Described, Read},
};

pub(crate) struct ListPullRequests;

const SHOWN: &[Member] = &[
    ("number", "/number"),
    ("title", "/title"),
    ("state", "/state"),
    ("draft", "/draft"),
    ("author", "/user/login"),
    ("from", "/head/label"),
    ("into", "/base/ref"),
    ("mergedAt", "/merged_at"),
    ("url", "/html_url"),
    ("updatedAt", "/updated_at"),
];

impl Described for ListPullRequests {
    const NAME: ToolName = ToolName::from_static("github_list_pull_requests");
    const DESCRIPTION: &'static str = "Lists the pull requests of a GitHub repository, the most recently \
        updated first, 20 on each page.";
    const SCOPES: &'static [&'static str] = &["read:user"];
    const AT_MOST: &'static [&'static str] = &["repo"];
    type Input = ListInput;
}

impl Read for ListPullRequests {
    async fn read(github: &GitHub, input: ListInput, token: &AccessToken) -> Reply<Value> {
        let reply = github.page(&input.route("pulls"), token).await;
        let reply = reply.map(|page| page.shown("pullRequests", SHOWN));
        repository::explained(github, reply, &input.owner, &input.repo, token).await
    }
}
