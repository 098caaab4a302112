//! `github_create_issue`: GitHub REST API, "Create an issue".
//!
//! The request is sent once and never repeated. An unknown outcome is reported as unknown.
//! `public_repo` is enough for a public repository; `repo` would open every private one for it. If
//! the repository is private GitHub says so, and only then `repo` is asked for.

use agent::tool::{Failure, Preview, Reply, ToolName};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use vault::AccessToken;

use crate::{
    answer::GitHubAnswer,
    client::GitHub,
    refusal::{ISSUES_DISABLED, MOVED, quotable},
    repository::{self, Login, Name},
    typed::{Described, Write},
};

/// GitHub's own limits.
const MAX_TITLE_CHARACTERS: usize = 256;
const MAX_BODY_CHARACTERS: usize = 65_536;

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

/// What decides whether an issue can be created. GitHub leaves members out, or null, where a token is
/// shown less: what is not known refuses nothing.
#[derive(Debug, Default, Deserialize)]
struct Repository {
    full_name: Option<String>,
    archived: Option<bool>,
    disabled: Option<bool>,
    has_issues: Option<bool>,
    permissions: Option<Permissions>,
}

#[derive(Debug, Deserialize)]
struct Permissions {
    pull: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
struct Issue {
    number: Option<u64>,
    html_url: Option<String>,
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
        if self.body.as_ref().is_some_and(|body| body.chars().count() > MAX_BODY_CHARACTERS) {
            return wrong("The body has more than 65,536 characters.");
        }
        Ok(())
    }

    /// What GitHub would say no to later is said before anyone is asked to approve it.
    fn check_repository(&self, repository: &Repository) -> Result<(), Failure> {
        let is_false = |it: Option<bool>| it == Some(false);
        let is_true = |it: Option<bool>| it == Some(true);
        let reads = repository.permissions.as_ref().and_then(|it| it.pull);
        if let Some(name) = &repository.full_name
            && !Name::is_full(&self.owner, &self.repo, name)
        {
            return Err(renamed(name));
        }
        let no = |code, text| Err(Failure::new(code, format!("Not run: {text}")));
        if is_true(repository.archived) {
            return no("archived", "The repository is archived, so that it can only be read.");
        }
        if is_true(repository.disabled) {
            return no("unavailable", "GitHub itself has closed this repository.");
        }
        if is_false(repository.has_issues) {
            return no("issues_disabled", ISSUES_DISABLED);
        }
        if is_false(reads) {
            return no("forbidden", "The user has no right to create issues there.");
        }
        Ok(())
    }

    fn repository(&self) -> String {
        repository::path(&self.owner, &self.repo)
    }
}

/// Nothing is created under another name than the one that the user has approved.
fn renamed(name: &str) -> Failure {
    let text = format!(
        "Not run: this repository is called \"{}\" now. Ask the user if they mean that one.",
        quotable(name)
    );
    Failure::new("renamed", text)
}

impl Write for CreateIssue {
    async fn preview(github: &GitHub, input: Input, token: &AccessToken) -> Reply<Preview> {
        if let Err(failure) = input.check() {
            return Reply::failed(failure);
        }
        let route = input.repository();
        let (user, repository) = futures_util::join!(
            github.get::<Login>("/user", token),
            github.get::<Repository>(&route, token)
        );
        let Reply { outcome: user, allows, request_id } = user;
        let repository =
            repository::hidden(repository, &input.owner, &input.repo, user.as_ref().ok());
        let outcome = user.and_then(|user| {
            input.check_repository(&repository.outcome?)?;
            Ok(Preview { account: user.login })
        });
        Reply {
            outcome,
            allows: allows.or(repository.allows),
            request_id: repository.request_id.or(request_id),
        }
    }

    async fn apply(github: &GitHub, input: Input, token: &AccessToken) -> Reply<Value> {
        if let Err(failure) = input.check() {
            return Reply::failed(failure);
        }
        let route = format!("{}/issues", input.repository());
        let issue = json!({ "title": input.title, "body": input.body });
        match github.post(&route, &issue, token).await {
            // The request may have arrived.
            Err(error) => {
                error.log();
                Reply::failed(outcome_unknown())
            }
            Ok(answer) => {
                let mut outcome = created(&answer);
                if answer.status.is_redirection() {
                    outcome = Err(moved(github, &input, token).await);
                }
                let (request_id, allows) = (answer.request_id(), answer.allows);
                repository::hidden(
                    Reply { outcome, allows, request_id },
                    &input.owner,
                    &input.repo,
                    None,
                )
            }
        }
    }
}

/// GitHub has sent the request elsewhere, where it is never repeated: what the user approved names
/// this repository.
async fn moved(github: &GitHub, input: &Input, token: &AccessToken) -> Failure {
    let repository = github.get::<Repository>(&input.repository(), token).await;
    let name = repository.outcome.ok().and_then(|it| it.full_name);
    name.as_deref().map_or_else(|| Failure::new("moved", MOVED), renamed)
}

fn created(answer: &GitHubAnswer) -> Result<Value, Failure> {
    match answer.failure() {
        // A gateway that gave up does not know either.
        Some(_) if answer.status.is_server_error() => Err(outcome_unknown()),
        Some(failure) => Err(failure),
        None if answer.status == http::StatusCode::CREATED => {
            // It was created, even if the answer can't be read.
            let Issue { number, html_url } = answer.json().unwrap_or_default();
            Ok(json!({ "created": true, "number": number, "url": html_url }))
        }
        // Any other success means that no issue was created: a redirect may have led to a list, for
        // example.
        None => Err(outcome_unknown()),
    }
}

fn outcome_unknown() -> Failure {
    Failure::new(
        "outcome_unknown",
        "It is not known whether the issue was created: GitHub's answer was lost. Do not try \
         again unless the user asks for it.",
    )
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
    fn an_issue_has_a_repository_and_a_title() {
        let input = read(json!({ "owner": "octo-alice", "repo": "garden", "title": "Water" }));
        assert_eq!(input.unwrap().repository(), "/repos/octo-alice/garden");
    }

    #[test]
    fn owner_and_repository_are_names_and_no_paths() {
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
