//! `github_comment_on_issue`: GitHub REST API, "Create an issue comment".

use std::num::NonZeroU64;

use agent::tool::{Failure, Preview, Reply, ToolName};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use vault::AccessToken;

use crate::{
    client::GitHub,
    refusal::quotable,
    repository::{self, Name},
    typed::{Described, Write},
    writing::{self, Repository, not_run},
};

pub(crate) struct CommentOnIssue;

/// As it is shown to the user and as it is sent: nothing in it is left out of either.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    /// Whose repository: a login.
    owner: Name,
    /// The repository's name.
    repo: Name,
    /// The issue's number; a pull request's works, too.
    #[schemars(range(min = 1))]
    number: NonZeroU64,
    /// Markdown.
    body: String,
}

impl Described for CommentOnIssue {
    const NAME: ToolName = ToolName::from_static("github_comment_on_issue");
    const DESCRIPTION: &'static str = "Writes a comment on an issue or a pull request of a GitHub \
        repository, as the user you act for. The user may be asked to confirm it first; you can't confirm it.";
    const SCOPES: &'static [&'static str] = &["public_repo"];
    const AT_MOST: &'static [&'static str] = &["repo"];
    type Input = Input;
}

impl Input {
    fn check(&self) -> Result<(), Failure> {
        if self.body.trim().is_empty() {
            return Err(Failure::new("wrong_input", "The comment is blank."));
        }
        writing::check_body(&self.body)
    }

    fn route(&self) -> String {
        format!("/issues/{}", self.number)
    }
}

impl Write for CommentOnIssue {
    async fn preview(github: &GitHub, input: Input, token: &AccessToken) -> Reply<Preview> {
        if let Err(failure) = input.check() {
            return Reply::failed(failure);
        }
        let Input { owner, repo, .. } = &input;
        let route = format!("{}{}", repository::path(owner, repo), input.route());
        let (mut reply, issue) = futures_util::join!(
            writing::look(github, (owner, repo), token),
            github.get::<Value>(&route, token)
        );
        let outcome = match reply.outcome {
            Err(failure) => Err(failure),
            Ok((user, repository)) => {
                reply.allows = issue.allows.or(reply.allows);
                let issue = repository::explained(
                    github,
                    Reply { outcome: issue.outcome, allows: None, request_id: None },
                    owner,
                    repo,
                    token,
                );
                let issue = issue.await.outcome;
                issue.and_then(|issue| shown(&issue, (owner, repo), user.login, &repository))
            }
        };
        Reply { outcome, allows: reply.allows, request_id: reply.request_id }
    }

    async fn apply(github: &GitHub, input: Input, token: &AccessToken) -> Reply<Value> {
        if let Err(failure) = input.check() {
            return Reply::failed(failure);
        }
        let route = format!("{}/comments", input.route());
        let place = (&input.owner, &input.repo);
        let body = json!({ "body": input.body });
        writing::create(github, place, (&route, body), token, "comment").await
    }
}

/// What the user checks besides the text: where it will stand, and who will read it. An issue that was
/// transferred is answered from where it is now, which others may read.
fn shown(
    issue: &Value,
    (owner, repo): (&Name, &Name),
    account: String,
    repository: &Repository,
) -> Result<Preview, Failure> {
    let text = |name: &str| quotable(issue[name].as_str().unwrap_or_default());
    let place = issue["repository_url"].as_str().and_then(|url| url.split_once("/repos/"));
    if place.is_some_and(|(_, name)| !Name::is_full(owner, repo, name)) {
        return Err(writing::transferred());
    }
    if issue["locked"] == true && repository.is_closed_to_user() {
        let text = "The issue is locked: only those who may change the repository comment on it.";
        return Err(not_run("locked", text));
    }
    let kind = if issue["pull_request"].is_object() { "pull request" } else { "issue" };
    let details = [
        (kind, text("title")),
        ("state", text("state")),
        ("visibility", repository.visibility().to_owned()),
    ];
    let details = details.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Ok(Preview { account, details })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Input, shown};
    use crate::{repository::Name, writing::Repository};

    fn name(name: &str) -> Name {
        serde_json::from_value(name.into()).unwrap()
    }

    fn read(input: Value) -> Result<Input, String> {
        let input: Input = serde_json::from_value(input).map_err(|error| error.to_string())?;
        input.check().map_err(|failure| failure.text)?;
        Ok(input)
    }

    #[test]
    fn a_comment_has_an_issue_and_a_text_and_nothing_that_is_not_shown() {
        let input = |number: u64, body: &str| json!({ "owner": "o", "repo": "r", "number": number, "body": body });
        assert_eq!(read(input(3, "Yes")).unwrap().route(), "/issues/3");
        assert!(read(input(0, "Yes")).is_err());
        assert!(read(input(3, " \n")).is_err());
        assert!(read(input(3, &"ä".repeat(65_537))).is_err());
        let mut more = input(3, "Yes");
        more["in_reply_to"] = 1.into();
        assert!(read(more).is_err());
    }

    #[test]
    fn the_user_is_shown_the_issue_its_state_and_who_will_read_it() {
        let repository = json!({ "private": false, "permissions": { "push": false } });
        let repository: Repository = serde_json::from_value(repository).unwrap();
        let (owner, repo) = (name("o"), name("r"));
        let shown = |issue: &Value, account: String, repository: &Repository| {
            shown(issue, (&owner, &repo), account, repository)
        };
        let issue = json!({ "title": "Wet\u{202e}\nsensor", "state": "open", "locked": false });
        let preview = shown(&issue, "octo-alice".into(), &repository).unwrap();
        assert_eq!(preview.details["issue"], "Wet sensor");
        assert_eq!(preview.details["state"], "open");
        assert!(preview.details["visibility"].starts_with("public"));
        let request = json!({ "title": "Dry", "state": "open", "pull_request": {} });
        let preview = shown(&request, "octo-alice".into(), &Repository::default()).unwrap();
        assert_eq!(preview.details["pull request"], "Dry");
        assert_eq!(preview.details["visibility"], "not known");
        let locked = json!({ "title": "Hot", "state": "open", "locked": true });
        assert_eq!(shown(&locked, "o".into(), &repository).unwrap_err().code, "locked");
        assert!(shown(&locked, "o".into(), &Repository::default()).is_ok());
        let place = |name: &str| format!("https://api.github.com/repos/{name}");
        let here = json!({ "title": "Dry", "state": "open", "repository_url": place("O/r") });
        assert!(shown(&here, "o".into(), &repository).is_ok());
        let moved =
            json!({ "title": "Dry", "state": "open", "repository_url": place("o/private") });
        assert_eq!(shown(&moved, "o".into(), &repository).unwrap_err().code, "moved");
        let internal = json!({ "private": true, "visibility": "internal" });
        let internal: Repository = serde_json::from_value(internal).unwrap();
        let preview = shown(&request, "o".into(), &internal).unwrap();
        assert!(preview.details["visibility"].starts_with("internal: everyone"));
    }
}
