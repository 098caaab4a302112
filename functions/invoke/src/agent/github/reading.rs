//! The tools that read.
//!
//! GitHub REST API: "Get the authenticated user", "List repositories for the authenticated user".

use serde::Deserialize;
use serde_json::{Value, json};
use session::ToolUse;
use vault::AccessToken;

use super::{Called, Failure, GitHub, Request, input, unreachable};
use crate::agent::tools::{Reading, Tool};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Visibility {
    #[default]
    All,
    Public,
    Private,
}

#[derive(Debug, Deserialize)]
struct ListInput {
    #[serde(default)]
    visibility: Visibility,
}

/// What the model gets to see of a repository; GitHub's answer has a hundred members.
#[derive(Debug, Deserialize)]
struct Repository {
    full_name: String,
    private: bool,
    description: Option<String>,
    updated_at: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Profile {
    login: String,
    name: Option<String>,
    bio: Option<String>,
    public_repos: Option<u64>,
    followers: Option<u64>,
}

impl GitHub {
    /// Reads what `call` asks for, with the user's `token`.
    pub(crate) async fn read(
        &self,
        reading: Reading,
        call: &ToolUse,
        token: &AccessToken,
    ) -> Called<Value> {
        let tool = Tool::Reads(reading);
        match reading {
            Reading::Profile => self.get("/user", tool, token).await.map(profile),
            Reading::Repositories => match list_route(call) {
                Ok(route) => self.get(&route, tool, token).await.map(repositories),
                Err(failure) => Called::failed(failure),
            },
        }
    }

    /// One GET.
    pub(super) async fn get<T: for<'de> Deserialize<'de>>(
        &self,
        route: &str,
        tool: Tool,
        token: &AccessToken,
    ) -> Called<T> {
        match self.send(Request::Get(route), token).await {
            Err(error) => Called::failed(unreachable(&error)),
            Ok(answer) => Called {
                outcome: answer.failure(tool).map_or_else(|| answer.json(), Err),
                request: answer.request(),
                allows: answer.allows,
            },
        }
    }
}

impl<T> Called<T> {
    fn map<U>(self, change: impl FnOnce(T) -> U) -> Called<U> {
        let Self { outcome, allows, request } = self;
        Called { outcome: outcome.map(change), allows, request }
    }
}

fn profile(profile: Profile) -> Value {
    let Profile { login, name, bio, public_repos, followers } = profile;
    json!({
        "login": login, "name": name, "bio": bio,
        "publicRepositories": public_repos, "followers": followers,
    })
}

fn list_route(call: &ToolUse) -> Result<String, Failure> {
    let visibility = match input::<ListInput>(call)?.visibility {
        Visibility::All => "all",
        Visibility::Public => "public",
        Visibility::Private => "private",
    };
    Ok(format!("/user/repos?per_page=100&sort=updated&visibility={visibility}"))
}

fn repositories(repositories: Vec<Repository>) -> Value {
    let shown = repositories.into_iter().map(|repository| {
        json!({
            "fullName": repository.full_name, "private": repository.private,
            "description": repository.description, "updatedAt": repository.updated_at,
        })
    });
    json!({ "repositories": shown.collect::<Vec<_>>() })
}
