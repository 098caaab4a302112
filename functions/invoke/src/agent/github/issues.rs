//! The tool that creates an issue.
//!
//! GitHub REST API: "Create an issue". It is made once: whatever happens after the request has
//! left, nobody sends it again, and an end that is not known is told as such.

use serde::Deserialize;
use serde_json::{Value, json};
use session::ToolUse;
use vault::AccessToken;

use super::{Answer, Called, Failure, GitHub, Request, input, log};
use crate::agent::tools::{Change, Tool};

/// GitHub's own limits.
const MAX_TITLE_CHARACTERS: usize = 256;
const MAX_BODY_CHARACTERS: usize = 65_536;

/// The input, as it is shown to the user and as it is sent: nothing in it is left out of either.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    owner: Name,
    repo: Name,
    title: String,
    body: Option<String>,
}

/// A login's or a repository's name, which becomes a part of a path.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct Name(String);

impl TryFrom<String> for Name {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, &'static str> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        let is_name = (1..=100).contains(&name.len()) && name.bytes().all(allowed);
        // As parts of a path these two would name something else.
        if is_name && name != "." && name != ".." {
            Ok(Self(name))
        } else {
            Err("owner and repo have 1 to 100 of A-Z a-z 0-9 - _ .")
        }
    }
}

impl Input {
    fn of(call: &ToolUse) -> Result<Self, Failure> {
        let input: Self = input(call)?;
        let wrong = |text: &str| Err(Failure::new("wrong_input", text));
        if input.title.trim().is_empty() {
            return wrong("The title is blank.");
        }
        if input.title.contains(char::is_control) {
            return wrong("The title has a line break or a tab.");
        }
        if input.title.chars().count() > MAX_TITLE_CHARACTERS {
            return wrong("The title has more than 256 characters.");
        }
        if input.body.as_ref().is_some_and(|body| body.chars().count() > MAX_BODY_CHARACTERS) {
            return wrong("The body has more than 65,536 characters.");
        }
        Ok(input)
    }

    fn repository(&self) -> String {
        format!("/repos/{}/{}", self.owner.0, self.repo.0)
    }
}

#[derive(Debug, Deserialize)]
struct Login {
    login: String,
}

#[derive(Debug, Deserialize)]
struct Repository {}

#[derive(Debug, Default, Deserialize)]
struct Issue {
    number: Option<u64>,
    html_url: Option<String>,
}

impl GitHub {
    /// Looks at a change without making it: is it well formed, does the token reach what it is
    /// about, and which account would do it? Changes nothing.
    pub(crate) async fn look(
        &self,
        change: Change,
        call: &ToolUse,
        token: &AccessToken,
    ) -> Called<String> {
        let Change::CreateIssue = change;
        let repository = match Input::of(call) {
            Ok(input) => input.repository(),
            Err(failure) => return Called::failed(failure),
        };
        let tool = Tool::Changes(change);
        let (who, what) = tokio::join!(
            self.get::<Login>("/user", tool, token),
            self.get::<Repository>(&repository, tool, token)
        );
        let Called { outcome, allows, request } = who;
        let seen = outcome.and_then(|who| what.outcome.map(|_| who.login));
        Called { outcome: seen, allows: allows.or(what.allows), request: what.request.or(request) }
    }

    /// Makes a change, once.
    pub(crate) async fn carry_out(
        &self,
        change: Change,
        call: &ToolUse,
        token: &AccessToken,
    ) -> Called<Value> {
        let Change::CreateIssue = change;
        let input = match Input::of(call) {
            Ok(input) => input,
            Err(failure) => return Called::failed(failure),
        };
        let route = format!("{}/issues", input.repository());
        let issue = json!({ "title": input.title, "body": input.body });
        match self.send(Request::Post(&route, &issue), token).await {
            // The request may have arrived.
            Err(error) => {
                log(&error);
                Called::failed(unknown())
            }
            Ok(answer) => Called {
                outcome: created(&answer, Tool::Changes(change)),
                request: answer.request(),
                allows: answer.allows,
            },
        }
    }
}

fn created(answer: &Answer, tool: Tool) -> Result<Value, Failure> {
    match answer.failure(tool) {
        // A gateway that gave up does not know either.
        Some(_) if answer.status.is_server_error() => Err(unknown()),
        Some(failure) => Err(failure),
        None if answer.status == http::StatusCode::CREATED => {
            let Issue { number, html_url } = answer.json().unwrap_or_default();
            Ok(json!({ "created": true, "number": number, "url": html_url }))
        }
        // Any other success is none, such as a list to which a redirection led.
        None => Err(unknown()),
    }
}

fn unknown() -> Failure {
    Failure::new(
        "outcome_unknown",
        "It is not known whether the issue was created: GitHub's answer was lost. Do not try \
         again unless the user asks for it.",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use session::ToolUse;

    use super::Input;

    fn read(input: Value) -> Result<Input, super::Failure> {
        let (tool_use_id, name) = ("a".to_owned(), "github_create_issue".to_owned());
        Input::of(&ToolUse { tool_use_id, name, input })
    }

    #[test]
    fn an_issue_has_a_repository_and_a_title() {
        let input = read(json!({ "owner": "octo-alice", "repo": "garden", "title": "Water" }));
        assert_eq!(input.unwrap().repository(), "/repos/octo-alice/garden");
    }

    #[test]
    fn no_name_can_leave_its_place_in_the_path() {
        for name in ["", ".", "..", "a/b", "../x", "a?b", "a#b", "a%2Fb", "a b", "ä"] {
            let input = json!({ "owner": name, "repo": "garden", "title": "Water" });
            assert!(read(input).is_err(), "{name:?}");
            let input = json!({ "owner": "octo-alice", "repo": name, "title": "Water" });
            assert!(read(input).is_err(), "{name:?}");
        }
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
