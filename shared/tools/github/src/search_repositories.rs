//! `github_search_repositories`: GitHub REST API, "Search repositories".

use agent::tool::{Reply, ToolName};
use serde_json::Value;
use vault::AccessToken;

use crate::{
    chosen::Member,
    client::GitHub,
    search::{self, Input},
    typed::{Described, Read},
};

pub(crate) struct SearchRepositories;

const SHOWN: &[Member] = &[
    ("fullName", "/full_name"),
    ("url", "/html_url"),
    ("private", "/private"),
    ("description", "/description"),
    ("language", "/language"),
    ("stars", "/stargazers_count"),
    ("archived", "/archived"),
    ("pushedAt", "/pushed_at"),
];

impl Described for SearchRepositories {
    const NAME: ToolName = ToolName::from_static("github_search_repositories");
    const DESCRIPTION: &'static str = "Searches all of GitHub for repositories, the best matches first, \
        20 on each page. To list the user's own, use github_list_repositories.";
    const SCOPES: &'static [&'static str] = &["read:user"];
    type Input = Input;
}

impl Read for SearchRepositories {
    async fn read(github: &GitHub, input: Input, token: &AccessToken) -> Reply<Value> {
        search::search(github, "repositories", input, token, ("repositories", SHOWN)).await
    }
}
