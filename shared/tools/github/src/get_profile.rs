//! `github_get_profile`: GitHub REST API, "Get the authenticated user".

use agent::tool::{Reply, ToolName};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use vault::AccessToken;

use crate::{
    chosen::{Member, chosen},
    client::GitHub,
    typed::{Described, Read},
};

pub(crate) struct GetProfile;

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Input {}

const SHOWN: &[Member] = &[
    ("login", "/login"),
    ("name", "/name"),
    ("bio", "/bio"),
    ("publicRepositories", "/public_repos"),
    ("followers", "/followers"),
];

impl Described for GetProfile {
    const NAME: ToolName = ToolName::from_static("github_get_profile");
    const DESCRIPTION: &'static str = "Gets the GitHub profile of the user you act for.";
    const SCOPES: &'static [&'static str] = &["read:user"];
    type Input = Input;
}

impl Read for GetProfile {
    async fn read(github: &GitHub, Input {}: Input, token: &AccessToken) -> Reply<Value> {
        github.get::<Value>("/user", token).await.map(|profile| chosen(&profile, SHOWN).into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::SHOWN;
    use crate::chosen::chosen;

    #[test]
    fn a_profile_without_name_and_bio_is_shown_without_them() {
        let answer = json!({ "login": "octo-alice", "name": null, "bio": null, "id": 1 });
        let seen = serde_json::Value::Object(chosen(&answer, SHOWN));
        assert_eq!(seen, json!({ "login": "octo-alice" }));
    }
}
