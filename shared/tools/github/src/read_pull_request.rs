//! `github_read_pull_request`: GitHub REST API, "Get a pull request", once as JSON and once as a diff.
//!
//! GitHub makes no diff of more than 20,000 lines or 300 files (406); then its description is shown
//! without one.

use std::num::{NonZeroU64, NonZeroUsize};

use agent::tool::{Reply, ToolName};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use vault::AccessToken;

use crate::{
    chosen::{Member, chosen},
    client::GitHub,
    excerpt,
    repository::{self, Name},
    typed::{Described, Read},
};

pub(crate) struct ReadPullRequest;

/// How much is shown of its description, and of its diff at a time, in bytes.
const MAX_BODY: usize = 4_000;
const MAX_DIFF: usize = 20_000;

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Whose repository: a login.
    owner: Name,
    /// The repository's name.
    repo: Name,
    /// The pull request's number.
    #[schemars(range(min = 1))]
    number: NonZeroU64,
    /// The line of the diff to begin with; the first if left out.
    #[serde(default = "excerpt::first_line")]
    from_line: NonZeroUsize,
}

const SHOWN: &[Member] = &[
    ("number", "/number"),
    ("title", "/title"),
    ("state", "/state"),
    ("draft", "/draft"),
    ("merged", "/merged"),
    ("mergeable", "/mergeable_state"),
    ("author", "/user/login"),
    ("from", "/head/label"),
    ("into", "/base/label"),
    ("commits", "/commits"),
    ("additions", "/additions"),
    ("deletions", "/deletions"),
    ("changedFiles", "/changed_files"),
    ("comments", "/comments"),
    ("createdAt", "/created_at"),
    ("url", "/html_url"),
];

impl Described for ReadPullRequest {
    const NAME: ToolName = ToolName::from_static("github_read_pull_request");
    const DESCRIPTION: &'static str = "Reads a pull request of a GitHub repository with its diff. Of a long \
        diff a part is shown, with what is left out: call again with from_line to go on. Its conversation is \
        read with github_read_issue and the same number; comments on lines of the diff are not read.";
    const SCOPES: &'static [&'static str] = &["read:user"];
    const AT_MOST: &'static [&'static str] = &["repo"];
    type Input = Input;
}

impl Read for ReadPullRequest {
    async fn read(github: &GitHub, input: Input, token: &AccessToken) -> Reply<Value> {
        let Input { owner, repo, number, from_line } = &input;
        let route = format!("{}/pulls/{number}", repository::path(owner, repo));
        let (reply, diff) =
            futures_util::join!(github.get::<Value>(&route, token), github.diff(&route, token));
        let diff = diff.outcome.map_err(|failure| failure.text);
        let reply = reply.map(|request| shown(&request, diff, *from_line).into());
        repository::explained(github, reply, owner, repo, token).await
    }
}

fn shown(request: &Value, diff: Result<String, String>, from: NonZeroUsize) -> Map<String, Value> {
    let mut shown = chosen(request, SHOWN);
    let body = request["body"].as_str().unwrap_or_default();
    excerpt::add(&mut shown, "body", body, excerpt::first_line(), MAX_BODY);
    match diff {
        Ok(diff) => excerpt::add(&mut shown, "diff", &diff, from, MAX_DIFF),
        Err(why) => {
            shown.insert("diffLeftOut".to_owned(), format!("all of it: {why}").into());
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{MAX_DIFF, shown};
    use crate::excerpt::first_line;

    #[test]
    fn a_diff_is_bounded_and_one_that_github_does_not_make_is_said_to_be_missing() {
        let request =
            json!({ "number": 2, "body": null, "head": { "label": "o:dry", "repo": null } });
        let seen = shown(&request, Ok("+line\n".repeat(MAX_DIFF)), first_line());
        assert_eq!(seen["from"], "o:dry");
        assert!(seen["diff"].as_str().is_some_and(|diff| diff.len() <= MAX_DIFF));
        assert_eq!(seen["diffLeftOut"], "lines 3334 to 20000 of 20000");
        let seen = shown(&request, Err("It is too large.".into()), first_line());
        assert_eq!(seen["diffLeftOut"], "all of it: It is too large.");
        assert!(seen.get("diff").is_none());
    }
}
