//! On which repositories a GitHub App is installed, so that nobody approves what GitHub would refuse: it lets the
//! app read what is public, and write only where it is installed.
//!
//! Source: GitHub REST API, "List app installations accessible to the user access token" and "List repositories
//! accessible to the user access token". They have only what the user has a right to besides reading, so they tell
//! nothing of other repositories.

use agent::tool::Failure;
use serde_json::Value;
use vault::AccessToken;

use crate::{client::GitHub, refusal::NOT_ACCESSIBLE, repository::Name, writing::not_run};

/// Why the app can't write into a repository that the user can. What is not known refuses nothing.
pub(crate) async fn refusal(
    github: &GitHub,
    (owner, repo): (&Name, &Name),
    token: &AccessToken,
) -> Option<Failure> {
    let all: Value = github.get("/user/installations?per_page=100", token).await.outcome.ok()?;
    let installations = whole(&all, "installations")?;
    let is_owners = |it: &&Value| it["account"]["login"].as_str().is_some_and(|it| owner.is(it));
    let Some(own) = installations.iter().find(is_owners) else { return Some(not_chosen()) };
    if own["repository_selection"] != "selected" {
        return None;
    }
    let route = format!("/user/installations/{}/repositories?per_page=100", own["id"].as_u64()?);
    let chosen: Value = github.get(&route, token).await.outcome.ok()?;
    let is_it = |it: &Value| it["name"].as_str().is_some_and(|it| repo.is(it));
    (!whole(&chosen, "repositories")?.iter().any(is_it)).then(not_chosen)
}

/// A list, if it is all on this page.
fn whole<'a>(list: &'a Value, name: &str) -> Option<&'a [Value]> {
    let items = list[name].as_array()?;
    (list["total_count"].as_u64() == Some(items.len() as u64)).then_some(items)
}

fn not_chosen() -> Failure {
    let text =
        "The user has not chosen this repository for the GitHub App, which can only read it.";
    not_run(NOT_ACCESSIBLE, text)
}
