//! What the tools that write into a repository have in common: what is looked at before anybody is asked to
//! approve it, and that each request is sent once.
//!
//! `public_repo` is enough for a public repository; `repo` would open every private one for it. If the
//! repository is private GitHub says so, and only then `repo` is asked for.

use agent::tool::{Failure, Reply, TokenVerdict};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use vault::AccessToken;

use crate::{
    answer::GitHubAnswer,
    chosen::chosen,
    client::GitHub,
    installations,
    refusal::{MOVED, quotable},
    repository::{self, Login, Name},
};

/// GitHub's own limit of a text, in characters.
const MAX_BODY: usize = 65_536;

/// What decides whether something can be written there. GitHub leaves members out, or null, where a token
/// is shown less: what is not known refuses nothing.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Repository {
    full_name: Option<String>,
    private: Option<bool>,
    visibility: Option<String>,
    archived: Option<bool>,
    disabled: Option<bool>,
    pub(crate) has_issues: Option<bool>,
    permissions: Option<Permissions>,
}

#[derive(Debug, Deserialize)]
struct Permissions {
    pull: Option<bool>,
    push: Option<bool>,
}

impl Repository {
    /// Who reads what is written there, for the user.
    pub(crate) fn visibility(&self) -> &'static str {
        // One that is internal is private, too, by its other member.
        match (self.visibility.as_deref(), self.private) {
            (Some("internal"), _) => "internal: everyone in the enterprise can read it",
            (_, Some(true)) => "private",
            (_, Some(false)) => "public: everyone can read it",
            (_, None) => "not known",
        }
    }

    /// Whether the user is known to be one of those who may change its files.
    fn is_open_to_user(&self) -> bool {
        self.permissions.as_ref().and_then(|it| it.push) == Some(true)
    }

    /// Whether the user is known not to be one of those who may change its files.
    pub(crate) fn is_closed_to_user(&self) -> bool {
        self.permissions.as_ref().and_then(|it| it.push) == Some(false)
    }

    /// What GitHub would say no to later is said before anyone is asked to approve it.
    fn check(&self, owner: &Name, repo: &Name) -> Result<(), Failure> {
        let reads = self.permissions.as_ref().and_then(|it| it.pull);
        if let Some(name) = &self.full_name
            && !Name::is_full(owner, repo, name)
        {
            return Err(renamed(name));
        }
        if self.archived == Some(true) {
            let text = "The repository is archived, so that it can only be read.";
            return Err(not_run("archived", text));
        }
        if self.disabled == Some(true) {
            return Err(not_run("unavailable", "GitHub itself has closed this repository."));
        }
        if reads == Some(false) {
            return Err(not_run("forbidden", "The user has no right to write there."));
        }
        Ok(())
    }
}

/// A refusal before anything was tried.
pub(crate) fn not_run(code: &'static str, text: &str) -> Failure {
    Failure::new(code, format!("Not run: {text}"))
}

/// Whether GitHub would take `body` as a text.
pub(crate) fn check_body(body: &str) -> Result<(), Failure> {
    if body.chars().count() > MAX_BODY {
        return Err(Failure::new("wrong_input", "The body has more than 65,536 characters."));
    }
    Ok(())
}

/// Nothing is written under another name than the one that the user has approved.
fn renamed(name: &str) -> Failure {
    let text = format!(
        "Not run: this repository is called \"{}\" now. Ask the user if they mean that one.",
        quotable(name)
    );
    Failure::new("renamed", text)
}

/// Who would write, and into which repository, if it takes what is written.
pub(crate) async fn look(
    github: &GitHub,
    (owner, repo): (&Name, &Name),
    token: &AccessToken,
) -> Reply<(Login, Repository)> {
    let route = repository::path(owner, repo);
    let (user, repository) = futures_util::join!(
        github.get::<Login>("/user", token),
        github.get::<Repository>(&route, token)
    );
    let Reply { outcome: user, allows, request_id } = user;
    let repository = repository::hidden(repository, owner, repo, user.as_ref().ok());
    let mut outcome = user.and_then(|user| {
        let repository = repository.outcome?;
        repository.check(owner, repo)?;
        Ok((user, repository))
    });
    if github.app.is_some() && outcome.as_ref().is_ok_and(|(_, it)| it.is_open_to_user()) {
        let refusal = installations::refusal(github, (owner, repo), token).await;
        outcome = refusal.map_or(outcome, Err);
    }
    Reply {
        outcome,
        allows: allows.or(repository.allows),
        request_id: repository.request_id.or(request_id),
    }
}

/// Sends `body` to `route` inside the repository, once; `what` is what would then be created.
pub(crate) async fn create(
    github: &GitHub,
    (owner, repo): (&Name, &Name),
    (route, body): (&str, Value),
    token: &AccessToken,
    what: &'static str,
) -> Reply<Value> {
    let repository = repository::path(owner, repo);
    match github.post(&format!("{repository}{route}"), &body, token).await {
        // The request may have arrived.
        Err(error) => {
            error.log();
            Reply::failed(outcome_unknown(what))
        }
        Ok(answer) => {
            let mut outcome = created(&answer, what);
            if answer.status.is_redirection() {
                outcome = Err(moved(github, (owner, repo), token).await);
            }
            // The preview was shown the repository with this token, so that a wider one is not missing.
            if let Err(Failure { token: verdict @ TokenVerdict::Accepts(_), .. }) = &mut outcome {
                *verdict = TokenVerdict::Fine;
            }
            Reply { outcome, request_id: answer.request_id(), allows: answer.allows }
        }
    }
}

/// GitHub has sent the request elsewhere, where it is never repeated: what the user approved names
/// this repository. If the repository has kept its name, the issue was transferred.
async fn moved(github: &GitHub, (owner, repo): (&Name, &Name), token: &AccessToken) -> Failure {
    let repository = github.get::<Repository>(&repository::path(owner, repo), token).await;
    match repository.outcome.ok().and_then(|it| it.full_name) {
        Some(name) if Name::is_full(owner, repo, &name) => transferred(),
        Some(name) => renamed(&name),
        None => Failure::new("moved", MOVED),
    }
}

/// A refusal of what belongs to an issue that is elsewhere now, where others may read it.
pub(crate) fn transferred() -> Failure {
    let text =
        "The issue was transferred to another repository. Ask the user if they mean that one.";
    not_run("moved", text)
}

fn created(answer: &GitHubAnswer, what: &str) -> Result<Value, Failure> {
    match answer.failure() {
        // A gateway that gave up does not know either.
        Some(_) if answer.status.is_server_error() => Err(outcome_unknown(what)),
        Some(failure) => Err(failure),
        None if answer.status == StatusCode::CREATED => {
            // It was created, even if the answer can't be read. A comment has no number.
            let it: Value = answer.json().unwrap_or_default();
            let mut shown = chosen(&it, &[("number", "/number"), ("url", "/html_url")]);
            shown.insert("created".to_owned(), true.into());
            Ok(shown.into())
        }
        // Any other success means that nothing was created: a redirect may have led to a list, for
        // example.
        None => Err(outcome_unknown(what)),
    }
}

fn outcome_unknown(what: &str) -> Failure {
    let text = format!(
        "It is not known whether the {what} was created: GitHub's answer was lost. Do not try again \
         unless the user asks for it."
    );
    Failure::new("outcome_unknown", text)
}
