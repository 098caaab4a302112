//! `github_list_repositories`: GitHub REST API, "List repositories for the authenticated user".
//!
//! GitHub has no scope for reading private repositories alone: `repo` reads and writes them all. So it is asked
//! for only where the user has spoken of private repositories themselves; otherwise what a narrower token
//! shows is listed, and said to be without them.

use agent::{
    scopes::named,
    tool::{Reply, ToolName},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use vault::AccessToken;

use crate::{
    chosen::{Member, chosen_of_raw},
    client::GitHub,
    page::PageNumber,
    typed::{Described, Read},
};

pub(crate) struct ListRepositories;

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Which repositories: `all` and `private` have the private ones, too, for which the user is asked to
    /// allow more if they themselves speak of their private repositories. Left out: those that what the user
    /// has allowed shows.
    #[schemars(with = "Visibility", default)]
    visibility: Option<Visibility>,
    /// Which page of the list, 1 to 100; the first if left out. There is a next one if the last result
    /// has `"more": true`.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100))]
    page: PageNumber,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Visibility {
    All,
    Public,
    Private,
}

const SHOWN: &[Member] = &[
    ("fullName", "/full_name"),
    ("private", "/private"),
    ("description", "/description"),
    ("language", "/language"),
    ("url", "/html_url"),
    ("updatedAt", "/updated_at"),
];

/// What a user says who means private repositories.
const PRIVATE: &[&str] = &[
    "private repositories",
    "private repository",
    "private repos",
    "private repo",
    "private projects",
    "private project",
    "private ones",
];

const LEFT_OUT: &str = "Private repositories are left out: what the user has allowed does not show them. If \
    the user speaks of their private repositories themselves, call again with visibility all or private.";

impl Described for ListRepositories {
    const NAME: ToolName = ToolName::from_static("github_list_repositories");
    const DESCRIPTION: &'static str = "Lists the GitHub repositories that the user you act for can \
        reach, the most recently updated first, 100 on each page.";
    const SCOPES: &'static [&'static str] = &["read:user"];
    const AT_MOST: &'static [&'static str] = &["repo"];
    type Input = Input;

    fn meant_by(input: &Input) -> &'static [&'static str] {
        match input.visibility {
            Some(Visibility::All | Visibility::Private) => PRIVATE,
            Some(Visibility::Public) | None => &[],
        }
    }
}

impl Read for ListRepositories {
    async fn read(github: &GitHub, input: Input, token: &AccessToken) -> Reply<Value> {
        let reply = github.page(&route(&input), token).await;
        let is_narrow = reply.allows.as_ref().is_some_and(|it| !named(["repo"]).is_subset(it));
        reply.map(|page| {
            let mut shown = page.shown_by("repositories", |it| chosen_of_raw(it, SHOWN).into());
            if let Some(app) = &github.app {
                shown.insert("privateLeftOut".to_owned(), app.left_out().into());
            } else if is_narrow && input.visibility != Some(Visibility::Public) {
                shown.insert("privateLeftOut".to_owned(), LEFT_OUT.into());
            }
            shown.into()
        })
    }
}

fn route(Input { visibility, page }: &Input) -> String {
    let visibility = match visibility {
        Some(Visibility::All) | None => "all",
        Some(Visibility::Public) => "public",
        Some(Visibility::Private) => "private",
    };
    format!("/user/repos?per_page=100&sort=updated&visibility={visibility}&page={page}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Input, ListRepositories, PRIVATE, route};
    use crate::typed::Described;

    #[test]
    fn only_private_ones_are_meant_by_the_users_words() {
        let meant_by = |input| ListRepositories::meant_by(&serde_json::from_value(input).unwrap());
        for input in [json!({}), json!({ "visibility": null }), json!({ "visibility": "public" })] {
            assert!(meant_by(input).is_empty());
        }
        assert_eq!(meant_by(json!({ "visibility": "private" })), PRIVATE);
        assert_eq!(meant_by(json!({ "visibility": "all" })), PRIVATE);
    }

    #[test]
    fn all_repositories_are_listed_unless_the_input_says_which() {
        let route = |input| route(&serde_json::from_value::<Input>(input).unwrap());
        assert!(route(json!({})).ends_with("visibility=all&page=1"));
        let private = json!({ "visibility": "private", "page": 3 });
        assert!(route(private).ends_with("visibility=private&page=3"));
        assert!(serde_json::from_value::<Input>(json!({ "visibility": "secret" })).is_err());
    }
}
