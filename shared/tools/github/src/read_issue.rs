//! `github_read_issue`: GitHub REST API, "Get an issue" and "List issue comments". If the comments alone can't
//! be had, the issue is shown without them.

use std::num::{NonZeroU64, NonZeroUsize};

use agent::tool::{Failure, Reply, ToolName};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};
use vault::AccessToken;

use crate::{
    chosen::{Member, chosen},
    client::GitHub,
    excerpt,
    page::PageNumber,
    repository::{self, Name},
    typed::{Described, Read},
};

pub(crate) struct ReadIssue;

/// How much is shown of an issue's text at a time, and of each comment, in bytes.
const MAX_BODY: usize = 8_000;
const MAX_COMMENT: usize = 2_000;

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Whose repository: a login.
    owner: Name,
    /// The repository's name.
    repo: Name,
    /// The issue's number; a pull request's works, too.
    #[schemars(range(min = 1))]
    number: NonZeroU64,
    /// Which page of the comments, 1 to 100; the first if left out. There is a next one if the last
    /// result has `"more": true`.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100))]
    page: PageNumber,
    /// The line of the issue's text to begin with; the first if left out.
    #[serde(default = "excerpt::first_line")]
    from_line: NonZeroUsize,
}

const ISSUE: &[Member] = &[
    ("number", "/number"),
    ("title", "/title"),
    ("state", "/state"),
    ("author", "/user/login"),
    ("createdAt", "/created_at"),
    ("closedAt", "/closed_at"),
    ("locked", "/locked"),
    ("url", "/html_url"),
    ("pullRequest", "/pull_request/html_url"),
];
const COMMENT: &[Member] =
    &[("author", "/user/login"), ("createdAt", "/created_at"), ("url", "/html_url")];

impl Described for ReadIssue {
    const NAME: ToolName = ToolName::from_static("github_read_issue");
    const DESCRIPTION: &'static str = "Reads an issue of a GitHub repository with its comments, the \
        oldest first, 20 on each page. Of long texts a part is shown, with what is left out: call again \
        with from_line to go on in the issue's own.";
    const SCOPES: &'static [&'static str] = &["read:user"];
    const AT_MOST: &'static [&'static str] = &["repo"];
    type Input = Input;
}

impl Read for ReadIssue {
    async fn read(github: &GitHub, input: Input, token: &AccessToken) -> Reply<Value> {
        let Input { owner, repo, number, page, from_line } = &input;
        let route = format!("{}/issues/{number}", repository::path(owner, repo));
        let comments = format!("{route}/comments?per_page=20&page={page}");
        let (issue, comments) =
            futures_util::join!(github.get::<Value>(&route, token), github.page(&comments, token));
        let reply = issue.map(|issue| {
            let mut shown = part(&issue, ISSUE, *from_line, MAX_BODY);
            let first = excerpt::first_line();
            let comment = |it: &RawValue| {
                let comment = serde_json::from_str(it.get()).unwrap_or_default();
                part(&comment, COMMENT, first, MAX_COMMENT).into()
            };
            match comments.outcome {
                Ok(page) => shown.extend(page.shown_by("comments", comment)),
                Err(Failure { text, .. }) => {
                    let left_out = format!("all on this page: {text}");
                    shown.insert("commentsLeftOut".to_owned(), left_out.into());
                }
            }
            shown.into()
        });
        repository::explained(github, reply, owner, repo, token).await
    }
}

/// Chosen members, and the text that somebody wrote.
fn part(object: &Value, members: &[Member], from: NonZeroUsize, max: usize) -> Map<String, Value> {
    let mut shown = chosen(object, members);
    excerpt::add(&mut shown, "body", object["body"].as_str().unwrap_or_default(), from, max);
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{COMMENT, MAX_COMMENT, part};
    use crate::excerpt::first_line;

    #[test]
    fn a_comment_may_have_lost_its_author_and_a_long_one_is_shortened_at_a_line() {
        let body = "word\n".repeat(MAX_COMMENT);
        let comment = json!({ "user": null, "body": body, "id": 7 });
        let seen = part(&comment, COMMENT, first_line(), MAX_COMMENT);
        assert_eq!(seen["body"].as_str().map(str::len), Some(MAX_COMMENT));
        assert_eq!(seen["bodyLeftOut"], "lines 401 to 2000 of 2000");
        assert_eq!(seen.len(), 2);
        let empty = part(&json!({ "body": null }), COMMENT, first_line(), MAX_COMMENT);
        assert_eq!(empty["body"], "");
    }
}
