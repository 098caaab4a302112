//! `github_get_profile`: GitHub REST API, "Get the authenticated user".

use agent::tool::{Reply, ToolName};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use vault::AccessToken;

use crate::{
    client::GitHub,
    typed::{Described, Read},
};

pub(crate) struct GetProfile;

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Input {}

#[derive(Debug, Deserialize)]
struct Profile {
    login: String,
    name: Option<String>,
    bio: Option<String>,
    public_repos: Option<u64>,
    followers: Option<u64>,
}

impl Described for GetProfile {
    const NAME: ToolName = ToolName::from_static("github_get_profile");
    const DESCRIPTION: &'static str = "Gets the GitHub profile of the user you act for.";
    const SCOPES: &'static [&'static str] = &["read:user"];
    type Input = Input;
}

impl Read for GetProfile {
    async fn read(github: &GitHub, Input {}: Input, token: &AccessToken) -> Reply<Value> {
        github.get("/user", token).await.map(shown)
    }
}

fn shown(profile: Profile) -> Value {
    let Profile { login, name, bio, public_repos, followers } = profile;
    json!({
        "login": login, "name": name, "bio": bio,
        "publicRepositories": public_repos, "followers": followers,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::shown;

    #[test]
    fn a_profile_without_name_and_bio_is_shown_without_them() {
        let answer = json!({ "login": "octo-alice", "name": null, "bio": null, "id": 1 });
        let seen = shown(serde_json::from_value(answer).unwrap());
        assert_eq!(seen["login"], "octo-alice");
        assert!(seen["name"].is_null() && seen.get("id").is_none(), "{seen}");
    }
}
