//! `github_create_issue`: GitHub REST API, "Create an issue".
//!
//! The request is sent once and never repeated. An unknown outcome is reported as unknown.

use agent::tool::{Failure, Preview, Reply, ToolName};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use vault::AccessToken;

use crate::{
    client::GitHub,
    refusal::ISSUES_DISABLED,
    repository::Name,
    typed::{Described, Write},
    writing::{self, not_run},
};

/// GitHub's own limit.
const MAX_TITLE_CHARACTERS: usize = 256;

pub(crate) struct CreateIssue;

/// As it is shown to the user and as it is sent: nothing in it is left out of either.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    /// Whose repository: a login.
    owner: Name,
    /// The repository's name.
    repo: Name,
    /// At most 256 characters.
    title: String,
    /// Markdown; may be left out.
    #[schemars(with = "String", default)]
    body: Option<String>,
}

impl Described for CreateIssue {
    const NAME: ToolName = ToolName::from_static("github_create_issue");
    const DESCRIPTION: &'static str = "Creates an issue in a GitHub repository, as the user you act \
        for. The user may be asked to confirm it first; you can't confirm it.";
    const SCOPES: &'static [&'static str] = &["public_repo"];
    const AT_MOST: &'static [&'static str] = &["repo"];
    type Input = Input;
}

impl Input {
    fn check(&self) -> Result<(), Failure> {
        let wrong = |text: &str| Err(Failure::new("wrong_input", text));
        if self.title.trim().is_empty() {
            return wrong("The title is blank.");
        }
        if self.title.contains(char::is_control) {
            return wrong("The title has a line break or a tab.");
        }
        if self.title.chars().count() > MAX_TITLE_CHARACTERS {
            return wrong("The title has more than 256 characters.");
        }
        writing::check_body(self.body.as_deref().unwrap_or_default())
    }
}

impl Write for CreateIssue {
    async fn preview(github: &GitHub, input: Input, token: &AccessToken) -> Reply<Preview> {
        if let Err(failure) = input.check() {
            return Reply::failed(failure);
        }
        let mut reply = writing::look(github, (&input.owner, &input.repo), token).await;
        if let Ok((_, repository)) = &reply.outcome
            && repository.has_issues == Some(false)
        {
            reply.outcome = Err(not_run("issues_disabled", ISSUES_DISABLED));
        }
        reply.map(|(user, repository)| {
            let visibility = repository.visibility().to_owned();
            let details = [("visibility".to_owned(), visibility)].into();
            Preview { account: user.login, details }
        })
    }

    async fn apply(github: &GitHub, input: Input, token: &AccessToken) -> Reply<Value> {
        if let Err(failure) = input.check() {
            return Reply::failed(failure);
        }
        let issue = json!({ "title": input.title, "body": input.body });
        let place = (&input.owner, &input.repo);
        writing::create(github, place, ("/issues", issue), token, "issue").await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Input;

    fn read(input: Value) -> Result<Input, String> {
        let input: Input = serde_json::from_value(input).map_err(|error| error.to_string())?;
        input.check().map_err(|failure| failure.text)?;
        Ok(input)
    }

    #[test]
    fn owner_and_repository_are_names_and_no_paths() {
        let right = json!({ "owner": "octo-alice", "repo": "garden", "title": "Water" });
        assert!(read(right).is_ok());
        let owner = json!({ "owner": "../x", "repo": "garden", "title": "Water" });
        assert!(read(owner).is_err());
        assert!(read(json!({ "owner": "octo-alice", "repo": "..", "title": "Water" })).is_err());
    }

    #[test]
    fn what_would_be_left_out_of_the_request_is_refused_and_not_shown_as_if_it_counted() {
        let extra = json!({ "owner": "o", "repo": "r", "title": "t", "assignees": ["mallory"] });
        assert!(read(extra).is_err());
        for title in ["", " \n", &"t".repeat(257)] {
            assert!(read(json!({ "owner": "o", "repo": "r", "title": title })).is_err());
        }
    }
}
