//! What both searches have in common: GitHub REST API, "Search".
//!
//! A search finds what is public with any token, and what is private with one that reaches it, so that
//! none asks for more scopes than the narrowest.

use agent::tool::Reply;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use url::form_urlencoded::byte_serialize;
use vault::AccessToken;

use crate::{chosen::Member, client::GitHub, page::PageNumber};

/// What is shown of each search at a time.
const PER_PAGE: usize = 20;

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Words, and qualifiers as GitHub's own search has them, such as `language:rust`, `user:LOGIN`,
    /// `repo:OWNER/NAME`. 1 to 256 characters.
    query: Query,
    /// Which page of the list, 1 to 100; the first if left out. There is a next one if the last result
    /// has `"more": true`.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100))]
    page: PageNumber,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
struct Query(String);

impl TryFrom<String> for Query {
    type Error = &'static str;

    fn try_from(query: String) -> Result<Self, &'static str> {
        let is_query = !query.trim().is_empty() && query.chars().count() <= 256;
        is_query.then_some(Self(query)).ok_or("query has 1 to 256 characters")
    }
}

/// Searches `what` there is, and shows these members of each find as `name`.
pub(crate) async fn search(
    github: &GitHub,
    what: &str,
    Input { query, page }: Input,
    token: &AccessToken,
    (name, members): (&str, &[Member]),
) -> Reply<Value> {
    let query: String = byte_serialize(query.0.as_bytes()).collect();
    let route = format!("/search/{what}?q={query}&per_page={PER_PAGE}&page={page}");
    github.search(&route, token).await.map(|found| found.shown(name, members))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Input;

    #[test]
    fn a_query_has_words_and_a_bound() {
        for wrong in [String::new(), " ".to_owned(), "ä".repeat(257)] {
            assert!(serde_json::from_value::<Input>(json!({ "query": wrong })).is_err());
        }
        assert!(serde_json::from_value::<Input>(json!({ "query": "ä".repeat(256) })).is_ok());
    }
}
