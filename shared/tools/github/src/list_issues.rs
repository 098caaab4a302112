//! `github_list_issues`: GitHub REST API, "List repository issues".
//!
//! Reading a public repository needs no scope, so the narrowest set is enough; for a private one GitHub
//! says that it takes `repo`. GitHub lists pull requests among the issues; they are left out.

use agent::tool::{Reply, ToolName};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, value::RawValue};
use vault::AccessToken;

use crate::{
    chosen::Member,
    client::GitHub,
    repository,
    threads::ListInput,
    typed::{Described, Read},
};

pub(crate) struct ListIssues;

const SHOWN: &[Member] = &[
    ("number", "/number"),
    ("title", "/title"),
    ("state", "/state"),
    ("author", "/user/login"),
    ("comments", "/comments"),
    ("url", "/html_url"),
    ("updatedAt", "/updated_at"),
];

impl Described for ListIssues {
    const NAME: ToolName = ToolName::from_static("github_list_issues");
    const DESCRIPTION: &'static str = "Lists the issues of a GitHub repository, the most recently \
        updated first. A page holds 20 issues and pull requests, of which the issues are shown.";
    const SCOPES: &'static [&'static str] = &["read:user"];
    const AT_MOST: &'static [&'static str] = &["repo"];
    type Input = ListInput;
}

impl Read for ListIssues {
    async fn read(github: &GitHub, input: ListInput, token: &AccessToken) -> Reply<Value> {
        let mut reply = github.page(&input.route("issues"), token).await;
        if let Ok(page) = &mut reply.outcome {
            page.items.retain(|issue| !is_pull_request(issue));
        }
        let reply = reply.map(|page| page.shown("issues", SHOWN));
        repository::explained(github, reply, &input.owner, &input.repo, token).await
    }
}

/// The member by which GitHub tells the two apart.
#[derive(Deserialize)]
struct Kind {
    pull_request: Option<IgnoredAny>,
}

fn is_pull_request(item: &RawValue) -> bool {
    let kind = serde_json::from_str::<Kind>(item.get());
    kind.is_ok_and(|kind| kind.pull_request.is_some())
}
