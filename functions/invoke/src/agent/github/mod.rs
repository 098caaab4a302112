//! What the tools do at GitHub, with the user's own token.
//!
//! GitHub REST API, version 2022-11-28: "Get the authenticated user", "List repositories for the
//! authenticated user".

use std::{sync::OnceLock, time::Duration};

use http::{HeaderName, Response, StatusCode};
use octocrab::{Octocrab, service::middleware::retry::RetryConfig};
use serde::Deserialize;
use serde_json::{Value, json};
use session::{ToolOutput, ToolResult, ToolStatus, ToolUse};
use url::Url;
use vault::AccessToken;

use super::tools::Tool;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const READ_TIMEOUT: Duration = Duration::from_secs(20);
const REQUEST_ID: &str = "x-github-request-id";

/// GitHub's REST API.
#[derive(Debug)]
pub(crate) struct GitHub {
    api: Url,
    shared: OnceLock<Octocrab>,
}

/// What became of one call.
#[derive(Debug)]
pub(crate) struct Called {
    /// For the model.
    pub(crate) result: ToolResult,
    /// For the audit trail: `ok`, or what went wrong.
    pub(crate) outcome: &'static str,
    /// GitHub's own id of the request.
    pub(crate) request: Option<String>,
}

/// Why GitHub did not do it, in words for the model and one for the audit trail.
struct Refusal {
    text: String,
    outcome: &'static str,
    request: Option<String>,
}

type Outcome = Result<(Value, Option<String>), Refusal>;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Visibility {
    All,
    Public,
    Private,
}

#[derive(Debug, Deserialize)]
struct ListInput {
    visibility: Option<Visibility>,
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
    /// The API at `api`. Nothing is built before the first call.
    pub(crate) fn new(api: Url) -> Self {
        Self { api, shared: OnceLock::new() }
    }

    /// Runs `tool` as `tool_use` asks, with the user's `token`.
    pub(crate) async fn call(&self, tool: Tool, tool_use: &ToolUse, token: &AccessToken) -> Called {
        let id = &tool_use.tool_use_id;
        let outcome = match tool {
            Tool::GetProfile => self.get_profile(token).await,
            Tool::ListRepositories => self.list_repositories(tool_use, token).await,
        };
        match outcome {
            Ok((data, request)) => {
                let content = vec![ToolOutput::Json(data)];
                let result =
                    ToolResult { tool_use_id: id.clone(), status: ToolStatus::Success, content };
                Called { result, outcome: "ok", request }
            }
            Err(Refusal { text, outcome, request }) => {
                Called { result: ToolResult::new(id, ToolStatus::Error, text), outcome, request }
            }
        }
    }

    async fn get_profile(&self, token: &AccessToken) -> Outcome {
        let (profile, request) = self.get::<Profile>("/user", token).await?;
        let Profile { login, name, bio, public_repos, followers } = profile;
        let data = json!({
            "login": login, "name": name, "bio": bio,
            "publicRepositories": public_repos, "followers": followers,
        });
        Ok((data, request))
    }

    async fn list_repositories(&self, tool_use: &ToolUse, token: &AccessToken) -> Outcome {
        let input = serde_json::from_value::<ListInput>(tool_use.input.clone());
        let input = input.map_err(|error| Refusal {
            text: format!("The input is wrong: {error}"),
            outcome: "wrong_input",
            request: None,
        })?;
        let visibility = match input.visibility {
            None | Some(Visibility::All) => "all",
            Some(Visibility::Public) => "public",
            Some(Visibility::Private) => "private",
        };
        let route = format!("/user/repos?per_page=100&sort=updated&visibility={visibility}");
        let (repositories, request) = self.get::<Vec<Repository>>(&route, token).await?;
        let data = repositories.into_iter().map(|repository| {
            json!({
                "fullName": repository.full_name, "private": repository.private,
                "description": repository.description, "updatedAt": repository.updated_at,
            })
        });
        Ok((json!({ "repositories": data.collect::<Vec<_>>() }), request))
    }

    /// One GET; nothing is repeated, because the model can decide better than a loop.
    async fn get<T: for<'de> Deserialize<'de>>(
        &self,
        route: &str,
        token: &AccessToken,
    ) -> Result<(T, Option<String>), Refusal> {
        let client = self.client(token).map_err(|error| unreachable(&error))?;
        let answer = client._get(route).await.map_err(|error| unreachable(&error))?;
        let request = header(&answer, REQUEST_ID);
        if !answer.status().is_success() {
            return Err(refusal(&answer, request));
        }
        let text = client.body_to_string(answer).await.map_err(|error| unreachable(&error))?;
        match serde_json::from_str(&text) {
            Ok(data) => Ok((data, request)),
            Err(error) => {
                tracing::error!(%error, "GitHub's answer has another shape");
                let text = "GitHub answered something unexpected.".to_owned();
                Err(Refusal { text, outcome: "unexpected_answer", request })
            }
        }
    }

    /// The user's client, sharing connections with everyone's.
    fn client(&self, token: &AccessToken) -> octocrab::Result<Octocrab> {
        let shared = match self.shared.get() {
            Some(shared) => shared,
            None => {
                let built = self.build()?;
                self.shared.get_or_init(|| built)
            }
        };
        shared.user_access_token(token.expose().to_owned())
    }

    fn build(&self) -> octocrab::Result<Octocrab> {
        let version = HeaderName::from_static("x-github-api-version");
        Octocrab::builder()
            .base_uri(self.api.as_str().trim_end_matches('/'))?
            .add_header(version, "2022-11-28".to_owned())
            // octocrab would repeat any method up to three times, a POST included.
            .add_retry_config(RetryConfig::None)
            .set_connect_timeout(Some(CONNECT_TIMEOUT))
            .set_read_timeout(Some(READ_TIMEOUT))
            .build()
    }
}

fn header<B>(answer: &Response<B>, name: &str) -> Option<String> {
    answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn refusal<B>(answer: &Response<B>, request: Option<String>) -> Refusal {
    let remaining = header(answer, "x-ratelimit-remaining");
    let retry_after = header(answer, "retry-after");
    let is_limited = retry_after.is_some() || remaining.as_deref() == Some("0");
    let (text, outcome) = match answer.status() {
        StatusCode::UNAUTHORIZED => (
            "GitHub no longer accepts the user's authorization: it has been revoked.".to_owned(),
            "unauthorized",
        ),
        StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS if is_limited => {
            let wait =
                retry_after.map(|s| format!(" Try again in {s} seconds.")).unwrap_or_default();
            (format!("GitHub's rate limit is reached.{wait}"), "rate_limited")
        }
        StatusCode::FORBIDDEN => ("GitHub does not allow this.".to_owned(), "forbidden"),
        StatusCode::NOT_FOUND => ("GitHub has no such thing.".to_owned(), "not_found"),
        status if status.is_server_error() => {
            ("GitHub is not working at the moment.".to_owned(), "server_error")
        }
        status => (format!("GitHub refused with status {}.", status.as_u16()), "refused"),
    };
    Refusal { text, outcome, request }
}

fn unreachable(error: &octocrab::Error) -> Refusal {
    tracing::warn!(%error, "GitHub can't be reached");
    let text = "GitHub can't be reached at the moment.".to_owned();
    Refusal { text, outcome: "unreachable", request: None }
}
